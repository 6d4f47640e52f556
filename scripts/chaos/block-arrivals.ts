/** When blocks reach a subscriber of one validator, woken by its `newHeads` and never polling. */

export type BlockArrivals = {
  /** `performance.now()` of each block since the last call. */
  take(): readonly number[];
  close(): void;
};

/** Subscribes at `http://...`; resolves when the subscription stands. */
export async function watchBlocks(url: string): Promise<BlockArrivals> {
  let arrivals: number[] = [];
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  await new Promise<void>((ready, fail) => {
    socket.onerror = () => fail(new TypeError(`no WebSocket at ${url}`));
    socket.onopen = () => {
      const subscribe = { jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] };
      socket.send(JSON.stringify(subscribe));
    };
    socket.onmessage = ({ data }) => {
      const nowMs = performance.now();
      const message = JSON.parse(String(data)) as { readonly method?: string };
      if (message.method === 'eth_subscription') arrivals.push(nowMs);
      else ready();
    };
  });
  return {
    take: () => {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
    close: () => socket.close(),
  };
}
