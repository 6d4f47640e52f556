/**
 * Everything a validator knows of the height it is deciding: one immutable value. Facts are recorded
 * by `accept-*.ts`; what follows from them is in `rules.ts`.
 */
import {
  type Address,
  type BlockHeader,
  equalBytes,
  type Hash,
  type Height,
  keyOf,
} from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import type { ConsensusRefusal } from './errors.ts';
import type { FutureMessages } from './future-messages.ts';
import type { ConsensusConfig, HeightContext } from './input.ts';
import type { Justification } from './justification.ts';
import { isMute, type LostLogs, NO_LOST_LOGS } from './lost-logs.ts';
import type {
  CommitMessage,
  PreparedCertificate,
  PrepareMessage,
  ProposalMessage,
  RoundChangeMessage,
  SignedCommit,
  SignedPrepare,
} from './messages.ts';
import { faultsOf, isMember, proposerOf, quorumOf } from './validators.ts';
import { emptyVoteBook, type VoteBook } from './vote-book.ts';
import type { Witness } from './witness.ts';

/** Where the current round stands. */
export type Phase =
  /** No proposal yet. */
  | { readonly kind: 'open' }
  /** Own turn: a new block is being built. */
  | { readonly kind: 'building'; readonly justification: Justification }
  /** Own turn: the block that was prepared is being fetched and validated. */
  | {
      readonly kind: 're-proposing';
      readonly justification: Justification;
      readonly certificate: PreparedCertificate;
    }
  /** Own turn: the Proposal is at the signer. */
  | { readonly kind: 'signing' }
  /** Its timestamp is ahead of the clock. */
  | { readonly kind: 'held'; readonly proposal: ProposalMessage; readonly dueAtMs: number }
  | { readonly kind: 'validating'; readonly proposal: ProposalMessage }
  /** Valid: votes for it count. */
  | { readonly kind: 'accepted'; readonly proposal: ProposalMessage }
  | { readonly kind: 'refused'; readonly proposal: ProposalMessage }
  /** A quorum has committed; the driver is storing the block. */
  | { readonly kind: 'final' };

/** A block, by digest, that validation was asked for. */
export type KnownBlock =
  | { readonly kind: 'asked'; readonly digest: Hash; readonly proposal: Proposed | undefined }
  | ({ readonly kind: 'valid' } & Proposed)
  /** With `isListed`, what failed may be the Proposal's list of transactions, not the block. */
  | { readonly kind: 'invalid'; readonly isListed: boolean };

export type Proposed = {
  readonly header: BlockHeader;
  readonly transactionHashes: readonly Hash[];
};

/** The newest of each kind, in the order in which they are sent again. QBFT */
export type OwnMessages = {
  /** Own, or another's that was accepted. */
  readonly proposal: ProposalMessage | undefined;
  readonly prepare: PrepareMessage | undefined;
  readonly commit: CommitMessage | undefined;
  readonly roundChange: RoundChangeMessage | undefined;
};

/** The highest round for which each kind was given to the signer; -1 for none. QBFT */
export type LastSigned = {
  readonly proposal: number;
  readonly prepare: number;
  readonly commit: number;
  readonly roundChange: number;
};

export type ConsensusState = {
  readonly config: ConsensusConfig;
  readonly context: HeightContext;
  readonly height: Height;
  readonly round: number;
  readonly phase: Phase;
  readonly gapOver: boolean;
  /** There is work, or this validator has sent or accepted something at this height. QBFT */
  readonly awake: boolean;
  /** The timer of the current round is running. */
  readonly roundTimerSet: boolean;
  /** A quorum was seen in this round or later ones; its timeout counts from then. QBFT */
  readonly inCompany: boolean;
  /** It runs for the grace of an absent proposer only. QBFT */
  readonly isGrace: boolean;
  /** Validators that have let a turn pass or disconnected, and were not heard since, by `keyOf`. */
  readonly absent: ReadonlySet<string>;
  /** The highest certificate this validator gathered. */
  readonly prepared: PreparedCertificate | undefined;
  readonly prepares: VoteBook<SignedPrepare>;
  readonly commits: VoteBook<SignedCommit>;
  /** The newest of each author, by `keyOf(author)`. */
  readonly roundChanges: ReadonlyMap<string, RoundChangeMessage>;
  /** The highest round of any message of each author. */
  readonly rounds: ReadonlyMap<string, number>;
  readonly blocks: ReadonlyMap<string, KnownBlock>;
  readonly own: OwnMessages;
  readonly lastSigned: LastSigned;
  /** What the members have signed at this height, for evidence. */
  readonly witness: Witness;
  /** The same of the height before, if this node took part in it. */
  readonly before: Witness;
  /** Height, kind and author of the equivocations already reported, of these two heights. */
  readonly convicted: ReadonlySet<string>;
  /** When a message of each author last woke an idle height. QBFT */
  readonly wakes: ReadonlyMap<string, number>;
  readonly future: FutureMessages;
  /** Section 10 of the specification. */
  readonly lost: LostLogs;
};

export type Transition = {
  readonly state: ConsensusState;
  readonly effects: readonly Effect[];
};

/** One step that follows from the state; undefined if it does not apply. */
export type Rule = (state: ConsensusState, nowMs: number) => Transition | undefined;

/** A transition and whether the input was good. */
export type Outcome = Transition & { readonly verdict: StepVerdict };
export type StepVerdict = { readonly ok: true } | ConsensusRefusal;

/** The state at the start of a height. */
export function stateAtHeight(config: ConsensusConfig, context: HeightContext): ConsensusState {
  return {
    config,
    context,
    height: context.height,
    round: 0,
    phase: { kind: 'open' },
    gapOver: false,
    awake: false,
    roundTimerSet: false,
    inCompany: false,
    isGrace: false,
    absent: new Set(),
    prepared: undefined,
    prepares: emptyVoteBook(),
    commits: emptyVoteBook(),
    roundChanges: new Map(),
    rounds: new Map(),
    blocks: new Map(),
    own: { proposal: undefined, prepare: undefined, commit: undefined, roundChange: undefined },
    lastSigned: { proposal: -1, prepare: -1, commit: -1, roundChange: -1 },
    witness: new Map(),
    before: new Map(),
    convicted: new Set(),
    wakes: new Map(),
    future: new Map(),
    lost: NO_LOST_LOGS,
  };
}

export function accepted(state: ConsensusState, effects: readonly Effect[] = []): Outcome {
  return { state, effects, verdict: { ok: true } };
}

export function refused(
  state: ConsensusState,
  verdict: ConsensusRefusal,
  effects: readonly Effect[] = [],
): Outcome {
  return { state, effects, verdict };
}

/** Own address if this node is a validator of this height. */
export function memberOf(state: ConsensusState): Address | undefined {
  const { self } = state.config;
  return self !== undefined && isMember(state.context.validators, self) ? self : undefined;
}

/** Own address if this node votes at this height. QBFT */
export function voterOf(state: ConsensusState): Address | undefined {
  return isMute(state) ? undefined : memberOf(state);
}

export function isSelf(state: ConsensusState, address: Address): boolean {
  return state.config.self !== undefined && equalBytes(state.config.self, address);
}

export function quorum(state: ConsensusState): number {
  return quorumOf(state.context.validators.length);
}

export function faults(state: ConsensusState): number {
  return faultsOf(state.context.validators.length);
}

export function proposerAt(state: ConsensusState, round: number): Address {
  return proposerOf(state.context.parent.beneficiary, state.context.validators, round);
}

export function isOwnTurn(state: ConsensusState): boolean {
  const self = voterOf(state);
  return self !== undefined && equalBytes(self, proposerAt(state, state.round));
}

/** The proposal that the current round has seen, whatever became of it. */
export function proposalOfRound(state: ConsensusState): ProposalMessage | undefined {
  return 'proposal' in state.phase ? state.phase.proposal : undefined;
}

export function knownBlock(state: ConsensusState, digest: Hash): KnownBlock | undefined {
  return state.blocks.get(keyOf(digest));
}

export function withBlock(state: ConsensusState, digest: Hash, block: KnownBlock): ConsensusState {
  return { ...state, blocks: new Map(state.blocks).set(keyOf(digest), block) };
}
