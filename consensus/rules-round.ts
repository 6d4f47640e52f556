/** Rules of the rounds: when they start, run and are left. */
import { isAbsent, withMissedTurn } from './absence.ts';
import { changeRound, isInCompany, mayLeaveRound, roundToCatchUp } from './rounds.ts';
import { proposerAt, type Rule, voterOf } from './state.ts';
import { graceMs, roundTimeoutMs } from './timeouts.ts';

/** Upon the end of the gap after the parent. QBFT */
export const endGap: Rule = (state, nowMs) => {
  if (state.gapOver || nowMs < state.context.gapEndsAtMs) return undefined;
  return { state: { ...state, gapOver: true }, effects: [] };
};

/** Upon messages of higher rounds from more than f others: the lowest of those. QBFT */
export const catchUp: Rule = (state) => {
  const round = roundToCatchUp(state);
  return round === undefined ? undefined : changeRound(withMissedTurn(state), round);
};

/** Upon a refused proposal: the round is left at once, where it may be left at all. QBFT */
export const leaveRefused: Rule = (state) => {
  if (state.phase.kind !== 'refused' || voterOf(state) === undefined) return undefined;
  return mayLeaveRound(state) ? changeRound(state, state.round + 1) : undefined;
};

/**
 * Upon the company of a quorum above round 0: its time begins anew, for all at about the same moment. Else
 * some would be ahead by less than a capped timeout, in every round. QBFT
 */
export const meetCompany: Rule = (state) => {
  if (state.inCompany || state.round === 0 || !isInCompany(state)) return undefined;
  return { state: { ...state, inCompany: true, roundTimerSet: false }, effects: [] };
};

/** Upon having a reason to wait for this round: its timer runs. QBFT */
export const armRound: Rule = (state) => {
  const { height, round, context } = state;
  if (state.roundTimerSet || voterOf(state) === undefined) return undefined;
  if (round === 0 && !(state.gapOver && state.awake)) return undefined;
  const isGrace = state.phase.kind === 'open' && isAbsent(state, proposerAt(state, round));
  const afterMs = isGrace ? graceMs(context) : roundTimeoutMs(context, round);
  const timer = { name: 'round', height, round } as const;
  return {
    state: { ...state, roundTimerSet: true, isGrace },
    effects: [{ kind: 'set-timer', timer, afterMs }],
  };
};
