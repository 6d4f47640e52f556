/**
 * The four QBFT messages, what is signed of each, and how a message is put together.
 *
 * A signature covers keccak256(RLP([code, genesisHash, payload])): bound to one chain, one kind and
 * one view. `author` travels with the signature and is compared with the recovered address, so that
 * a stranger's message is refused before any curve arithmetic.
 * Rules: docs/spec/consensus.md section 2.
 */
import type { Address, BlockHeader, Hash, Height } from '../ledger/model/index.ts';

/** 65 bytes: r, s (32 each, s at most half the group order), v = 0 or 1. */
export type Signature = Uint8Array;

type Signed = {
  readonly height: Height;
  readonly round: number;
  readonly author: Address;
  readonly signature: Signature;
};

/** `digest` is `commitSealHash` of the proposed header: its round included, no seals. QBFT */
export type SignedProposal = Signed & {
  readonly digest: Hash;
  /** keccak256 of the concatenated transaction hashes: nobody can swap the list when re-sending. */
  readonly transactionsDigest: Hash;
};

export type SignedPrepare = Signed & { readonly digest: Hash };

export type SignedCommit = Signed & {
  readonly digest: Hash;
  /** Signs `digest` itself; ends up in the final header. Not covered by `signature`. */
  readonly commitSeal: Signature;
};

/** What a validator prepared: the round, and the digest with that round in it. */
export type Prepared = { readonly round: number; readonly digest: Hash };

export type SignedRoundChange = Signed & { readonly prepared: Prepared | undefined };

export type ProposalMessage = {
  readonly kind: 'proposal';
  readonly signed: SignedProposal;
  /** With this round in extraData and no seals. */
  readonly header: BlockHeader;
  readonly transactionHashes: readonly Hash[];
  /** Round 0: empty. Above: a quorum of RoundChanges for exactly this view. */
  readonly roundChanges: readonly SignedRoundChange[];
  /** A quorum of Prepares for the highest certificate among `roundChanges`; else empty. */
  readonly prepares: readonly SignedPrepare[];
};
export type PrepareMessage = { readonly kind: 'prepare'; readonly signed: SignedPrepare };
export type CommitMessage = { readonly kind: 'commit'; readonly signed: SignedCommit };
export type RoundChangeMessage = {
  readonly kind: 'round-change';
  readonly signed: SignedRoundChange;
  /** A quorum of Prepares for `signed.prepared`; else empty. */
  readonly prepares: readonly SignedPrepare[];
};

export type QbftMessage = ProposalMessage | PrepareMessage | CommitMessage | RoundChangeMessage;

/** The part of a message that its author's signature covers, with the signature. */
export type MessageHead =
  | { readonly kind: 'proposal'; readonly signed: SignedProposal }
  | { readonly kind: 'prepare'; readonly signed: SignedPrepare }
  /** Without the seal, which the signature does not cover. */
  | { readonly kind: 'commit'; readonly signed: SignedPrepare }
  | { readonly kind: 'round-change'; readonly signed: SignedRoundChange };

/** A validator whose log is lost, and which of its starts this is: the number is drawn anew at each. */
export type Life = { readonly author: Address; readonly life: bigint };

/** Where a validator stands; said when logs are lost, and to whoever asks. QBFT */
export type ReportBody = {
  /** The height it works on: its head is one below. */
  readonly height: Height;
  /** Rounds up to this one are closed to it at `height`; undefined if none is. QBFT */
  readonly closed: number | undefined;
  /** It signs nothing at `height`: its log is lost. `bound` is its h*, undefined while unknown. */
  readonly loss: { readonly life: bigint; readonly bound: Height | undefined } | undefined;
  /** The lost validators it has heard of, in the lives that it has heard from. */
  readonly heard: readonly Life[];
  /** The highest block that it prepared at `height`. */
  readonly prepared: Prepared | undefined;
  /** The receiver is to answer with a report of its own. */
  readonly asks: boolean;
};
export type SignedReport = ReportBody & {
  readonly author: Address;
  readonly signature: Signature;
};
export type ReportMessage = {
  readonly kind: 'report';
  readonly signed: SignedReport;
  /** A quorum of Prepares for `signed.prepared`; else empty. */
  readonly prepares: readonly SignedPrepare[];
};
export type UnsignedReport = ReportBody & { readonly prepares: readonly SignedPrepare[] };

/** Whatever validators send each other. */
export type PeerMessage = QbftMessage | ReportMessage;

/** A quorum of Prepares for one (height, round, digest), sorted by author. */
export type PreparedCertificate = Prepared & { readonly prepares: readonly SignedPrepare[] };

type View = { readonly height: Height; readonly round: number };

/** What the core asks the driver to sign: see `signingHashes` and `completeMessage`. */
export type UnsignedMessage =
  | (View & {
      readonly kind: 'proposal';
      readonly digest: Hash;
      readonly header: BlockHeader;
      readonly transactionHashes: readonly Hash[];
      readonly roundChanges: readonly SignedRoundChange[];
      readonly prepares: readonly SignedPrepare[];
    })
  | (View & { readonly kind: 'prepare'; readonly digest: Hash })
  | (View & { readonly kind: 'commit'; readonly digest: Hash })
  | (View & {
      readonly kind: 'round-change';
      readonly prepared: Prepared | undefined;
      readonly prepares: readonly SignedPrepare[];
    });
