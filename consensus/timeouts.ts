/** How long a round lasts, and how long a body may take before everyone is asked for it. */
import type { HeightContext } from './input.ts';

type Timeouts = Pick<HeightContext, 'baseTimeoutMs' | 'maxTimeoutMs'>;

/** Doubles with each round, up to the cap: a chain that stood still for hours wakes within one cap. QBFT */
export function roundTimeoutMs(timeouts: Timeouts, round: number): number {
  return Math.min(timeouts.baseTimeoutMs * 2 ** round, timeouts.maxTimeoutMs);
}

/** What an absent proposer gets: an eighth of the base timeout, in any round. QBFT */
export function graceMs({ baseTimeoutMs }: Timeouts): number {
  return Math.ceil(baseTimeoutMs / 8);
}

/** A quarter of the round's timeout. QBFT */
export function fetchTimeoutMs(timeouts: Timeouts, round: number): number {
  return Math.ceil(roundTimeoutMs(timeouts, round) / 4);
}
