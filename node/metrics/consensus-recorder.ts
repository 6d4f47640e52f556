/**
 * Turns the transitions of the consensus core into metrics. It reads the states before and after a step
 * and keeps nothing but the moments at which the current round's phases began.
 */
import type { ConsensusState, Input } from '../../consensus/index.ts';
import { equalBytes, keyOf } from '../../ledger/model/index.ts';
import type { ConsensusObserver } from '../consensus-observer.ts';
import type { CONSENSUS_METRICS } from './consensus-metrics.ts';
import type { Instruments } from './registry.ts';

type Metrics = Instruments<typeof CONSENSUS_METRICS>;
type Outcome = Parameters<ConsensusObserver['stepped']>[2];
type RoundChangeReason = Parameters<Metrics['roundChanges']['add']>[1]['reason'];

/** Milliseconds, by the clock that `now` is of; undefined: not reached in this round. */
type Marks = {
  round: number;
  /** When the round's timer began to run: before that nobody is late. */
  armed: number | undefined;
  validating: number | undefined;
  accepted: number | undefined;
  prepared: number | undefined;
};

/** @param now monotonic, in milliseconds */
export function createConsensusRecorder(metrics: Metrics, now: () => number): ConsensusObserver {
  let marks = marksAt(now());
  let decidedAt: number | undefined;

  const enterRound = (at: number): void => {
    metrics.roundDuration.observe(seconds(marks.round, at));
    marks = marksAt(at);
  };

  const stepped = (before: ConsensusState, input: Input, outcome: Outcome): void => {
    const at = now();
    const { state: after } = outcome;
    countInput(metrics, before, input, outcome);
    countEffects(metrics, outcome);
    if (after.height !== before.height) {
      if (before.phase.kind === 'final') {
        if (decidedAt !== undefined) metrics.blockInterval.observe(seconds(decidedAt, at));
        decidedAt = at;
      } else {
        // Fetched from peers: no interval of ours ends or begins here.
        decidedAt = undefined;
      }
      enterRound(at);
      metrics.missingValidators.set(missingIn(before));
    } else if (after.round > before.round) {
      enterRound(at);
      const reason = reasonOf(before, input, after);
      metrics.roundChanges.add(1, { reason });
      if (reason === 'refused') metrics.proposalsReceived.add(1, { result: 'refused' });
    }
    notePhases(metrics, marks, before, after, at);
    showState(metrics, after);
  };

  return {
    stepped,
    timed: async (work, run) => {
      const since = now();
      try {
        return await run();
      } finally {
        metrics.workDuration.observe(seconds(since, now()), { work });
      }
    },
  };
}

function marksAt(at: number): Marks {
  const nothing = { armed: undefined, validating: undefined, accepted: undefined };
  return { round: at, ...nothing, prepared: undefined };
}

function seconds(since: number, until: number): number {
  return Math.max(0, until - since) / 1000;
}

function countInput(
  metrics: Metrics,
  { config, height, round }: ConsensusState,
  input: Input,
  { verdict }: Outcome,
): void {
  if (!verdict.ok) metrics.refused.add(1, { code: verdict.code });
  if (input.kind === 'timer') {
    const { timer } = input;
    const isRunning = timer.name === 'round' && timer.height === height && timer.round === round;
    if (isRunning && verdict.ok) metrics.timeouts.add(1);
  }
  if (input.kind !== 'message') return;
  const { kind, signed } = input.message;
  if (config.self !== undefined && equalBytes(config.self, signed.author)) return;
  metrics.messagesReceived.add(1, { kind });
  const isLate = !verdict.ok && /^CONSENSUS_OLD_(HEIGHT|ROUND)$/.test(verdict.code);
  if (isLate) metrics.messagesLate.add(1, { kind });
}

function countEffects(metrics: Metrics, { effects }: Outcome): void {
  for (const effect of effects) {
    if (effect.kind === 'send') {
      for (const { kind } of effect.messages) metrics.messagesResent.add(1, { kind });
    }
    if (effect.kind !== 'sign') continue;
    const { kind, height } = effect.unsigned;
    metrics.messagesSigned.add(1, { kind });
    metrics.lastSignedHeight.set(Number(height));
    if (kind === 'proposal') metrics.proposalsCreated.add(1);
  }
}

/** Why a round above 0 was entered. */
function reasonOf(before: ConsensusState, input: Input, after: ConsensusState): RoundChangeReason {
  if (input.kind === 'timer') return 'timeout';
  if (input.kind !== 'message') return 'refused';
  const { message } = input;
  if (message.kind !== 'proposal') return 'catch-up';
  // A proposal that is refused on sight ends its own round, another one opens it.
  return message.signed.round === after.round && before.round < after.round
    ? 'proposal'
    : 'refused';
}

/** One step may pass several phases: each takes its time from the mark before. */
function notePhases(
  metrics: Metrics,
  marks: Marks,
  before: ConsensusState,
  after: ConsensusState,
  at: number,
): void {
  const { kind } = after.phase;
  const wasRefused = before.phase.kind === 'refused' && before.round === after.round;
  if (after.roundTimerSet) marks.armed ??= at;
  const isSeen = 'proposal' in after.phase;
  if (isSeen && marks.validating === undefined) {
    const phase = 'proposal';
    metrics.phaseDuration.observe(seconds(marks.armed ?? at, at), { phase });
    marks.validating = at;
  }
  if (kind === 'refused' && !wasRefused) {
    metrics.proposalsReceived.add(1, { result: 'refused' });
  }
  if (kind === 'accepted' && marks.accepted === undefined) {
    metrics.proposalsReceived.add(1, { result: 'accepted' });
    metrics.phaseDuration.observe(seconds(marks.validating ?? at, at), { phase: 'validation' });
    marks.accepted = at;
  }
  if (after.prepared?.round === after.round && marks.prepared === undefined) {
    metrics.phaseDuration.observe(seconds(marks.accepted ?? at, at), { phase: 'prepare' });
    marks.prepared = at;
  }
  if (kind === 'final' && before.phase.kind !== 'final' && marks.prepared !== undefined) {
    metrics.phaseDuration.observe(seconds(marks.prepared, at), { phase: 'commit' });
  }
}

function showState(metrics: Metrics, state: ConsensusState): void {
  const { height, round, context, config, future } = state;
  const { self } = config;
  const votes = self !== undefined && context.validators.some((each) => equalBytes(each, self));
  metrics.height.set(Number(height));
  metrics.round.set(round);
  metrics.validators.set(context.validators.length);
  metrics.isValidator.set(votes ? 1 : 0);
  let held = 0;
  for (const messages of future.values()) held += messages.length;
  metrics.messagesHeld.set(held);
}

/** Other members without any message at a height that is over. */
function missingIn({ context, config, rounds }: ConsensusState): number {
  const { self } = config;
  return context.validators.filter(
    (each) => !rounds.has(keyOf(each)) && !(self !== undefined && equalBytes(each, self)),
  ).length;
}
