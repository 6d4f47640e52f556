/** Learns from one node when transactions become final, woken by its `newHeads` and never polling. */

export type InclusionWatch = {
  /** Resolves with `performance.now()` when a block with that transaction arrived. */
  inclusionOf(hash: string): Promise<number>;
  /** Blocks seen so far. */
  blocks(): number;
  close(): void;
};

type Head = { readonly method?: string; readonly params?: { readonly result: { number: string } } };

/** No block for so long while something waits is a failure, not slowness. */
const STALL_LIMIT_MS = 60_000;

/** Subscribes at `http://...`; resolves when the subscription stands. */
export async function createInclusionWatch(url: string): Promise<InclusionWatch> {
  const waiting = new Map<string, { done(atMs: number): void; fail(error: Error): void }>();
  let blocks = 0;
  let last = Promise.resolve();
  const onBlock = async (number: string): Promise<void> => {
    const atMs = performance.now();
    const block = await fetchBlock(url, number);
    blocks += 1;
    for (const hash of block.transactions) {
      waiting.get(hash)?.done(atMs);
      waiting.delete(hash);
    }
  };
  const failAll = (error: Error): void => {
    for (const { fail } of waiting.values()) fail(error);
    waiting.clear();
  };
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  let stall = setTimeout(() => {}, 0);
  await new Promise<void>((ready, fail) => {
    socket.onerror = () => fail(new TypeError(`no WebSocket at ${url}`));
    socket.onopen = () => {
      const params = ['newHeads'];
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params }));
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as Head;
      const number = message.params?.result.number;
      if (message.method !== 'eth_subscription' || number === undefined) {
        ready();
        return;
      }
      clearTimeout(stall);
      stall = setTimeout(
        () => failAll(new RangeError(`no block for ${STALL_LIMIT_MS} ms`)),
        STALL_LIMIT_MS,
      );
      last = last.then(() => onBlock(number)).catch(failAll);
    };
  });
  return {
    inclusionOf: (hash) =>
      new Promise((done, fail) => {
        waiting.set(hash, { done, fail });
      }),
    blocks: () => blocks,
    close: () => {
      clearTimeout(stall);
      socket.close();
    },
  };
}

async function fetchBlock(url: string, number: string): Promise<{ transactions: string[] }> {
  const body = { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: [number, false] };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { result: { transactions: string[] } }).result;
}
