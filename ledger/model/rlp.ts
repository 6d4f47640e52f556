/**
 * RLP (yellow paper, appendix B): encoding, and decoding of whole items.
 *
 * Decoding is strict: each value has one encoding, and every other form is refused, so equal hashes
 * always mean equal bytes. Formats with a fixed shape are read with `rlp-reader.ts` instead, which
 * builds no tree of items.
 */
import { plainBytes } from './bytes.ts';
import { refuse, type Verdict } from './errors.ts';
import { RlpReader } from './rlp-reader.ts';

/** A byte string or a list of items. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Deeper nesting than this is refused; Ethereum's formats need 6. */
export const MAX_RLP_DEPTH = 64;

/**
 * Decodes exactly one item. Byte strings are views of `bytes`.
 * Refuses with a `MODEL_RLP_` code: truncated or trailing bytes, non-minimal forms, deep nesting.
 */
export function decodeRlp(bytes: Uint8Array): Verdict<{ item: RlpItem }> {
  const reader = new RlpReader(plainBytes(bytes));
  const item = readItem(reader, 0);
  reader.finish();
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `not canonical RLP near byte ${reader.position}`);
  }
  return { ok: true, item };
}

function readItem(reader: RlpReader, depth: number): RlpItem {
  if (!reader.nextIsList()) return reader.string();
  if (depth >= MAX_RLP_DEPTH) {
    reader.fail('MODEL_RLP_TOO_DEEP');
    return [];
  }
  const end = reader.enterList();
  const items: RlpItem[] = [];
  while (reader.hasMore(end)) items.push(readItem(reader, depth + 1));
  reader.leaveList(end);
  return items;
}

/** The one canonical encoding of an item. */
export function encodeRlp(item: RlpItem): Uint8Array {
  const bytes = new Uint8Array(encodedLength(item));
  writeItem(bytes, 0, item);
  return bytes;
}

/** The list whose items are already encoded. */
export function encodeListOf(encodedItems: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const item of encodedItems) length += item.length;
  const bytes = new Uint8Array(headLength(length) + length);
  let offset = writeHead(bytes, 0, length, 0xc0);
  for (const item of encodedItems) {
    bytes.set(item, offset);
    offset += item.length;
  }
  return bytes;
}

/** Bytes that the head of a string (not of one byte below 0x80) or list with this payload takes. */
export function headLength(payloadLength: number): number {
  return payloadLength < 56 ? 1 : 1 + lengthOfLength(payloadLength);
}

/** Writes a head; `base` is 0x80 for a string, 0xc0 for a list. Returns the offset after it. */
export function writeHead(
  bytes: Uint8Array,
  offset: number,
  payloadLength: number,
  base: 0x80 | 0xc0,
): number {
  if (payloadLength < 56) {
    bytes[offset] = base + payloadLength;
    return offset + 1;
  }
  const size = lengthOfLength(payloadLength);
  bytes[offset] = base + 55 + size;
  for (let i = size, rest = payloadLength; i > 0; i -= 1) {
    bytes[offset + i] = rest & 0xff;
    rest >>>= 8;
  }
  return offset + 1 + size;
}

function isString(item: RlpItem): item is Uint8Array {
  return item instanceof Uint8Array;
}

function lengthOfLength(length: number): number {
  if (length < 0x100) return 1;
  if (length < 0x10000) return 2;
  return length < 0x1000000 ? 3 : 4;
}

/** Bytes that a string takes with its head. */
export function stringLength(item: Uint8Array): number {
  if (item.length === 1 && (item[0] as number) < 0x80) return 1;
  return headLength(item.length) + item.length;
}

/** Writes a string with its head. Returns the offset after it. */
export function writeString(bytes: Uint8Array, offset: number, item: Uint8Array): number {
  if (item.length === 1 && (item[0] as number) < 0x80) {
    bytes[offset] = item[0] as number;
    return offset + 1;
  }
  const start = writeHead(bytes, offset, item.length, 0x80);
  bytes.set(item, start);
  return start + item.length;
}

function encodedLength(item: RlpItem): number {
  if (isString(item)) return stringLength(item);
  const length = payloadLength(item);
  return headLength(length) + length;
}

function payloadLength(items: readonly RlpItem[]): number {
  let length = 0;
  for (const item of items) length += encodedLength(item);
  return length;
}

function writeItem(bytes: Uint8Array, offset: number, item: RlpItem): number {
  if (isString(item)) return writeString(bytes, offset, item);
  let next = writeHead(bytes, offset, payloadLength(item), 0xc0);
  for (const child of item) next = writeItem(bytes, next, child);
  return next;
}
