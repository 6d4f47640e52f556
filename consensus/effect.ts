/** Everything that may leave the core. The driver runs effects in order; results come back as inputs. */
import type { Address, BlockHeader, Hash, Height } from '../ledger/model/index.ts';
import type { Timer } from './input.ts';
import type { LossRecord } from './log-record.ts';
import type {
  ProposalMessage,
  QbftMessage,
  SignedPrepare,
  UnsignedMessage,
  UnsignedReport,
} from './messages.ts';
import type { Statement } from './statement.ts';

/** What must be on disk together with a signed message, before that message is sent. */
export type LogEntry =
  /** The driver adds the full encoded block whose header has this digest. */
  | { readonly kind: 'block'; readonly height: Height; readonly digest: Hash }
  /** The foreign proposal that our Prepare accepts. */
  | { readonly kind: 'proposal'; readonly message: ProposalMessage }
  | {
      readonly kind: 'certificate';
      readonly height: Height;
      readonly prepares: readonly SignedPrepare[];
    }
  | LossRecord;

export type Effect =
  | { readonly kind: 'set-timer'; readonly timer: Timer; readonly afterMs: number }
  /** Build on the head and answer with block-built. */
  | {
      readonly kind: 'build-block';
      readonly height: Height;
      readonly round: number;
      readonly parentHash: Hash;
    }
  /**
   * Get the body (own pool, log, then the peers `from`), execute, answer with block-validated. Asked
   * again with a wider `from` while the answer is missing. One block has a digest for each round in
   * which it is proposed: execution results are best cached by block hash.
   */
  | {
      readonly kind: 'validate-block';
      readonly height: Height;
      readonly round: number;
      readonly digest: Hash;
      /** Absent: only the digest is known, the peers serve header and body. */
      readonly proposal?: {
        readonly header: BlockHeader;
        readonly transactionHashes: readonly Hash[];
      };
      readonly from: readonly Address[];
    }
  /**
   * Sign; append `durable` and the signed message to the log in ONE synced write; send it to all
   * validators; feed it back as a `signed` input. In this order, and never two at a time.
   */
  | {
      readonly kind: 'sign';
      readonly unsigned: UnsignedMessage;
      readonly durable: readonly LogEntry[];
    }
  /** Messages that were signed and logged before. */
  | {
      readonly kind: 'send';
      readonly to: Address | 'all';
      readonly messages: readonly QbftMessage[];
    }
  /** Append to the log, synced, before anything later is done. */
  | { readonly kind: 'log'; readonly entries: readonly LogEntry[] }
  /** Sign (`reportHash`, `completeReport`) and send; neither logged nor fed back. */
  | {
      readonly kind: 'report';
      readonly to: Address | 'all';
      readonly report: UnsignedReport;
    }
  /** Write the block with this sealed header, then input new-height. */
  | {
      readonly kind: 'finalise';
      readonly height: Height;
      readonly digest: Hash;
      readonly header: BlockHeader;
    }
  /** One validator has signed both and may not have: keep them. They go into `encodeEvidence`. */
  | { readonly kind: 'evidence'; readonly first: Statement; readonly second: Statement };
