/**
 * Validators of whom nothing is heard. Their turns to propose are not waited for; a wrong suspicion costs
 * a round change and nothing else, since a round is left by the same rules as ever. QBFT
 */
import { type Address, keyOf } from '../ledger/model/index.ts';
import { isMuteAt } from './report.ts';
import { type ConsensusState, isSelf, proposerAt } from './state.ts';

/** Whether no proposal is to be expected: silent, or known to be mute at this height. QBFT */
export function isAbsent(state: ConsensusState, author: Address): boolean {
  if (isSelf(state, author)) return false;
  const key = keyOf(author);
  const report = state.lost.reports.get(key);
  return state.absent.has(key) || (report !== undefined && isMuteAt(report, state.height));
}

export function withAbsent(state: ConsensusState, author: Address): ConsensusState {
  const key = keyOf(author);
  if (isSelf(state, author) || state.absent.has(key)) return state;
  return { ...state, absent: new Set(state.absent).add(key) };
}

/** Upon anything signed by it, or its connection. QBFT */
export function withSignOfLife(state: ConsensusState, author: Address): ConsensusState {
  const key = keyOf(author);
  if (!state.absent.has(key)) return state;
  const absent = new Set(state.absent);
  absent.delete(key);
  return { ...state, absent };
}

/** Upon leaving the round: its proposer let it pass and has said nothing in it either. QBFT */
export function withMissedTurn(state: ConsensusState): ConsensusState {
  const proposer = proposerAt(state, state.round);
  const heardIn = state.rounds.get(keyOf(proposer)) ?? -1;
  const isMissed = state.phase.kind === 'open' && heardIn < state.round;
  return isMissed ? withAbsent(state, proposer) : state;
}
