/** Signals that ask this process to end. */

/** Presses closer together than this are one: npm and launchers pass on what the terminal sent too. */
const ONE_PRESS_MS = 1000;

export type Shutdown = {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
};

/** @param force called at a second SIGINT or SIGTERM, at least a second after the first */
export function onShutdown(force: () => void): Shutdown {
  const stop = new AbortController();
  let firstMs: number | undefined;
  const handle = (): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      stop.abort();
    } else if (nowMs - firstMs >= ONE_PRESS_MS) {
      force();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  return {
    signal: stop.signal,
    release: () => {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}
