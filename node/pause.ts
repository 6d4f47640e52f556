/** Pauses for whoever executes transactions on the thread that also votes. */
import type { Clock } from './clock.ts';

/** A message that arrives waits about so long, unless one transaction alone takes longer. */
const SLICE_MS = 2;
/** And no longer than so many transactions, however coarse the clock. */
const SLICE_COUNT = 64;

/**
 * To be awaited after each transaction: most of the calls cost nothing. A turn of the event loop after each
 * would cost more than many a transaction.
 */
export function createPause(clock: Pick<Clock, 'now' | 'breathe'>): () => Promise<void> {
  let since = clock.now();
  let count = 0;
  return async () => {
    count += 1;
    if (count < SLICE_COUNT && clock.now() - since < SLICE_MS) return;
    await clock.breathe();
    since = clock.now();
    count = 0;
  };
}
