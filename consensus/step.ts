/**
 * The core: one input in, the next state and what to do about it out. Inputs record facts
 * (`accept-*.ts`), then the rules follow (`rules.ts`). QBFT
 */
import { commitSealHash, equalBytes, keyOf } from '../ledger/model/index.ts';
import { isAbsent, withAbsent, withMissedTurn, withSignOfLife } from './absence.ts';
import { acceptProposal } from './accept-proposal.ts';
import { acceptReport } from './accept-report.ts';
import { acceptRoundChange } from './accept-round-change.ts';
import { acceptCommit, acceptPrepare } from './accept-vote.ts';
import type { Effect } from './effect.ts';
import { refuse } from './errors.ts';
import { convictSealers, equivocation, heard, witnessBefore } from './evidence.ts';
import { askEveryone } from './fetch.ts';
import { FUTURE_DISTANCE, takeFutureMessages, withFutureMessage } from './future-messages.ts';
import { verifyHeader } from './header-rules.ts';
import type { HeightContext, Input, Timer } from './input.ts';
import { isCovered, lostLogsAt } from './lost-logs.ts';
import type { PeerMessage, QbftMessage } from './messages.ts';
import { askToSign, isUnknownToSelf, sendAgain, withOwnMessage } from './own-messages.ts';
import { askAgain, loseLog, tellLoss } from './report.ts';
import { changeRound, mayLeaveRound } from './rounds.ts';
import { settle } from './rules.ts';
import { isSignedByAuthor } from './signing.ts';
import {
  accepted,
  type ConsensusState,
  isSelf,
  knownBlock,
  type Outcome,
  proposerAt,
  refused,
  stateAtHeight,
  type Transition,
  voterOf,
  withBlock,
} from './state.ts';
import { graceMs, roundTimeoutMs } from './timeouts.ts';
import { isMember } from './validators.ts';

type InputOf<Kind extends Input['kind']> = Extract<Input, { kind: Kind }>;

/** Never throws on any input from a peer; the state given is left as it is. */
export function step(state: ConsensusState, input: Input): Outcome {
  const recorded = record(state, input);
  const settled = settle(recorded.state, input.nowMs);
  return {
    state: settled.state,
    effects: [...recorded.effects, ...settled.effects],
    verdict: recorded.verdict,
  };
}

/** The gap timer, if the gap is not over. QBFT */
export function gapTimer(context: HeightContext, nowMs: number): readonly Effect[] {
  const afterMs = context.gapEndsAtMs - nowMs;
  if (afterMs <= 0) return [];
  const timer: Timer = { name: 'gap', height: context.height, round: 0 };
  return [{ kind: 'set-timer', timer, afterMs }];
}

function record(state: ConsensusState, input: Input): Outcome {
  switch (input.kind) {
    case 'new-height':
      return beginHeight(state, input.context, input.nowMs);
    case 'work':
      return input.height === state.height ? accepted({ ...state, awake: true }) : stale(state);
    case 'timer':
      return expire(state, input.timer);
    case 'message':
      return receive(state, input.message, input.nowMs);
    case 'signed':
      return countOwn(state, input.message, input.nowMs);
    case 'block-built':
      return proposeBuilt(state, input);
    case 'block-validated':
      return noteValidation(state, input);
    case 'peer-joined':
      return accepted(withSignOfLife(state, input.validator), [
        ...sendAgain(state, input.validator),
        ...tellLoss(state, input.validator),
      ]);
    case 'peer-left':
      return accepted(withAbsent(state, input.validator));
  }
}

function stale(state: ConsensusState): Outcome {
  return refused(state, refuse('CONSENSUS_STALE_INPUT', 'for something that is over'));
}

/** QBFT: whatever the old height knew is gone: what came early is replayed. */
function beginHeight(state: ConsensusState, context: HeightContext, nowMs: number): Outcome {
  if (context.height <= state.height) return stale(state);
  const { validators, height } = context;
  const { due, rest } = takeFutureMessages(state.future, height, validators);
  const members = new Set(validators.map(keyOf));
  const wakes = new Map([...state.wakes].filter(([author]) => members.has(author)));
  const before = witnessBefore(state, height);
  const convicted = new Set(
    [...state.convicted].filter((key) => key.startsWith(`${height - 1n} `)),
  );
  const lost = lostLogsAt(state.lost, height, members);
  const absent = new Set([...state.absent].filter((author) => members.has(author)));
  const kept = { wakes, future: rest, before, convicted, lost, absent };
  const fresh = { ...stateAtHeight(state.config, context), ...kept };
  const judged = convictSealers(fresh);
  let next: Transition = {
    state: judged.state,
    effects: [...judged.effects, ...gapTimer(context, nowMs)],
  };
  for (const message of due) {
    const { state: after, effects } = step(next.state, { kind: 'message', message, nowMs });
    next = { state: after, effects: [...next.effects, ...effects] };
  }
  return accepted(next.state, next.effects);
}

function expire(state: ConsensusState, timer: Timer): Outcome {
  const isOver = timer.height !== state.height || state.phase.kind === 'final';
  if (isOver && timer.name !== 'report') return stale(state);
  switch (timer.name) {
    case 'gap':
      return accepted({ ...state, gapOver: true });
    case 'fetch':
      return accepted(state, askEveryone(state));
    case 'hold': {
      if (timer.round !== state.round || state.phase.kind !== 'held') return stale(state);
      const { proposal } = state.phase;
      return accepted({ ...state, phase: { kind: 'validating', proposal } });
    }
    case 'round':
      return timer.round === state.round ? endRound(state) : stale(state);
    case 'report':
      return askAgain(state);
  }
}

/** QBFT */
function endRound(state: ConsensusState): Outcome {
  if (voterOf(state) === undefined) return stale(state);
  const { height, round, context, isGrace, phase } = state;
  const timer: Timer = { name: 'round', height, round };
  const afterMs = roundTimeoutMs(context, round) - (isGrace ? graceMs(context) : 0);
  const isExpected = phase.kind !== 'open' || !isAbsent(state, proposerAt(state, round));
  // QBFT: the proposer was heard after all, so it gets the rest of its time.
  const isLeft = mayLeaveRound(state) && !(isGrace && isExpected);
  if (isLeft) {
    const { state: next, effects } = changeRound(withMissedTurn(state), round + 1);
    return accepted(next, effects);
  }
  const again = isGrace && isExpected ? [] : sendAgain(state, 'all');
  return accepted({ ...state, isGrace: false }, [...again, { kind: 'set-timer', timer, afterMs }]);
}

/** QBFT */
function receive(state: ConsensusState, message: PeerMessage, nowMs: number): Outcome {
  if (message.kind === 'report') return acceptReport(state, message, nowMs);
  const { height, author } = message.signed;
  const equivocal = equivocation(state, message);
  if (isSelf(state, author)) return noteOwnKey(state, message, equivocal);
  if (equivocal !== undefined) return equivocal;
  if (height < state.height || (height === state.height && state.phase.kind === 'final')) {
    return refused(state, refuse('CONSENSUS_OLD_HEIGHT', `height ${height}`));
  }
  if (!isMember(state.context.validators, author)) {
    return refused(state, refuse('CONSENSUS_NOT_VALIDATOR', message.kind));
  }
  if (height > state.height) return keepForLater(state, message);
  return acceptAtHeight(state, message, nowMs, false);
}

/** QBFT */
function countOwn(state: ConsensusState, message: QbftMessage, nowMs: number): Outcome {
  if (message.signed.height !== state.height || state.phase.kind === 'final') return stale(state);
  return acceptAtHeight(heard(withOwnMessage(state, message), message), message, nowMs, true);
}

function acceptAtHeight(
  state: ConsensusState,
  message: QbftMessage,
  nowMs: number,
  isOwn: boolean,
): Outcome {
  switch (message.kind) {
    case 'proposal':
      return acceptProposal(state, message, nowMs, isOwn);
    case 'prepare':
      return acceptPrepare(state, message, nowMs, isOwn);
    case 'commit':
      return acceptCommit(state, message, nowMs, isOwn);
    case 'round-change':
      return acceptRoundChange(state, message, nowMs, isOwn);
  }
}

/** A peer shows a message under this validator's own key: what its log says, or a loss. QBFT */
function noteOwnKey(
  state: ConsensusState,
  message: QbftMessage,
  equivocal: Outcome | undefined,
): Outcome {
  const { height } = message.signed;
  const isNews = equivocal !== undefined || isUnknownToSelf(state, message);
  if (!isNews || isCovered(state, height)) {
    return equivocal ?? refused(state, refuse('CONSENSUS_DUPLICATE', `own ${message.kind}`));
  }
  if (equivocal === undefined && !isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', message.kind));
  }
  const verdict = refuse('CONSENSUS_SECOND_SIGNER', `${message.kind} of height ${height}`);
  const lost = loseLog(equivocal?.state ?? state, height);
  return refused(lost.state, verdict, [...(equivocal?.effects ?? []), ...lost.effects]);
}

/** QBFT */
function keepForLater(state: ConsensusState, message: QbftMessage): Outcome {
  const { height } = message.signed;
  const verdict = refuse('CONSENSUS_FUTURE_HEIGHT', `height ${height}, here ${state.height}`);
  if (height > state.height + FUTURE_DISTANCE) return refused(state, verdict);
  if (!isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', message.kind));
  }
  const alive = withSignOfLife(state, message.signed.author);
  const future = withFutureMessage(state.future, message);
  if (future === undefined) return refused(alive, refuse('CONSENSUS_BUFFER_FULL', message.kind));
  return refused({ ...alive, future }, verdict);
}

/** QBFT: the built block is proposed, if this is still the round it was built for. */
function proposeBuilt(state: ConsensusState, input: InputOf<'block-built'>): Outcome {
  const { phase, height, round, context } = state;
  const isWanted = input.height === height && input.round === round && phase.kind === 'building';
  if (!isWanted || voterOf(state) === undefined) return stale(state);
  const { header, transactionHashes } = input;
  const shape = verifyHeader(header, context);
  if (!shape.ok) return refused(state, shape);
  if (shape.extraData.round !== round || !isSelf(state, header.beneficiary)) {
    return refused(state, refuse('CONSENSUS_BAD_HEADER', 'round or beneficiary of a built block'));
  }
  const digest = commitSealHash(header);
  const block = { kind: 'valid', header, transactionHashes } as const;
  const { roundChanges } = phase.justification;
  const { state: next, effects } = askToSign(
    { ...withBlock(state, digest, block), phase: { kind: 'signing' } },
    {
      kind: 'proposal',
      height,
      round,
      digest,
      header,
      transactionHashes,
      roundChanges,
      prepares: [],
    },
    [],
  );
  return accepted(next, effects);
}

/** QBFT */
function noteValidation(state: ConsensusState, input: InputOf<'block-validated'>): Outcome {
  const { height, digest, result } = input;
  const asked = knownBlock(state, digest);
  if (height !== state.height || asked?.kind !== 'asked') return stale(state);
  if (!result.ok) {
    const isOpen = result.code === 'CONSENSUS_BODY_UNAVAILABLE';
    if (isOpen) return refused(state, refuse('CONSENSUS_BODY_UNAVAILABLE', result.message));
    const verdict = refuse('CONSENSUS_INVALID_BLOCK', `${result.code}: ${result.message}`);
    const isListed = asked.proposal !== undefined;
    return refused(withBlock(state, digest, { kind: 'invalid', isListed }), verdict);
  }
  const { header, transactionHashes } = result;
  if (!equalBytes(commitSealHash(header), digest)) {
    return refused(state, refuse('CONSENSUS_DIGEST_MISMATCH', 'a validated block'));
  }
  return accepted(withBlock(state, digest, { kind: 'valid', header, transactionHashes }));
}
