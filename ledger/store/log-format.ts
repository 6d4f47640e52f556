/**
 * The bytes of the consensus log (docs/spec/ledger.md, L-3).
 *
 * Each record's head checksum continues that of the record before it, the first one that of the file's
 * header. So a record that was moved, repeated, left out or taken from another log does not fit, and
 * a flipped length is told from a record that was not written to its end.
 */
import { type Address, asAddress, asHash, type Hash } from '../model/index.ts';
import { crc32c } from './checksum.ts';

/** Which chain and which validator a log is bound to. */
export type LogBinding = { readonly genesisHash: Hash; readonly validator: Address };

const LOG_VERSION = 1;
/** Magic 8, version 4, genesis hash 32, validator 20, checksum 4. */
export const LOG_HEADER_LENGTH = 68;
/** Length 4, checksum of the payload 4, checksum of the chain 4. */
export const RECORD_HEAD_LENGTH = 12;
/** The largest payload in bytes; a record holds at most one block body. */
const MAX_RECORD_LENGTH = 64 * 1024 * 1024;

const MAGIC = new TextEncoder().encode('EHB-CLOG');

export type DecodedLogHeader =
  | { readonly kind: 'header'; readonly binding: LogBinding; readonly chain: number }
  | { readonly kind: 'unknown-version'; readonly version: number }
  | { readonly kind: 'damaged' };

export function encodeLogHeader({ genesisHash, validator }: LogBinding): Uint8Array {
  const bytes = new Uint8Array(LOG_HEADER_LENGTH);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, LOG_VERSION);
  bytes.set(genesisHash, 12);
  bytes.set(validator, 44);
  view.setUint32(64, crc32c(bytes.subarray(0, 64)));
  return bytes;
}

/** The checksum that the first record continues. */
export function chainOf(header: Uint8Array): number {
  return viewOf(header).getUint32(64);
}

/** `chain` is the checksum that the first record continues. */
export function decodeLogHeader(file: Uint8Array): DecodedLogHeader {
  if (file.length < LOG_HEADER_LENGTH) return { kind: 'damaged' };
  const view = viewOf(file);
  const chain = chainOf(file);
  if (chain !== crc32c(file.subarray(0, 64))) return { kind: 'damaged' };
  if (MAGIC.some((byte, at) => file[at] !== byte)) return { kind: 'damaged' };
  const version = view.getUint32(8);
  if (version !== LOG_VERSION) return { kind: 'unknown-version', version };
  const genesisHash = asHash(file.slice(12, 44));
  return {
    kind: 'header',
    binding: { genesisHash, validator: asAddress(file.slice(44, 64)) },
    chain,
  };
}

/** Records as they go into the file after one whose head checksum is `chain`. */
export function encodeRecords(
  payloads: readonly Uint8Array[],
  chain: number,
): { readonly bytes: Uint8Array; readonly chain: number } {
  const total = payloads.reduce((sum, { length }) => sum + RECORD_HEAD_LENGTH + length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let last = chain;
  for (const payload of payloads) {
    if (payload.length > MAX_RECORD_LENGTH) {
      throw new RangeError(`a log record has at most ${MAX_RECORD_LENGTH} bytes`);
    }
    view.setUint32(at, payload.length);
    view.setUint32(at + 4, crc32c(payload));
    last = crc32c(bytes.subarray(at, at + 8), last);
    view.setUint32(at + 8, last);
    bytes.set(payload, at + RECORD_HEAD_LENGTH);
    at += RECORD_HEAD_LENGTH + payload.length;
  }
  return { bytes, chain: last };
}

export type DecodedRecords = {
  readonly payloads: Uint8Array[];
  /** Where the whole records end; the file is longer if its last record was not written to its end. */
  readonly end: number;
  readonly chain: number;
  /** Where the first record that was not written like that begins; undefined in a sound file. */
  readonly damagedAt: number | undefined;
};

/** Reads the records from `start` on. Only missing bytes make a torn tail; wrong bytes are damage. */
export function decodeRecords(file: Uint8Array, start: number, chain: number): DecodedRecords {
  const view = viewOf(file);
  const payloads: Uint8Array[] = [];
  let at = start;
  let last = chain;
  const result = (damagedAt?: number): DecodedRecords => ({
    payloads,
    end: at,
    chain: last,
    damagedAt,
  });
  while (file.length - at >= RECORD_HEAD_LENGTH) {
    const length = view.getUint32(at);
    const head = crc32c(file.subarray(at, at + 8), last);
    if (head !== view.getUint32(at + 8) || length > MAX_RECORD_LENGTH) return result(at);
    const from = at + RECORD_HEAD_LENGTH;
    if (from + length > file.length) return result();
    const payload = file.slice(from, from + length);
    if (crc32c(payload) !== view.getUint32(at + 4)) return result(at);
    payloads.push(payload);
    last = head;
    at = from + length;
  }
  return result();
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
