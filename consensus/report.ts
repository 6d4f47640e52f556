/** What validators tell each other when logs are lost, and what follows from it for a height. QBFT section 10 */
import { type Address, type Height, keyOf } from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { isMute } from './lost-logs.ts';
import type { Life, ReportMessage } from './messages.ts';
import {
  accepted,
  type ConsensusState,
  isSelf,
  memberOf,
  type Outcome,
  quorum,
  type Transition,
} from './state.ts';

/** Lost validators whose reports are here, in the lives that sent them. QBFT */
export function heardLives(state: ConsensusState): readonly Life[] {
  return state.context.validators.flatMap((author) => {
    const loss = state.lost.reports.get(keyOf(author))?.signed.loss;
    return loss === undefined ? [] : [{ author, life: loss.life }];
  });
}

export function nameOf({ author, life }: Life): string {
  return `${keyOf(author)}:${life}`;
}

/** Reports of all members beside this one. */
export function otherReports(state: ConsensusState): readonly (ReportMessage | undefined)[] {
  return state.context.validators
    .filter((validator) => !isSelf(state, validator))
    .map((validator) => state.lost.reports.get(keyOf(validator)));
}

/**
 * Whether fewer than a quorum may sign at this height, so that it can end only by a release. A report
 * from above says that it has ended already. QBFT
 */
export function isStuck(state: ConsensusState): boolean {
  const { height, lost, context } = state;
  if (memberOf(state) === undefined) return false;
  if (lost.reports.size === 0 && !isMute(state)) return false;
  const reports = otherReports(state).filter((each) => each !== undefined);
  if (reports.some(({ signed }) => signed.height > height)) return false;
  const mute = reports.filter((each) => isMuteAt(each, height)).length + Number(isMute(state));
  return context.validators.length - mute < quorum(state);
}

/** Whether its author signs nothing at that height. */
export function isMuteAt({ signed }: ReportMessage, height: Height): boolean {
  const { loss } = signed;
  return loss !== undefined && (signed.height === height || (loss.bound ?? 0n) >= height);
}

/** A report that names a certificate and came without it says too little for a release. */
export function isComplete({ signed, prepares }: ReportMessage): boolean {
  return signed.prepared === undefined || prepares.length > 0;
}

/** Whether reports of others are waited for. */
export function needsReports(state: ConsensusState): boolean {
  if (state.config.self === undefined) return false;
  const { own } = state.lost;
  return (own !== undefined && own.bound === undefined) || isStuck(state);
}

/** This validator's own report. QBFT */
export function report(state: ConsensusState, to: Reported['to'], asks: boolean): Reported {
  const { height, lost, prepared, config } = state;
  return {
    kind: 'report',
    to,
    report: {
      height,
      closed: lost.closed < 0 ? undefined : lost.closed,
      loss: isMute(state) ? { life: config.life, bound: lost.own?.bound } : undefined,
      heard: heardLives(state),
      prepared: prepared && { round: prepared.round, digest: prepared.digest },
      asks,
      prepares: prepared?.prepares ?? [],
    },
  };
}

type Reported = Extract<Effect, { kind: 'report' }>;

/** To a validator that connects. QBFT */
export function tellLoss(state: ConsensusState, to: Address): readonly Effect[] {
  const isNews = isMute(state) || isStuck(state);
  return isNews ? [report(state, to, needsReports(state))] : [];
}

/** Upon the end of a wait for reports. */
export function askAgain(state: ConsensusState): Outcome {
  const next = { ...state, lost: { ...state.lost, askTimerSet: false } };
  return accepted(next, needsReports(next) ? [report(next, 'all', true)] : []);
}

/** From now on nothing is signed here, not even what is being built. QBFT */
export function loseLog(state: ConsensusState, least: Height): Transition {
  const { kind } = state.phase;
  const isOwnTurn = kind === 'building' || kind === 're-proposing' || kind === 'signing';
  const own = { least, bound: undefined };
  const lost = { ...state.lost, own, released: false, closedSinceLoss: false };
  return {
    state: { ...state, lost, phase: isOwnTurn ? { kind: 'open' } : state.phase },
    effects: [{ kind: 'log', entries: [{ kind: 'lost', least, bound: undefined }] }],
  };
}
