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
import { decodeVersioned, messageItem, prepareItem, readMessage, readPrepares } from './codec.ts';
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
    };

const LOG_VERSION = 1;

/** The height of a record: once that height is final, the record has done its work. */
export function heightOf(record: LogRecord): Height {
  switch (record.kind) {
    case 'message':
      return record.message.signed.height;
    case 'block':
    case 'certificate':
      return record.height;
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
    default:
      return undefined;
  }
}

function readInnerMessage(fields: FieldReader): QbftMessage | undefined {
  const inner = fields.list();
  const message = readMessage(inner);
  inner.end();
  return message;
}
