/**
 * Nodes of the Merkle-Patricia trie (yellow paper, appendix D) and their encoding.
 *
 * A child is kept as its parent's encoding has it (a `reference`: 33 bytes of a hash, or the whole
 * of a node shorter than 32 bytes) until something below it changes: what is not touched is neither
 * decoded nor hashed again.
 */
import { encodeRlp, headLength, writeHead } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';

/** An encoded reference, a node in memory, or nothing. */
export type TrieChild = Uint8Array | TrieNode | undefined;

/** Paths have one nibble (0-15) a byte. */
export type TrieNode =
  | { readonly kind: 'leaf'; readonly path: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'extension'; readonly path: Uint8Array; readonly child: Uint8Array | TrieNode }
  | TrieBranch;

export type TrieBranch = {
  readonly kind: 'branch';
  /** 16. */
  readonly children: readonly TrieChild[];
  /** Empty if no key ends here. */
  readonly value: Uint8Array;
};

const HASH_HEAD = 0xa0;
const EMPTY_STRING = 0x80;
export const NO_VALUE: Uint8Array = new Uint8Array(0);

/** The reference by which a parent names a node of 32 bytes or more. */
export function hashReference(hash: Uint8Array): Uint8Array {
  const reference = new Uint8Array(33);
  reference[0] = HASH_HEAD;
  reference.set(hash, 1);
  return reference;
}

/** The hash that a reference carries; undefined if it is the node itself. */
export function referencedHash(reference: Uint8Array): Uint8Array | undefined {
  return reference[0] === HASH_HEAD ? reference.subarray(1) : undefined;
}

/** Undefined if the bytes are no canonical node. References and values are views of `bytes`. */
export function decodeTrieNode(bytes: Uint8Array): TrieNode | undefined {
  const reader = new RlpReader(bytes);
  const end = reader.enterList();
  const items: TrieChild[] = [];
  while (reader.hasMore(end) && items.length < 17) {
    if (bytes[reader.position] === EMPTY_STRING) {
      reader.position += 1;
      items.push(undefined);
    } else {
      items.push(reader.raw());
    }
  }
  reader.leaveList(end);
  reader.finish();
  if (reader.fault !== undefined) return undefined;
  if (items.length === 17) return decodeBranch(items as (Uint8Array | undefined)[]);
  return items.length === 2 ? decodePathNode(items as (Uint8Array | undefined)[]) : undefined;
}

function decodeBranch(items: (Uint8Array | undefined)[]): TrieBranch | undefined {
  const valueItem = items.pop();
  const value = valueItem === undefined ? NO_VALUE : stringOf(valueItem);
  if (value === undefined || !items.every(isReferenceOrEmpty)) return undefined;
  return { kind: 'branch', children: items, value };
}

function decodePathNode(items: (Uint8Array | undefined)[]): TrieNode | undefined {
  const [pathItem, content] = items;
  const packed = pathItem === undefined ? undefined : stringOf(pathItem);
  if (packed === undefined || content === undefined) return undefined;
  const flags = (packed[0] as number) >> 4;
  const isOdd = (flags & 1) === 1;
  if (flags > 3 || (!isOdd && packed[0] !== flags << 4)) return undefined;
  const path = unpackPath(packed, isOdd);
  if (flags >= 2) {
    const value = stringOf(content);
    return value === undefined ? undefined : { kind: 'leaf', path, value };
  }
  if (path.length === 0 || !isReferenceOrEmpty(content)) return undefined;
  return { kind: 'extension', path, child: content };
}

/** A hash, or a list shorter than 32 bytes. */
function isReferenceOrEmpty(item: Uint8Array | undefined): boolean {
  if (item === undefined) return true;
  return item[0] === HASH_HEAD
    ? item.length === 33
    : (item[0] as number) >= 0xc0 && item.length < 32;
}

/** The content of an encoded string; undefined for a list or the empty string. */
function stringOf(item: Uint8Array): Uint8Array | undefined {
  const reader = new RlpReader(item);
  const content = reader.string();
  return reader.fault === undefined && content.length > 0 ? content : undefined;
}

function unpackPath(packed: Uint8Array, isOdd: boolean): Uint8Array {
  const path = new Uint8Array(packed.length * 2 - (isOdd ? 1 : 2));
  let at = 0;
  if (isOdd) {
    path[0] = (packed[0] as number) & 15;
    at = 1;
  }
  for (let i = 1; i < packed.length; i += 1) {
    const byte = packed[i] as number;
    path[at] = byte >> 4;
    path[at + 1] = byte & 15;
    at += 2;
  }
  return path;
}

/** Encodes a leaf, or an extension whose child has the given reference. */
export function encodePathNode(
  path: Uint8Array,
  isLeaf: boolean,
  valueOrReference: Uint8Array,
): Uint8Array {
  const pathItem = encodeRlp(packPath(path, isLeaf));
  const content = isLeaf ? encodeRlp(valueOrReference) : valueOrReference;
  const length = pathItem.length + content.length;
  const bytes = new Uint8Array(headLength(length) + length);
  const start = writeHead(bytes, 0, length, 0xc0);
  bytes.set(pathItem, start);
  bytes.set(content, start + pathItem.length);
  return bytes;
}

/** Encodes a branch whose children are given as references. */
export function encodeBranch(
  references: readonly (Uint8Array | undefined)[],
  value: Uint8Array,
): Uint8Array {
  const valueItem = encodeRlp(value);
  let length = valueItem.length;
  for (const reference of references) length += reference?.length ?? 1;
  const bytes = new Uint8Array(headLength(length) + length);
  let offset = writeHead(bytes, 0, length, 0xc0);
  for (const reference of references) {
    if (reference === undefined) {
      bytes[offset] = EMPTY_STRING;
      offset += 1;
    } else {
      bytes.set(reference, offset);
      offset += reference.length;
    }
  }
  bytes.set(valueItem, offset);
  return bytes;
}

/** Hex-prefix encoding: a flag nibble (2 leaf, 1 odd), padded to whole bytes. */
function packPath(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const isOdd = path.length % 2 === 1;
  const packed = new Uint8Array((path.length >> 1) + 1);
  const flags = (isLeaf ? 0x20 : 0) | (isOdd ? 0x10 : 0);
  packed[0] = isOdd ? flags | (path[0] as number) : flags;
  for (let i = isOdd ? 1 : 0, at = 1; i < path.length; i += 2, at += 1) {
    packed[at] = ((path[i] as number) << 4) | (path[i + 1] as number);
  }
  return packed;
}
