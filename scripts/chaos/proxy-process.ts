/** A process that holds proxies, on a host of its own if need be; it ends with whoever started it. */
import { createLinkProxy, type LinkProxy } from './link-proxy.ts';
import type { ProxyAnswer, ProxyRequest } from './proxy-messages.ts';
import { createRandom } from './random.ts';

const clock = {
  now: () => performance.now(),
  setTimeout: (callback: () => void, afterMs: number) => setTimeout(callback, afterMs),
  clearTimeout: (handle: object) => clearTimeout(handle as NodeJS.Timeout),
};

const links = new Map<string, LinkProxy>();
let turn: Promise<unknown> = Promise.resolve();

async function serve(request: ProxyRequest): Promise<ProxyAnswer> {
  if (request.kind === 'open') {
    const { link, listen, target, seed } = request;
    const random = createRandom(seed);
    links.set(link, await createLinkProxy(listen, target, { clock, random }));
  }
  const proxy = links.get(request.link);
  if (proxy === undefined) return { kind: 'failed', message: `there is no link ${request.link}` };
  if (request.kind === 'fault') proxy.setFault(request.fault);
  return { kind: 'done', port: proxy.port };
}

// Ctrl-C reaches the whole group; whoever started this process ends it when all is done.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit(0));
process.on('message', (request: ProxyRequest) => {
  turn = turn
    .then(() => serve(request))
    .catch((error: unknown): ProxyAnswer => ({ kind: 'failed', message: String(error) }))
    .then((answer) => process.send?.(answer));
});
