/** One validator as a process of the real command line, with the signals that a run sends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MAIN } from '../../cli/e2e/ehb-process.ts';
import { createClient, type RpcClient } from '../../rpc/client.ts';
import { chaosError } from './chaos-error.ts';
import type { Command } from './fabric.ts';

export type ValidatorProcess = {
  readonly index: number;
  readonly directory: string;
  readonly url: string;
  readonly client: RpcClient;
  /** Counts starts: what a process held in memory is gone with it. */
  starts(): number;
  /** Neither killed nor stopped. */
  isUp(): boolean;
  /** Resolves when it answers JSON-RPC. @throws CodedError `CHAOS_NODE` */
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Deletes the consensus log of a killed validator, or the chain as well; keys and configuration stay. */
  wipe(what: 'log' | 'log and chain'): Promise<void>;
  /** SIGTERM; resolves with the exit code, or undefined if it had to be killed. */
  stop(): Promise<number | undefined>;
};

export type ValidatorOptions = {
  readonly index: number;
  readonly directory: string;
  readonly url: string;
  readonly command: (program: readonly string[]) => Command;
  /** It ended though nobody asked for it: always a fault. */
  readonly onCrash: (description: string) => void;
};

const LOG_FILE = 'node.log';
const CALL_LIMIT_MS = 4_000;
const START_LIMIT_MS = 240_000;
const STOP_LIMIT_MS = 8_000;
const LAST_LINES = 5;

export function createValidator(options: ValidatorOptions): ValidatorProcess {
  const { index, directory, url } = options;
  const logFile = join(directory, LOG_FILE);
  let child: ChildProcess | undefined;
  let ended: Promise<number | undefined> = Promise.resolve(undefined);
  let expected = false;
  let paused = false;
  let starts = 0;

  const start = async (): Promise<void> => {
    const node = [MAIN, 'node', 'start', '--data-dir', directory, '--log-file', logFile];
    const [file, ...args] = options.command([process.execPath, ...node, '--supervised']);
    const started = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    child = started;
    expected = false;
    paused = false;
    starts += 1;
    let complaints = '';
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-4_000);
    });
    ended = new Promise((resolve) => {
      started.once('error', () => resolve(undefined));
      started.once('exit', (code, signal) => {
        if (child === started) child = undefined;
        if (!expected) {
          const reason = `${signal ?? `exit code ${code}`}\n${complaints}${lastLines(logFile)}`;
          options.onCrash(`validator ${index} ended by itself: ${reason}`);
        }
        resolve(code ?? undefined);
      });
    });
    await isReady(started, index, logFile);
  };

  return {
    index,
    directory,
    url,
    client: createClient({ url, timeoutMs: CALL_LIMIT_MS }),
    starts: () => starts,
    isUp: () => child !== undefined && !expected && !paused,
    start,
    kill: async () => {
      expected = true;
      child?.kill('SIGKILL');
      await ended;
    },
    pause: () => {
      paused = true;
      child?.kill('SIGSTOP');
    },
    resume: () => {
      child?.kill('SIGCONT');
      paused = false;
    },
    wipe: async (what) => {
      await rm(join(directory, 'consensus.log'));
      if (what === 'log and chain') await rm(join(directory, 'chain'), { recursive: true });
    },
    stop: async () => {
      if (child === undefined) return ended;
      expected = true;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const hanging = setTimeout(() => child?.kill('SIGKILL'), STOP_LIMIT_MS);
      const code = await ended;
      clearTimeout(hanging);
      return code;
    },
  };
}

/** Resolves at its word that it is ready. */
function isReady(child: ChildProcess, index: number, logFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(limit);
      const message = `validator ${index} did not start: ${reason}\n${lastLines(logFile)}`;
      reject(chaosError('CHAOS_NODE', message));
    };
    const limit = setTimeout(() => fail(`nothing for ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    child.on('message', (message: { readonly kind?: string }) => {
      if (message.kind === 'failed') fail(JSON.stringify(message));
      if (message.kind !== 'ready') return;
      clearTimeout(limit);
      resolve();
    });
    child.once('exit', (code, signal) => fail(signal ?? `exit code ${code}`));
    child.once('error', (error) => fail(error.message));
  });
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
}
