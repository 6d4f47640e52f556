/** Entering and leaving rounds, and being woken. QBFT section 5 of the specification. */
import { type Address, keyOf } from '../ledger/model/index.ts';
import { withSignOfLife } from './absence.ts';
import type { SignedRoundChange } from './messages.ts';
import { askToSign, maySign } from './own-messages.ts';
import { type ConsensusState, faults, isSelf, quorum, type Transition } from './state.ts';

/** A round starts open; of the blocks only the prepared one is still of use. */
export function enterRound(state: ConsensusState, round: number): ConsensusState {
  const { prepared } = state;
  const key = prepared === undefined ? undefined : keyOf(prepared.digest);
  const kept = [...state.blocks].filter(([digest]) => digest === key);
  return {
    ...state,
    round,
    phase: { kind: 'open' },
    awake: true,
    roundTimerSet: false,
    inCompany: false,
    blocks: new Map(kept),
  };
}

/** Enters a higher round and says so, with the highest certificate. QBFT */
export function changeRound(state: ConsensusState, round: number): Transition {
  return sayRound(enterRound(state, round));
}

/** The RoundChange for the current round, unless it may not be signed. QBFT */
export function sayRound(state: ConsensusState): Transition {
  const { height, round, prepared } = state;
  const isBelow = prepared === undefined || prepared.round < round;
  if (!isBelow || !maySign(state, 'round-change')) return { state, effects: [] };
  return askToSign(
    state,
    {
      kind: 'round-change',
      height,
      round,
      prepared: prepared && { round: prepared.round, digest: prepared.digest },
      prepares: prepared?.prepares ?? [],
    },
    [],
  );
}

/**
 * Whether the round may be left by timeout: freely from round 0 without a Prepare; else only in the
 * company of a quorum, so that a lone validator never runs ahead of the others. QBFT
 */
export function mayLeaveRound(state: ConsensusState): boolean {
  if (state.round === 0 && state.lastSigned.prepare < 0) return true;
  return isInCompany(state);
}

/** Messages of this round or later ones are here from a quorum, itself included. QBFT */
export function isInCompany(state: ConsensusState): boolean {
  const others = [...otherRounds(state)].filter((round) => round >= state.round);
  return others.length + 1 >= quorum(state);
}

/**
 * The lowest of the higher rounds in which more than f others are: at least one correct validator is
 * there. Undefined if there are not so many. QBFT
 */
export function roundToCatchUp(state: ConsensusState): number | undefined {
  const higher = [...otherRounds(state)].filter((round) => round > state.round);
  return higher.length > faults(state) ? Math.min(...higher) : undefined;
}

/**
 * Notes that `author` is at least in that round and, on an idle height, counts the message as work,
 * once per author and timeout of round 0. QBFT
 */
export function noteMessage(
  state: ConsensusState,
  author: Address,
  round: number,
  nowMs: number,
): ConsensusState {
  const key = keyOf(author);
  const noted = withRound(withSignOfLife(state, author), author, round);
  if (state.awake) return noted;
  const last = state.wakes.get(key);
  if (last !== undefined && nowMs < last + state.context.baseTimeoutMs) return noted;
  return { ...noted, awake: true, wakes: new Map(state.wakes).set(key, nowMs) };
}

/** `author` is at least in that round. */
function withRound(state: ConsensusState, author: Address, round: number): ConsensusState {
  const key = keyOf(author);
  const newest = Math.max(state.rounds.get(key) ?? 0, round);
  return { ...state, rounds: new Map(state.rounds).set(key, newest) };
}

/** The RoundChanges that justify a Proposal are as good as received: company to leave in. QBFT */
export function noteRoundChanges(
  state: ConsensusState,
  roundChanges: readonly SignedRoundChange[],
): ConsensusState {
  return roundChanges.reduce((noted, { author, round }) => withRound(noted, author, round), state);
}

function* otherRounds(state: ConsensusState): Iterable<number> {
  for (const validator of state.context.validators) {
    const round = state.rounds.get(keyOf(validator));
    if (round !== undefined && !isSelf(state, validator)) yield round;
  }
}
