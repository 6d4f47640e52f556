/** Time as a module that is handed in: real in `start-node.ts`, manual in tests. */

export type TimerHandle = { readonly [timer]?: never };
declare const timer: unique symbol;

export type Clock = {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Calls `callback` once, `afterMs` from now. */
  setTimeout(callback: () => void, afterMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  /** Resolves after pending input and output of the process had its turn. */
  breathe(): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, afterMs) => setTimeout(callback, afterMs) as unknown as TimerHandle,
  clearTimeout: (handle) => clearTimeout(handle as unknown as NodeJS.Timeout),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
};
