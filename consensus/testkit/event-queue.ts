/** Virtual time: events in the order of their time, then of their making. */
export type EventQueue = {
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
  /** Runs events until none is due by `untilMs` or `done` says so; then it is that late. */
  run(untilMs: number, done?: () => boolean): void;
};

type Event = { readonly atMs: number; readonly order: number; readonly action: () => void };

export function createEventQueue(startMs: number): EventQueue {
  /** A binary heap. */
  const heap: Event[] = [];
  let now = startMs;
  let made = 0;

  const isBefore = (a: Event, b: Event): boolean =>
    a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const at = (i: number): Event => heap[i] as Event;

  const push = (event: Event): void => {
    heap.push(event);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(at(i), at(parent))) break;
      [heap[i], heap[parent]] = [at(parent), at(i)];
      i = parent;
    }
  };

  const pop = (): Event => {
    const first = at(0);
    const last = heap.pop() as Event;
    if (heap.length > 0) {
      heap[0] = last;
      for (let i = 0; ; ) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) {
          if (child < heap.length && isBefore(at(child), at(least))) least = child;
        }
        if (least === i) break;
        [heap[i], heap[least]] = [at(least), at(i)];
        i = least;
      }
    }
    return first;
  };

  return {
    nowMs: () => now,
    after: (delayMs, action) => push({ atMs: now + Math.max(0, delayMs), order: made++, action }),
    run: (untilMs, done = () => false) => {
      while (!done()) {
        if (heap.length === 0 || at(0).atMs > untilMs) {
          now = Math.max(now, untilMs);
          return;
        }
        const event = pop();
        now = event.atMs;
        event.action();
      }
    },
  };
}
