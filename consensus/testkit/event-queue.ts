/** Virtual time: events in the order of their time, then of their making. */
export type EventQueue = {
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
  /** Runs the next event, if one is due by `untilMs`; else it is that late, and false comes back. */
  step(untilMs: number): boolean;
  /** Runs events until none is due by `untilMs` or `done` says so; then it is that late. */
  run(untilMs: number, done?: () => boolean): void;
};

type Event = { readonly atMs: number; readonly action: () => void };

export function createEventQueue(startMs: number): EventQueue {
  /** The next one last. */
  const events: Event[] = [];
  let now = startMs;

  /** Behind what is due later, in front of what is due at the same time or before. */
  const placeOf = (atMs: number): number => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle] as Event).atMs > atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const step = (untilMs: number): boolean => {
    const next = events.at(-1);
    if (next === undefined || next.atMs > untilMs) {
      now = Math.max(now, untilMs);
      return false;
    }
    events.pop();
    now = next.atMs;
    next.action();
    return true;
  };

  return {
    nowMs: () => now,
    step,
    after: (delayMs, action) => {
      const atMs = now + Math.max(0, delayMs);
      events.splice(placeOf(atMs), 0, { atMs, action });
    },
    run: (untilMs, done = () => false) => {
      while (!done() && step(untilMs)) {
        // The next one is due as well.
      }
    },
  };
}
