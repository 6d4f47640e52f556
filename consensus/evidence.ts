/**
 * Finds equivocation: a message against what its author said before, a Commit against the seals of a
 * final header. A signature is checked only where the content already contradicts. Evidence E-2, E-3
 */
import {
  type BlockHeader,
  commitSealHash,
  decodeExtraData,
  equalBytes,
  type Height,
  keyOf,
  withSeals,
} from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { refuse } from './errors.ts';
import type { MessageHead, QbftMessage } from './messages.ts';
import { isSignedByAuthor } from './signing.ts';
import { type ConsensusState, type Outcome, refused, type Transition } from './state.ts';
import {
  headOf,
  type SealedStatement,
  type Statement,
  signerOfSeal,
  viewOfStatement,
} from './statement.ts';
import { contradictedBy, type Witness, withStatement } from './witness.ts';

type CommitHead = Extract<MessageHead, { kind: 'commit' }>;

/** Remembers what a message says, once its signature is checked. Evidence E-2 */
export function heard(state: ConsensusState, message: QbftMessage): ConsensusState {
  const witness = withStatement(state.witness, headOf(message));
  return witness === state.witness ? state : { ...state, witness };
}

/**
 * The outcome of a message that contradicts what is known of its author, at this height or the one
 * before it; undefined for any other. What was heard first stays. QBFT
 */
export function equivocation(state: ConsensusState, message: QbftMessage): Outcome | undefined {
  const second = headOf(message);
  const first = contradicted(state, second);
  if (first === undefined) return undefined;
  // Without a signature it is nobody's; whoever handles it next says so.
  if (!isSignedByAuthor(state.config.genesisHash, second)) return undefined;
  const verdict = refuse('CONSENSUS_EQUIVOCATION', `two of ${message.kind} in one round`);
  const { state: next, effects } = convict(state, first, second);
  return refused(next, verdict, effects);
}

function contradicted(state: ConsensusState, message: MessageHead): Statement | undefined {
  const { height } = message.signed;
  if (height === state.height) return contradictedBy(state.witness, message);
  if (height !== state.height - 1n) return undefined;
  const first = contradictedBy(state.before, message);
  if (first !== undefined || message.kind !== 'commit') return first;
  return sealAgainst(state.context.parent, message);
}

/**
 * The Commits of the height before that contradict the seals of its final header, `context.parent`:
 * the block may have come from a peer, with seals of validators that told this node otherwise.
 */
export function convictSealers(state: ConsensusState): Transition {
  let next: Transition = { state, effects: [] };
  for (const statements of state.before.values()) {
    for (const statement of statements) {
      if (statement.kind !== 'commit') continue;
      const seal = sealAgainst(state.context.parent, statement);
      if (seal === undefined) continue;
      const { state: after, effects } = convict(next.state, seal, statement);
      next = { state: after, effects: [...next.effects, ...effects] };
    }
  }
  return next;
}

/** What is remembered of the height that ends when `next` begins: nothing if heights were skipped. */
export function witnessBefore(state: ConsensusState, next: Height): Witness {
  return next === state.height + 1n ? state.witness : new Map();
}

/** Reports both once for each height, kind and author. */
function convict(state: ConsensusState, first: Statement, second: Statement): Transition {
  const view = viewOfStatement(second);
  if (view === undefined) return { state, effects: [] };
  const key = `${view.height} ${view.kind} ${keyOf(view.author)}`;
  if (state.convicted.has(key)) return { state, effects: [] };
  const effect: Effect = { kind: 'evidence', first, second };
  return { state: { ...state, convicted: new Set(state.convicted).add(key) }, effects: [effect] };
}

/** The seal of a Commit's author under another header of the Commit's view. */
function sealAgainst(final: BlockHeader, commit: CommitHead): SealedStatement | undefined {
  const { height, round, digest, author } = commit.signed;
  if (height !== final.number) return undefined;
  const decoded = decodeExtraData(final.extraData);
  if (!decoded.ok || decoded.extraData.round !== round) return undefined;
  const sealed = commitSealHash(final);
  if (equalBytes(sealed, digest)) return undefined;
  for (const seal of decoded.extraData.seals) {
    const signer = signerOfSeal(sealed, seal);
    if (signer !== undefined && equalBytes(signer, author)) {
      return { kind: 'sealed-header', header: withSeals(final, []), seal, author };
    }
  }
  return undefined;
}
