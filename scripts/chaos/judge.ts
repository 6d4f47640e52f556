/** What a scenario's outcome means: figures against bounds, faults against nothing at all. */
import type { Recovery } from './recovery.ts';

export type Bounds = {
  /** Until a quorum makes blocks again after a fault that more than f validators had. */
  readonly recoveryMs: number;
  /** Beyond this a network counts as one that does not come back. */
  readonly limitMs: number;
};

export type Outcome = {
  readonly recovery: Recovery;
  /** Lost transactions and differing blocks, one sentence each. */
  readonly faults: readonly string[];
  /** Validators that ended by themselves. */
  readonly crashes: readonly string[];
  /** Expectations of the scenario itself that did not come true. */
  readonly misses: readonly string[];
};

/** `late`: all is well, but not as soon as it should be. */
export type Verdict = {
  readonly kind: 'passed' | 'late' | 'failed';
  readonly reasons: readonly string[];
};

/** Finding out that a connection is dead, and a dial that hangs in a partition until it is given up. */
const RECONNECT_MS = 15_000;
/** A process that is started reads its chain and opens its ports. */
const START_MS = 10_000;
const LIMIT_FACTOR = 2;

/**
 * f + 2 capped timeouts (docs/spec/consensus.md), and the time to be connected again.
 * @param restarts whether the scenario ends with the start of a process
 */
export function boundsOf(
  timing: { readonly maxRequestTimeoutMs: number },
  faulty: number,
  restarts: boolean,
): Bounds {
  const rounds = (faulty + 2) * timing.maxRequestTimeoutMs;
  const recoveryMs = rounds + RECONNECT_MS + (restarts ? START_MS : 0);
  return { recoveryMs, limitMs: LIMIT_FACTOR * recoveryMs };
}

export function judge({ recovery, faults, crashes, misses }: Outcome, bounds: Bounds): Verdict {
  const failures = [...faults, ...crashes, ...misses];
  const { quorumMs, allMs, backlogMs } = recovery;
  const never = `within ${seconds(bounds.limitMs)}`;
  if (quorumMs === undefined) failures.push(`no quorum made a new block ${never}`);
  else if (allMs === undefined) failures.push(`a new transaction was not final on all ${never}`);
  else if (backlogMs === undefined) {
    failures.push(`waiting transactions did not become final ${never}`, ...recovery.stuck);
  }
  if (failures.length > 0) return { kind: 'failed', reasons: failures };
  const slowest = Math.max(quorumMs ?? 0, allMs ?? 0, backlogMs ?? 0);
  if (slowest <= bounds.recoveryMs) return { kind: 'passed', reasons: [] };
  const reason = `recovered after ${seconds(slowest)}, later than ${seconds(bounds.recoveryMs)}`;
  return { kind: 'late', reasons: [reason] };
}

export function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
