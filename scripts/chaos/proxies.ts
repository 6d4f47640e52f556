/** Starts a process of proxies and speaks with it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chaosError } from './chaos-error.ts';
import type { Command } from './fabric.ts';
import type { LinkFault } from './fault.ts';
import type { Endpoint } from './link-proxy.ts';
import type { ProxyAnswer, ProxyRequest } from './proxy-messages.ts';

export type Proxies = {
  /** Opens a proxy to `target`; resolves with the port that it listens on. */
  open(link: string, target: Endpoint, seed: number): Promise<number>;
  /** Resolves when the fault is in place. */
  setFault(link: string, fault: LinkFault): Promise<void>;
  close(): Promise<void>;
};

const PROGRAM: string = fileURLToPath(new URL('proxy-process.ts', import.meta.url));
const ENDED: ProxyAnswer = { kind: 'failed', message: 'the proxy process has ended' };

/** @param command how to run a program on the host where the proxies are to be */
export function startProxies(
  host: string,
  command: (program: readonly string[]) => Command,
): Proxies {
  const [file, ...args] = command([process.execPath, PROGRAM]);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting: ((answer: ProxyAnswer) => void)[] = [];
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      for (const answer of waiting.splice(0)) answer(ENDED);
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  child.on('message', (answer: ProxyAnswer) => waiting.shift()?.(answer));
  const ask = async (request: ProxyRequest): Promise<number> => {
    const answer = await new Promise<ProxyAnswer>((resolve) => {
      if (!child.connected) return resolve(ENDED);
      waiting.push(resolve);
      child.send(request);
    });
    if (answer.kind === 'done') return answer.port;
    throw chaosError('CHAOS_PROXY', `link ${request.link}: ${answer.message}`);
  };
  return {
    open: (link, target, seed) =>
      ask({ kind: 'open', link, listen: { host, port: 0 }, target, seed }),
    setFault: async (link, fault) => {
      await ask({ kind: 'fault', link, fault });
    },
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
