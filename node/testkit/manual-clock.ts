/** A clock that stands still until a test moves it. */
import type { Clock, TimerHandle } from '../clock.ts';

export type ManualClock = Clock & {
  /** Moves time forward, running each timer that falls due at its own moment. */
  advance(byMs: number): Promise<void>;
};

type Entry = { readonly atMs: number; readonly callback: () => void };

export function createManualClock(startMs = 1_800_000_000_000): ManualClock {
  let nowMs = startMs;
  const timers = new Set<Entry>();
  const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => nowMs,
    setTimeout: (callback, afterMs) => {
      const entry: Entry = { atMs: nowMs + Math.max(0, afterMs), callback };
      timers.add(entry);
      return entry as unknown as TimerHandle;
    },
    clearTimeout: (handle) => {
      timers.delete(handle as unknown as Entry);
    },
    breathe,
    advance: async (byMs) => {
      const untilMs = nowMs + byMs;
      for (;;) {
        await breathe();
        const due = [...timers].filter((entry) => entry.atMs <= untilMs);
        const next = due.sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
      }
      nowMs = untilMs;
      await breathe();
    },
  };
}
