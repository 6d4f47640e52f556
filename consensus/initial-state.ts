/**
 * The state after a start: a fold over the log. Nothing that was signed before is contradicted, the
 * newest own messages are sent again, and the round goes on. QBFT
 */
import { keyOf } from '../ledger/model/index.ts';
import { heard } from './evidence.ts';
import type { ConsensusConfig, HeightContext } from './input.ts';
import { heightOf, type LogRecord, type LossRecord } from './log-record.ts';
import type { PreparedCertificate, QbftMessage, SignedPrepare } from './messages.ts';
import { sendAgain, withFloor, withOwnMessage } from './own-messages.ts';
import { loseLog } from './report.ts';
import { settle } from './rules.ts';
import { type ConsensusState, isSelf, stateAtHeight, type Transition } from './state.ts';
import { gapTimer } from './step.ts';
import { withVote } from './vote-book.ts';

/** @param recovered the log in its order; of other heights only the highest matters */
export function initialState(
  config: ConsensusConfig,
  context: HeightContext,
  recovered: readonly LogRecord[],
  nowMs: number,
): Transition {
  const folded = fold(stateAtHeight(config, context), recovered);
  const known = withLostBlocks(folded, recovered);
  const resumed = resume(known.state);
  const settled = settle(resumed, nowMs);
  const effects = [...known.effects, ...sendAgain(resumed, 'all'), ...gapTimer(context, nowMs)];
  return { state: settled.state, effects: [...effects, ...settled.effects] };
}

/**
 * Upon a log of a height above the one after the head: the blocks between were final and are gone here,
 * and what was signed at their heights may be gone from the log. QBFT
 */
function withLostBlocks(state: ConsensusState, recovered: readonly LogRecord[]): Transition {
  if (state.config.self === undefined) return { state, effects: [] };
  const logged = recovered.map((record) => heightOf(record) ?? 0n);
  const least = [...logged, state.lost.own?.least ?? 0n].reduce((a, b) => (a > b ? a : b), 0n);
  const isBehind = logged.some((height) => height > state.height);
  return isBehind ? loseLog(state, least) : { state, effects: [] };
}

/** What the log says of the height, before any rule fires. QBFT */
export function fold(start: ConsensusState, recovered: readonly LogRecord[]): ConsensusState {
  if (start.config.self === undefined) return start;
  const folded = recovered
    .filter((record) => (heightOf(record) ?? start.height) === start.height)
    .reduce((state, record) => withRecord(state, record), start);
  const { bound } = folded.lost.own ?? {};
  const isOver = bound !== undefined && bound < start.height;
  return isOver ? { ...folded, lost: { ...folded.lost, own: undefined } } : folded;
}

function withRecord(state: ConsensusState, record: LogRecord): ConsensusState {
  switch (record.kind) {
    case 'block':
      // The driver serves and executes it; the core knows blocks by digest only.
      return state;
    case 'certificate':
      return withCertificate(state, certificateOf(record.prepares));
    case 'message':
      return withMessage(state, record.message);
    case 'lost':
    case 'closed':
    case 'released':
      return withLoss(state, record);
  }
}

/** An own message counts at once: it was durable before it was sent. */
function withMessage(start: ConsensusState, message: QbftMessage): ConsensusState {
  const before = heard(start, message);
  if (!isSelf(before, message.signed.author)) {
    // Another's Proposal that was accepted: nothing was signed with it.
    const isProposal = message.kind === 'proposal';
    return isProposal ? { ...before, own: { ...before.own, proposal: message } } : before;
  }
  const state = withOwnMessage(before, message);
  switch (message.kind) {
    case 'proposal':
      return state;
    case 'prepare':
      return { ...state, prepares: withVote(state.prepares, message.signed) };
    case 'commit':
      return { ...state, commits: withVote(state.commits, message.signed) };
    case 'round-change': {
      const key = keyOf(message.signed.author);
      const roundChanges = new Map(state.roundChanges).set(key, message);
      return withCertificate({ ...state, roundChanges }, certificateOf(message.prepares));
    }
  }
}

/** QBFT: a second start is as mute, and as free, as the first one was. */
function withLoss(state: ConsensusState, record: LossRecord): ConsensusState {
  switch (record.kind) {
    case 'lost': {
      const { least, bound } = record;
      const own = { least, bound };
      const isNew = bound === undefined;
      const since = isNew ? { released: false, closedSinceLoss: false } : {};
      return { ...state, lost: { ...state.lost, own, ...since } };
    }
    case 'closed': {
      const lost = { ...state.lost, closed: record.round, closedSinceLoss: true };
      return { ...state, lost, lastSigned: withFloor(state.lastSigned, record.round) };
    }
    case 'released': {
      const lost = { ...state.lost, released: true };
      return withCertificate({ ...state, lost }, certificateOf(record.prepares));
    }
  }
}

/** QBFT: the round of the newest own message, and its proposal if there is one. */
function resume(state: ConsensusState): ConsensusState {
  const { own, lastSigned, lost } = state;
  const { proposal, prepare, commit, roundChange } = lastSigned;
  const round = Math.max(0, proposal, prepare, commit, roundChange, lost.closed + 1);
  const isOfRound = own.proposal !== undefined && own.proposal.signed.round === round;
  return isOfRound && own.proposal !== undefined
    ? { ...state, round, phase: { kind: 'validating', proposal: own.proposal } }
    : { ...state, round };
}

function withCertificate(
  state: ConsensusState,
  certificate: PreparedCertificate | undefined,
): ConsensusState {
  if (certificate === undefined) return state;
  const isHigher = state.prepared === undefined || state.prepared.round < certificate.round;
  return isHigher ? { ...state, prepared: certificate } : state;
}

function certificateOf(prepares: readonly SignedPrepare[]): PreparedCertificate | undefined {
  const first = prepares[0];
  return first && { round: first.round, digest: first.digest, prepares };
}
