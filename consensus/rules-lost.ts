/**
 * Rules of lost logs: how far a loss reaches, and how a height ends that too few may vote at. Why a
 * release cannot fork: decision 0011. QBFT section 10
 */
import { equalBytes, type Height } from '../ledger/model/index.ts';
import { isMute } from './lost-logs.ts';
import type { Life, PreparedCertificate, ReportMessage } from './messages.ts';
import { withFloor } from './own-messages.ts';
import {
  heardLives,
  isComplete,
  isStuck,
  nameOf,
  needsReports,
  otherReports,
  report,
} from './report.ts';
import { changeRound, sayRound } from './rounds.ts';
import { committedByQuorum } from './rules-vote.ts';
import { type ConsensusState, quorum, type Rule } from './state.ts';

/**
 * The lost may have been in more rounds than anybody reports, and again after an earlier release at
 * this height: so many are closed beside. A round number
 * costs nothing, and at a second each they take most of a day. QBFT
 */
const FORGOTTEN_ROUNDS: number = 2 ** 16;

/** Upon heads of a quorum of the others (all, if they are fewer), none above the own: h*. QBFT */
export const fixBound: Rule = (state) => {
  const { own } = state.lost;
  if (own === undefined || own.bound !== undefined) return undefined;
  const others = otherReports(state);
  const heads = others.filter((each) => each !== undefined).filter(isTold(state));
  if (heads.length < Math.min(quorum(state), others.length)) return undefined;
  const reaches = heads.map(({ signed }) => reachOf(signed.height, signed.prepared !== undefined));
  const here = reachOf(state.height, state.prepared !== undefined);
  const bound = [here, ...reaches].reduce(higher, own.least);
  const entry = { kind: 'lost', least: own.least, bound } as const;
  return {
    state: { ...state, lost: { ...state.lost, own: { ...own, bound } } },
    effects: [{ kind: 'log', entries: [entry] }],
  };
};

/**
 * Upon reports of all members at a height with too few voters: the rounds so far are closed, durably,
 * and the next one is entered. Again for each new life, and for a higher closed round. QBFT
 */
export const closeRounds: Rule = (state) => {
  const { height, lost } = state;
  if (!isStuck(state)) return undefined;
  const reports = reportsHere(state);
  // A quorum of Commits is final: this validator only lacks the block.
  if (reports === undefined || committedByQuorum(state) !== undefined) return undefined;
  const lives = heardLives(state).map(nameOf);
  const isNews = lives.some((life) => !lost.closedFor.has(life));
  // Who signs nothing has nothing to close a second time.
  const isToClose = isMute(state) ? !lost.closedSinceLoss : lost.closed < 0 || isNews;
  const known = Math.max(lost.closed, ...reports.map(({ signed }) => signed.closed ?? -1));
  const own = isMute(state) ? Math.max(known, state.round) + forgottenRounds(state) : state.round;
  const closed = isToClose ? Math.max(known, own) : known;
  if (closed <= lost.closed) return undefined;
  const floored: ConsensusState = {
    ...state,
    lost: { ...lost, closed, closedFor: new Set(lives), closedSinceLoss: true },
    lastSigned: withFloor(state.lastSigned, closed),
  };
  const entered =
    state.round > closed ? { state: floored, effects: [] } : changeRound(floored, closed + 1);
  return {
    state: entered.state,
    effects: [
      { kind: 'log', entries: [{ kind: 'closed', height, round: closed }] },
      ...entered.effects,
    ],
  };
};

/**
 * Upon reports of all members that the same rounds are closed, made to this life: from the next round
 * on this validator votes again, with the highest certificate of them all. QBFT
 */
export const release: Rule = (state) => {
  const { height, lost } = state;
  if (!isMute(state) || lost.closed < 0 || !isStuck(state)) return undefined;
  // What it signed above proves that this height is final: it waits for the block.
  if (lost.own !== undefined && lost.own.least > height) return undefined;
  const reports = reportsHere(state);
  if (reports === undefined) return undefined;
  const isClosed = reports.every(({ signed }) => signed.closed === lost.closed);
  if (!isClosed || !reports.every(isTold(state))) return undefined;
  const certificate = highestCertificate(state, reports);
  const entry = {
    kind: 'released',
    height,
    round: lost.closed + 1,
    prepares: certificate?.prepares ?? [],
  } as const;
  const voting = { ...state, prepared: certificate, lost: { ...lost, released: true } };
  const said = sayRound(voting);
  return {
    state: said.state,
    effects: [{ kind: 'log', entries: [entry] }, ...said.effects],
  };
};

/** Upon anything that others must know of to release the lost, or of the own loss. QBFT */
export const announce: Rule = (state) => {
  const { lost, height, config } = state;
  if (config.self === undefined) return undefined;
  const isHeld = isStuck(state);
  if (!isHeld && !isMute(state)) return undefined;
  const own = `${isMute(state)} ${lost.own?.bound}`;
  const here = `${height} ${lost.closed} ${heardLives(state).map(nameOf)}`;
  const announced = isHeld ? `${own} ${here}` : own;
  if (announced === lost.announced) return undefined;
  const next = { ...state, lost: { ...lost, announced } };
  return { state: next, effects: [report(next, 'all', needsReports(next))] };
};

/** While reports are missing, they are asked for again. QBFT */
export const armReport: Rule = (state) => {
  if (state.lost.askTimerSet || !needsReports(state)) return undefined;
  const { height, round, context, lost } = state;
  const timer = { name: 'report', height, round } as const;
  return {
    state: { ...state, lost: { ...lost, askTimerSet: true } },
    effects: [{ kind: 'set-timer', timer, afterMs: context.baseTimeoutMs }],
  };
};

/** Beside the least number one by chance, for those who have lost the memory of an earlier release too. */
function forgottenRounds({ config }: ConsensusState): number {
  return FORGOTTEN_ROUNDS + Number(config.life % BigInt(FORGOTTEN_ROUNDS));
}

function higher(a: Height, b: Height): Height {
  if (a > b) return a;
  return b;
}

/** The highest height at which whoever has that head may have signed. */
function reachOf(height: Height, hasPrepared: boolean): Height {
  // Who prepared a block has committed to it perhaps, and others may have it as their head.
  return hasPrepared ? height + 1n : height;
}

/** Made for this life, and of no height that this node has yet to see for itself. */
function isTold(state: ConsensusState): (report: ReportMessage) => boolean {
  const isOwn = ({ author, life }: Life): boolean =>
    state.config.self !== undefined &&
    equalBytes(author, state.config.self) &&
    life === state.config.life;
  return ({ signed }) => signed.height <= state.height && signed.heard.some(isOwn);
}

/** Reports of all other members, if all have sent a whole one from this height. */
function reportsHere(state: ConsensusState): readonly ReportMessage[] | undefined {
  const reports = otherReports(state);
  const here = reports
    .filter((each) => each !== undefined)
    .filter((each) => each.signed.height === state.height && isComplete(each));
  return here.length === reports.length ? here : undefined;
}

/** Of others in the closed rounds, and what was gathered here. Later ones follow the ordinary rules. */
function highestCertificate(
  state: ConsensusState,
  reports: readonly ReportMessage[],
): PreparedCertificate | undefined {
  const reported = reports.flatMap(({ signed, prepares }) =>
    signed.prepared === undefined ? [] : [{ ...signed.prepared, prepares }],
  );
  const closed = reported.filter(({ round }) => round <= state.lost.closed);
  const own = state.prepared === undefined ? [] : [state.prepared];
  return [...own, ...closed].sort((a, b) => b.round - a.round)[0];
}
