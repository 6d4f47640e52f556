/**
 * What follows from the facts: the "upon" clauses of the QBFT paper. Each rule looks at the state and
 * either does not apply (undefined) or makes one step; `settle` lets them fire until none applies.
 */
import { invariant } from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { announce, armReport, closeRounds, fixBound, release } from './rules-lost.ts';
import { propose, rePropose } from './rules-propose.ts';
import { armRound, catchUp, endGap, leaveRefused, meetCompany } from './rules-round.ts';
import { commit, finalise, gatherCertificate, prepare, validate } from './rules-vote.ts';
import type { ConsensusState, Rule, Transition } from './state.ts';

const RULES: readonly Rule[] = [
  finalise,
  endGap,
  fixBound,
  closeRounds,
  release,
  catchUp,
  propose,
  rePropose,
  validate,
  prepare,
  gatherCertificate,
  commit,
  leaveRefused,
  meetCompany,
  armRound,
  announce,
  armReport,
];

/** Far more steps than one input can cause: each validator can lead to one round, each round to a few. */
const MAX_STEPS = 10_000;

/** Lets the rules fire, the first that applies first, until none does. QBFT */
export function settle(start: ConsensusState, nowMs: number): Transition {
  const effects: Effect[] = [];
  let state = start;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    if (state.phase.kind === 'final') return { state, effects };
    const next = firstOf(state, nowMs);
    if (next === undefined) return { state, effects };
    state = next.state;
    effects.push(...next.effects);
  }
  invariant(false, 'the rules of consensus come to rest');
}

function firstOf(state: ConsensusState, nowMs: number): Transition | undefined {
  for (const rule of RULES) {
    const next = rule(state, nowMs);
    if (next !== undefined) return next;
  }
  return undefined;
}
