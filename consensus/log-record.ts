/** What the consensus log holds, and its encoding: the store sees opaque bytes. QBFT */
import {
  bigintToBytes,
  concatBytes,
  encodeRlp,
  type Hash,
  type Height,
  type RlpItem,
  type Verdict,
} from '../ledger/model/index.ts';
import {
  decodeVersioned,
  messageItem,
  prepareItem,
  readMessage,
  readPrepares,
  readView,
  viewItems,
} from './codec.ts';
import type { ConsensusCode } from './errors.ts';
import type { FieldReader } from './field-reader.ts';
import type { QbftMessage, SignedPrepare } from './messages.ts';

export type LogRecord =
  /** Signed by this validator; or another's Proposal, which an own Prepare accepts. */
  | { readonly kind: 'message'; readonly message: QbftMessage }
  /** `block` is the encoded block whose header has this digest. */
  | {
      readonly kind: 'block';
      readonly height: Height;
      readonly digest: Hash;
      readonly block: Uint8Array;
    }
  /** A quorum of Prepares: written before the Commit that it justifies is sent. */
  | {
      readonly kind: 'certificate';
      readonly height: Height;
      readonly prepares: readonly SignedPrepare[];
    }
  | LossRecord;

/** What a validator must not forget of a lost log, its own or another's. Section 10. */
export type LossRecord =
  /**
   * All before this is incomplete. Nothing is signed through `bound` (h*), or at any height while it
   * is undefined; `least` is what h* is at least.
   */
  | { readonly kind: 'lost'; readonly least: Height; readonly bound: Height | undefined }
  /** Nothing is signed or counted any more in rounds of `height` up to this one. QBFT */
  | { readonly kind: 'closed'; readonly height: Height; readonly round: number }
  /** From `round` on everything signed at `height` is in this log again. QBFT */
  | {
      readonly kind: 'released';
      readonly height: Height;
      readonly round: number;
      /** The certificate that it took over; empty if nobody had one. */
      readonly prepares: readonly SignedPrepare[];
    };

const LOG_VERSION = 1;

/**
 * The height of a record: once that height is final, the record has done its work. Undefined for a
 * loss, which has done its work when votes are given again.
 */
export function heightOf(record: LogRecord): Height | undefined {
  switch (record.kind) {
    case 'message':
      return record.message.signed.height;
    case 'block':
    case 'certificate':
    case 'closed':
    case 'released':
      return record.height;
    case 'lost':
      return undefined;
  }
}

export function encodeLogRecord(record: LogRecord): Uint8Array {
  return concatBytes(Uint8Array.of(LOG_VERSION), encodeRlp(recordItem(record)));
}

/** Refuses with CONSENSUS_UNKNOWN_VERSION or CONSENSUS_MALFORMED; never throws. */
export function decodeLogRecord(
  bytes: Uint8Array,
): Verdict<{ readonly record: LogRecord }, ConsensusCode> {
  const decoded = decodeVersioned(bytes, LOG_VERSION, readRecord);
  return decoded.ok ? { ok: true, record: decoded.value } : decoded;
}

function recordItem(record: LogRecord): RlpItem {
  switch (record.kind) {
    case 'message':
      return [Uint8Array.of(1), messageItem(record.message)];
    case 'block':
      return [Uint8Array.of(2), bigintToBytes(record.height), record.digest, record.block];
    case 'certificate':
      return [Uint8Array.of(3), bigintToBytes(record.height), record.prepares.map(prepareItem)];
    case 'lost':
      return [Uint8Array.of(4), bigintToBytes(record.least), bigintToBytes(record.bound ?? 0n)];
    case 'closed':
      return [Uint8Array.of(5), ...viewItems(record)];
    case 'released':
      return [Uint8Array.of(6), ...viewItems(record), record.prepares.map(prepareItem)];
  }
}

function readRecord(fields: FieldReader): LogRecord | undefined {
  switch (fields.round()) {
    case 1: {
      const message = readInnerMessage(fields);
      return message === undefined ? undefined : { kind: 'message', message };
    }
    case 2: {
      const place = { height: fields.height(), digest: fields.hash() };
      return { kind: 'block', ...place, block: fields.bytes() };
    }
    case 3:
      return { kind: 'certificate', height: fields.height(), prepares: readPrepares(fields) };
    case 4: {
      const [least, bound] = [fields.height(), fields.height()];
      return { kind: 'lost', least, bound: bound === 0n ? undefined : bound };
    }
    case 5:
      return { kind: 'closed', ...readView(fields) };
    case 6:
      return { kind: 'released', ...readView(fields), prepares: readPrepares(fields) };
    default:
      return undefined;
  }
}

function readInnerMessage(fields: FieldReader): QbftMessage | undefined {
  const inner = fields.list();
  const message = readMessage(inner);
  inner.end();
  if (message?.kind !== 'report') return message;
  fields.fail('reports are not logged');
  return undefined;
}
