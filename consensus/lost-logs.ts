/**
 * What is known of lost logs, the own one and those of others. A validator that does not know what it
 * has signed is mute through a height h*, after which its log says everything again. QBFT section 10
 */
import type { Height } from '../ledger/model/index.ts';
import type { ReportMessage } from './messages.ts';

export type LostLogs = {
  /** Undefined: the own log is whole. `bound` is h*, at least `least`; undefined while unknown. */
  readonly own: { readonly least: Height; readonly bound: Height | undefined } | undefined;
  /** The newest report of each member, by `keyOf(author)`. */
  readonly reports: ReadonlyMap<string, ReportMessage>;
  /** When each author was answered last. */
  readonly answeredAtMs: ReadonlyMap<string, number>;
  /** The highest closed round of the height; -1 for none. QBFT */
  readonly closed: number;
  /** Rounds were closed since the own log was lost. */
  readonly closedSinceLoss: boolean;
  /** The lives, as `nameOf`, for which rounds were closed at this height. */
  readonly closedFor: ReadonlySet<string>;
  /** Votes at this height although the loss covers it. QBFT */
  readonly released: boolean;
  /** What was announced last. */
  readonly announced: string | undefined;
  /** The timer to ask again is running. */
  readonly askTimerSet: boolean;
};

export const NO_LOST_LOGS: LostLogs = {
  own: undefined,
  reports: new Map(),
  answeredAtMs: new Map(),
  closed: -1,
  closedSinceLoss: false,
  closedFor: new Set(),
  released: false,
  announced: undefined,
  askTimerSet: false,
};

/** What outlives a height; a loss that is over does not. QBFT */
export function lostLogsAt(
  before: LostLogs,
  height: Height,
  members: ReadonlySet<string>,
): LostLogs {
  const { own, announced, askTimerSet } = before;
  const isOver = own?.bound !== undefined && own.bound < height;
  const ofMembers = <Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
    new Map([...map].filter(([author]) => members.has(author)));
  return {
    ...NO_LOST_LOGS,
    own: isOver ? undefined : own,
    reports: ofMembers(before.reports),
    answeredAtMs: ofMembers(before.answeredAtMs),
    announced,
    askTimerSet,
  };
}

/** Whether nothing may be signed at this height because the log is lost. QBFT */
export function isMute({
  lost,
  height,
}: {
  readonly lost: LostLogs;
  readonly height: Height;
}): boolean {
  const { own, released } = lost;
  return own !== undefined && !released && (own.bound === undefined || height <= own.bound);
}

/** Whether a loss is known that keeps this validator mute at `height`. */
export function isCovered(
  state: { readonly lost: LostLogs; readonly height: Height },
  height: Height,
): boolean {
  const { own } = state.lost;
  if (own === undefined) return false;
  return own.bound === undefined ? height <= own.least : height <= own.bound && isMute(state);
}
