/** This validator's own messages: asking for a signature, remembering what came back, sending again. */
import type { Effect, LogEntry } from './effect.ts';
import type { QbftMessage, UnsignedMessage } from './messages.ts';
import {
  type ConsensusState,
  type LastSigned,
  type OwnMessages,
  type Transition,
  voterOf,
} from './state.ts';
import { contradicts, headOf } from './statement.ts';

const SLOT: Readonly<Record<QbftMessage['kind'], keyof LastSigned>> = {
  proposal: 'proposal',
  prepare: 'prepare',
  commit: 'commit',
  'round-change': 'roundChange',
};

/** Whether signing that kind in the current round cannot contradict anything signed. QBFT */
export function maySign(state: ConsensusState, kind: QbftMessage['kind']): boolean {
  return voterOf(state) !== undefined && state.lastSigned[SLOT[kind]] < state.round;
}

/**
 * Asks for a signature. From now on the round counts as signed, whatever happens to the answer; the
 * vote itself counts when it comes back. QBFT
 */
export function askToSign(
  state: ConsensusState,
  unsigned: UnsignedMessage,
  durable: readonly LogEntry[],
): Transition {
  const lastSigned = { ...state.lastSigned, [SLOT[unsigned.kind]]: unsigned.round };
  return {
    state: { ...state, lastSigned, awake: true },
    effects: [{ kind: 'sign', unsigned, durable }],
  };
}

/** A message that this validator signed: nothing that contradicts it is signed. QBFT */
export function withOwnMessage(state: ConsensusState, message: QbftMessage): ConsensusState {
  const { round } = message.signed;
  const slot = SLOT[message.kind];
  const lastSigned = { ...state.lastSigned, [slot]: Math.max(state.lastSigned[slot], round) };
  const newest = state.own[slot];
  const isNewer = newest === undefined || newest.signed.round < round;
  const own: OwnMessages = isNewer ? { ...state.own, [slot]: message } : state.own;
  return { ...state, lastSigned, own, awake: true };
}

/** Nothing of any kind is signed up to that round. QBFT */
export function withFloor(lastSigned: LastSigned, round: number): LastSigned {
  const { proposal, prepare, commit, roundChange } = lastSigned;
  return {
    proposal: Math.max(proposal, round),
    prepare: Math.max(prepare, round),
    commit: Math.max(commit, round),
    roundChange: Math.max(roundChange, round),
  };
}

/**
 * Whether a message under this validator's key says what its records do not: it is newer than they
 * are, or contradicts them. Its signature is still to be checked. QBFT
 */
export function isUnknownToSelf(state: ConsensusState, message: QbftMessage): boolean {
  const { height, round } = message.signed;
  const slot = SLOT[message.kind];
  if (height < state.height) return false;
  if (height > state.height || round > state.lastSigned[slot]) return true;
  const known = state.own[slot];
  return known !== undefined && contradicts(headOf(known), headOf(message));
}

/** The newest of each kind, in the order in which a peer can use them. QBFT */
function ownMessages(state: ConsensusState): readonly QbftMessage[] {
  const { proposal, prepare, commit, roundChange } = state.own;
  return [proposal, prepare, commit, roundChange].filter((message) => message !== undefined);
}

/** Sends them again to one validator or to all; nothing if there are none. QBFT */
export function sendAgain(
  state: ConsensusState,
  to: Extract<Effect, { kind: 'send' }>['to'],
): readonly Effect[] {
  const messages = ownMessages(state);
  return messages.length === 0 || voterOf(state) === undefined
    ? []
    : [{ kind: 'send', to, messages }];
}
