/** Everything that may enter the core. Time enters as `nowMs` (Unix milliseconds) and in no other way. */
import type { Address, BlockHeader, Hash, Height } from '../ledger/model/index.ts';
import type { PeerMessage, QbftMessage } from './messages.ts';
import type { ValidatorSource } from './schedule.ts';

/** One live timer per name: setting one replaces it; a fired one is ignored if its view has passed. */
export type Timer = {
  /**
   * gap: the minimum gap after the parent is over. round: the round timed out. fetch: a block body
   * is late. hold: a proposal from the future has come of age. report: reports that are needed have not come.
   */
  readonly name: 'gap' | 'round' | 'fetch' | 'hold' | 'report';
  readonly height: Height;
  readonly round: number;
};

/** What a height stands on. */
export type HeightContext = {
  readonly height: Height;
  readonly parent: BlockHeader;
  readonly parentHash: Hash;
  /** The set after the parent, ascending by address. */
  readonly validators: readonly Address[];
  /** Who names the set: votes in the headers, which list it, or a contract, and they list nobody. */
  readonly validatorSource: ValidatorSource['kind'];
  /** Unix milliseconds before which nobody need propose. */
  readonly gapEndsAtMs: number;
  /** Whole seconds of the block period: a block is at least that much younger than its parent. */
  readonly periodSeconds: number;
  /** Timeout of round 0. */
  readonly baseTimeoutMs: number;
  /** No round lasts longer. */
  readonly maxTimeoutMs: number;
};

/** Fixed for the life of a node. */
export type ConsensusConfig = {
  readonly genesisHash: Hash;
  /** Undefined: an observer, or a validator that may not vote. */
  readonly self: Address | undefined;
  /** Tells this start from every other of the same validator: 64 random bits. QBFT */
  readonly life: bigint;
  /** `ehb`: a proposal from the future is held until it no longer is. `besu`: it is refused. */
  readonly timestamps: 'ehb' | 'besu';
};

/** Why a block was not validated; `CONSENSUS_BODY_UNAVAILABLE` leaves it open, any other code refuses it. */
export type BlockValidation =
  | {
      readonly ok: true;
      /** Its commitSealHash is the digest asked for. */
      readonly header: BlockHeader;
      readonly transactionHashes: readonly Hash[];
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type InputBody =
  | { readonly kind: 'new-height'; readonly context: HeightContext }
  /** The node has something to include, or the empty-block period is over. */
  | { readonly kind: 'work'; readonly height: Height }
  | { readonly kind: 'timer'; readonly timer: Timer }
  /** From a peer. */
  | { readonly kind: 'message'; readonly message: PeerMessage }
  /** Our own, come back from the signer and the log. */
  | { readonly kind: 'signed'; readonly message: QbftMessage }
  | {
      readonly kind: 'block-built';
      readonly height: Height;
      readonly round: number;
      /** Unsealed; validators and the round in extraData; beneficiary = self. */
      readonly header: BlockHeader;
      readonly transactionHashes: readonly Hash[];
    }
  | {
      readonly kind: 'block-validated';
      readonly height: Height;
      readonly round: number;
      readonly digest: Hash;
      readonly result: BlockValidation;
    }
  /** A validator connected, or connected again. */
  | { readonly kind: 'peer-joined'; readonly validator: Address }
  /** A validator is not connected any more. */
  | { readonly kind: 'peer-left'; readonly validator: Address };

export type Input = InputBody & { readonly nowMs: number };
