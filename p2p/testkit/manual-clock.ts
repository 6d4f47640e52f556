/** Time that moves when a test says so. */
import type { Clock } from '../network.ts';

export type ManualClock = Clock & { advance(byMs: number): void };

export function createManualClock(): ManualClock {
  let nowMs = 1_800_000_000_000;
  const timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>();
  const next = (untilMs: number): object | undefined => {
    let first: object | undefined;
    let firstAtMs = untilMs;
    for (const [handle, { atMs }] of timers) {
      if (atMs > firstAtMs || (first !== undefined && atMs === firstAtMs)) continue;
      first = handle;
      firstAtMs = atMs;
    }
    return first;
  };
  return {
    now: () => nowMs,
    setTimeout(callback, afterMs) {
      const handle = {};
      timers.set(handle, { atMs: nowMs + Math.max(0, afterMs), callback });
      return handle;
    },
    clearTimeout(handle) {
      timers.delete(handle);
    },
    advance(byMs) {
      const untilMs = nowMs + byMs;
      for (let handle = next(untilMs); handle !== undefined; handle = next(untilMs)) {
        const timer = timers.get(handle);
        timers.delete(handle);
        nowMs = timer?.atMs ?? nowMs;
        timer?.callback();
      }
      nowMs = untilMs;
    },
  };
}
