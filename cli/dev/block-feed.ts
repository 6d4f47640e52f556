/** Tells of new blocks as a node announces them, moving on to the next node when one is lost. */
import { createClient } from '../../rpc/client.ts';

export type BlockSummary = {
  readonly number: number;
  readonly hash: string;
  readonly transactions: number;
  readonly gasUsed: bigint;
  /** Unix seconds. */
  readonly timestamp: number;
};

const RECONNECT_MS = 500;

/** Calls `onBlock` for each block with transactions until `signal` aborts. */
export async function followBlocks(
  urls: readonly string[],
  signal: AbortSignal,
  onBlock: (block: BlockSummary) => void,
): Promise<void> {
  let last = -1;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const url = urls[attempt % urls.length];
    if (url === undefined) return;
    await followNode(url, signal, (block) => {
      if (block.number <= last) return;
      last = block.number;
      onBlock(block);
    });
    await pause(RECONNECT_MS, signal);
  }
}

/** Resolves when the connection is lost. */
function followNode(
  url: string,
  signal: AbortSignal,
  onBlock: (block: BlockSummary) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const client = createClient({ url });
    const socket = new WebSocket(url.replace(/^http/, 'ws'));
    const close = (): void => socket.close();
    signal.addEventListener('abort', close, { once: true });
    socket.addEventListener('open', () => {
      const subscribe = { jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] };
      socket.send(JSON.stringify(subscribe));
    });
    // One after the other, so that the lines come in order.
    let turn: Promise<void> = Promise.resolve();
    socket.addEventListener('message', ({ data }) => {
      const head = readHead(data);
      // A block that used no gas has no transactions: nothing to say.
      if (head === undefined || head.gasUsed === 0n) return;
      turn = turn.then(async () => {
        try {
          const number = `0x${head.number.toString(16)}`;
          const method = 'eth_getBlockTransactionCountByNumber';
          onBlock({ ...head, transactions: Number(await client.request(method, [number])) });
        } catch {
          // The node went away in between; the next one tells of later blocks.
        }
      });
    });
    socket.addEventListener('error', close);
    socket.addEventListener('close', () => {
      signal.removeEventListener('abort', close);
      resolve(turn);
    });
  });
}

/** The header in a subscription's notification; undefined for any other message. */
export function readHead(data: unknown): Omit<BlockSummary, 'transactions'> | undefined {
  if (typeof data !== 'string') return undefined;
  const message: unknown = JSON.parse(data);
  const head = field(field(message, 'params'), 'result');
  const [number, hash, gasUsed, timestamp] = ['number', 'hash', 'gasUsed', 'timestamp'].map(
    (name) => field(head, name),
  );
  if (typeof hash !== 'string' || typeof gasUsed !== 'string') return undefined;
  return { number: Number(number), hash, gasUsed: BigInt(gasUsed), timestamp: Number(timestamp) };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
