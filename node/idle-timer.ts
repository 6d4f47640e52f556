import type { Clock, TimerHandle } from './clock.ts';

/** Calls `wake` when the head has not moved for `periodMs`; never if that is 0. */
export function createIdleTimer(
  periodMs: number,
  clock: Clock,
  wake: () => void,
): { restart(): void; close(): void } {
  let handle: TimerHandle | undefined;
  const close = (): void => {
    if (handle !== undefined) clock.clearTimeout(handle);
  };
  return {
    restart: () => {
      close();
      if (periodMs > 0) handle = clock.setTimeout(wake, periodMs);
    },
    close,
  };
}
