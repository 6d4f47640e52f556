import type { Clock, TimerHandle } from './clock.ts';

/** Calls `wake` when the head has not moved for the given time; never if that is 0. */
export function createIdleTimer(
  clock: Clock,
  wake: () => void,
): { restart(periodMs: number): void; close(): void } {
  let handle: TimerHandle | undefined;
  const close = (): void => {
    if (handle !== undefined) clock.clearTimeout(handle);
  };
  return {
    restart: (periodMs) => {
      close();
      if (periodMs > 0) handle = clock.setTimeout(wake, periodMs);
    },
    close,
  };
}
