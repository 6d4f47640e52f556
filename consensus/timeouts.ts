/** How long a round lasts, and how long a body may take before everyone is asked for it. */
import type { ConsensusConfig } from './input.ts';

type Timeouts = Pick<ConsensusConfig, 'baseTimeoutMs' | 'maxTimeoutMs'>;

/** Doubles with each round, up to the cap: a chain that stood still for hours wakes within one cap. QBFT */
export function roundTimeoutMs(config: Timeouts, round: number): number {
  return Math.min(config.baseTimeoutMs * 2 ** round, config.maxTimeoutMs);
}

/** A quarter of the round's timeout. QBFT */
export function fetchTimeoutMs(config: Timeouts, round: number): number {
  return Math.ceil(roundTimeoutMs(config, round) / 4);
}
