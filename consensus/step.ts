/**
 * The core: one input in, the next state and what to do about it out. Inputs record facts
 * (`accept-*.ts`), then the rules follow (`rules.ts`). QBFT
 */
import { commitSealHash, equalBytes, keyOf } from '../ledger/model/index.ts';
import { acceptProposal } from './accept-proposal.ts';
import { acceptRoundChange } from './accept-round-change.ts';
import { acceptCommit, acceptPrepare } from './accept-vote.ts';
import type { Effect } from './effect.ts';
import { refuse } from './errors.ts';
import { convictSealers, equivocation, witnessBefore } from './evidence.ts';
import { askEveryone } from './fetch.ts';
import { FUTURE_DISTANCE, takeFutureMessages, withFutureMessage } from './future-messages.ts';
import { verifyHeader } from './header-rules.ts';
import type { HeightContext, Input, Timer } from './input.ts';
import type { QbftMessage } from './messages.ts';
import { askToSign, sendAgain, withOwnMessage } from './own-messages.ts';
import { changeRound, mayLeaveRound } from './rounds.ts';
import { settle } from './rules.ts';
import { isSignedByAuthor } from './signing.ts';
import {
  accepted,
  type ConsensusState,
  isSelf,
  knownBlock,
  type Outcome,
  refused,
  stateAtHeight,
  type Transition,
  voterOf,
  withBlock,
} from './state.ts';
import { roundTimeoutMs } from './timeouts.ts';
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
    case 'block-built':
      return proposeBuilt(state, input);
    case 'block-validated':
      return noteValidation(state, input);
    case 'peer-joined':
      return accepted(state, sendAgain(state, input.validator));
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
  const fresh = { ...stateAtHeight(state.config, context), wakes, future: rest, before, convicted };
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
  if (isOver) return stale(state);
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
  }
}

/** QBFT */
function endRound(state: ConsensusState): Outcome {
  if (voterOf(state) === undefined) return stale(state);
  if (mayLeaveRound(state)) {
    const { state: next, effects } = changeRound(state, state.round + 1);
    return accepted(next, effects);
  }
  const { height, round, context } = state;
  const timer: Timer = { name: 'round', height, round };
  const afterMs = roundTimeoutMs(context, round);
  return accepted(state, [...sendAgain(state, 'all'), { kind: 'set-timer', timer, afterMs }]);
}

/** QBFT */
function receive(state: ConsensusState, message: QbftMessage, nowMs: number): Outcome {
  const { height, author } = message.signed;
  const equivocal = equivocation(state, message);
  if (equivocal !== undefined) return equivocal;
  if (height < state.height || (height === state.height && state.phase.kind === 'final')) {
    return refused(state, refuse('CONSENSUS_OLD_HEIGHT', `height ${height}`));
  }
  if (!isMember(state.context.validators, author)) {
    return refused(state, refuse('CONSENSUS_NOT_VALIDATOR', message.kind));
  }
  if (height > state.height) return keepForLater(state, message);
  const known = withOwn(state, message);
  switch (message.kind) {
    case 'proposal':
      return acceptProposal(known, message, nowMs);
    case 'prepare':
      return acceptPrepare(known, message, nowMs);
    case 'commit':
      return acceptCommit(known, message, nowMs);
    case 'round-change':
      return acceptRoundChange(known, message, nowMs);
  }
}

function withOwn(state: ConsensusState, message: QbftMessage): ConsensusState {
  const isOwn =
    isSelf(state, message.signed.author) && isSignedByAuthor(state.config.genesisHash, message);
  return isOwn ? withOwnMessage(state, message) : state;
}

/** QBFT */
function keepForLater(state: ConsensusState, message: QbftMessage): Outcome {
  const { height } = message.signed;
  const verdict = refuse('CONSENSUS_FUTURE_HEIGHT', `height ${height}, here ${state.height}`);
  if (height > state.height + FUTURE_DISTANCE) return refused(state, verdict);
  if (!isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', message.kind));
  }
  const future = withFutureMessage(state.future, message);
  if (future === undefined) return refused(state, refuse('CONSENSUS_BUFFER_FULL', message.kind));
  return refused({ ...state, future }, verdict);
}

/** QBFT: the built block is proposed, if this is still the round it was built for. */
function proposeBuilt(state: ConsensusState, input: InputOf<'block-built'>): Outcome {
  const { phase, height, round, context } = state;
  const isWanted = input.height === height && input.round === round && phase.kind === 'building';
  if (!isWanted) return stale(state);
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
