/**
 * Nodes of the Merkle-Patricia trie (yellow paper, appendix D) and their encoding.
 *
 * A child is kept as its parent's encoding has it until something below it changes: what is not
 * touched is neither decoded nor hashed again. Such a `TrieReference` is a plain object and not a
 * subarray, because a branch has sixteen and making that many typed arrays costs more than hashing it.
 */
import type { Arena } from './arena.ts';
import { encodeRlp, headLength, writeHead } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import { isPlainBranch, type StoredBranch } from './trie-branch.ts';
import { HASH_HEAD, type TrieReference } from './trie-reference.ts';

export type TrieChild = TrieReference | TrieNode | undefined;

/** Paths have one nibble (0-15) a byte. */
export type TrieNode =
  | TrieLeaf
  | {
      readonly kind: 'extension';
      readonly path: Uint8Array;
      readonly child: TrieReference | TrieNode;
    }
  | TrieBranch
  | StoredBranch
  | PatchedBranch;

/** A stored branch with other children in the places of `changed`; none is taken away. */
export type PatchedBranch = {
  readonly kind: 'patched-branch';
  readonly encoded: Uint8Array;
  /** Nibbles, ascending. */
  readonly changed: readonly number[];
  readonly children: readonly (TrieReference | TrieNode)[];
};

export type TrieLeaf = {
  readonly kind: 'leaf';
  readonly path: Uint8Array;
  readonly value: Uint8Array;
  /** It takes the place of a stored leaf with the same path. */
  readonly replacesStored?: boolean;
};

export type TrieBranch = {
  readonly kind: 'branch';
  /** 16. */
  readonly children: readonly TrieChild[];
  /** Empty if no key ends here. */
  readonly value: Uint8Array;
};

const EMPTY_STRING = 0x80;
export const NO_VALUE: Uint8Array = new Uint8Array(0);

/** Undefined if the bytes are no canonical node. References and values are views of `bytes`. */
export function decodeTrieNode(bytes: Uint8Array): TrieNode | undefined {
  if (isPlainBranch(bytes)) return { kind: 'stored-branch', encoded: bytes };
  const reader = new RlpReader(bytes);
  const end = reader.enterList();
  const items: (TrieReference | undefined)[] = [];
  while (reader.hasMore(end) && items.length < 17) {
    const start = reader.position;
    reader.skip();
    items.push(
      bytes[start] === EMPTY_STRING
        ? undefined
        : { kind: 'reference', source: bytes, start, end: reader.position },
    );
  }
  reader.leaveList(end);
  reader.finish();
  if (reader.fault !== undefined) return undefined;
  if (items.length === 17) return decodeBranch(items);
  return items.length === 2 ? decodePathNode(items[0], items[1]) : undefined;
}

function decodeBranch(items: (TrieReference | undefined)[]): TrieBranch | undefined {
  const valueItem = items.pop();
  const value = valueItem === undefined ? NO_VALUE : stringOf(valueItem);
  if (value === undefined || !items.every(isReferenceOrEmpty)) return undefined;
  return { kind: 'branch', children: items, value };
}

function decodePathNode(
  pathItem: TrieReference | undefined,
  content: TrieReference | undefined,
): TrieNode | undefined {
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
function isReferenceOrEmpty(item: TrieReference | undefined): boolean {
  if (item === undefined) return true;
  const length = item.end - item.start;
  const head = item.source[item.start] as number;
  return head === HASH_HEAD ? length === 33 : head >= 0xc0 && length < 32;
}

/** The content of an encoded string; undefined for a list or the empty string. */
function stringOf({ source, start, end }: TrieReference): Uint8Array | undefined {
  const reader = new RlpReader(source, start, end);
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

/**
 * Whether the first `length` bytes, the encoding of a node, are that of a leaf: a list of two strings, the first of
 * them flagged.
 */
export function isLeafNode(encoded: Uint8Array, length: number): boolean {
  const head = encoded[0] as number;
  const path = head > 0xf7 ? head - 0xf6 : 1;
  const pathHead = encoded[path] as number;
  if (pathHead > 0xb7) return false;
  const flags = pathHead < EMPTY_STRING ? pathHead : (encoded[path + 1] as number);
  if (flags < 0x20 || flags > 0x3f) return false;
  const value = pathHead < EMPTY_STRING ? path + 1 : path + 1 + pathHead - EMPTY_STRING;
  const valueHead = encoded[value] as number;
  if (valueHead < EMPTY_STRING) return value + 1 === length;
  if (valueHead <= 0xb7) return value + 1 + valueHead - EMPTY_STRING === length;
  if (valueHead > 0xbf) return false;
  let valueLength = 0;
  const start = value + valueHead - 0xb6;
  for (let at = value + 1; at < start; at += 1)
    valueLength = valueLength * 256 + (encoded[at] as number);
  return start + valueLength === length;
}

export function encodeLeaf(path: Uint8Array, value: Uint8Array, arena: Arena): Uint8Array {
  const pathLength = packedLength(path);
  const valueLength =
    value.length === 1 && (value[0] as number) < 0x80 ? 1 : headLength(value.length) + value.length;
  const length = pathLength + valueLength;
  const bytes = arena(headLength(length) + length);
  const offset = writePath(bytes, writeHead(bytes, 0, length, 0xc0), path, true);
  const start =
    valueLength === 1 && value.length === 1 ? offset : writeHead(bytes, offset, value.length, 0x80);
  bytes.set(value, start);
  return bytes;
}

/** An extension whose child is given as a reference. */
export function encodeExtension(path: Uint8Array, child: TrieReference, arena: Arena): Uint8Array {
  const length = packedLength(path) + child.end - child.start;
  const bytes = arena(headLength(length) + length);
  const offset = writePath(bytes, writeHead(bytes, 0, length, 0xc0), path, false);
  writeReference(bytes, offset, child);
  return bytes;
}

/** Encodes a branch whose children are given as references. */
export function encodeBranch(
  references: readonly (TrieReference | undefined)[],
  value: Uint8Array,
  arena: Arena,
): Uint8Array {
  const valueItem = encodeRlp(value);
  let length = valueItem.length;
  for (const reference of references) {
    length += reference === undefined ? 1 : reference.end - reference.start;
  }
  const bytes = arena(headLength(length) + length);
  let offset = writeHead(bytes, 0, length, 0xc0);
  for (const reference of references) {
    if (reference === undefined) {
      bytes[offset] = EMPTY_STRING;
      offset += 1;
    } else {
      offset = writeReference(bytes, offset, reference);
    }
  }
  bytes.set(valueItem, offset);
  return bytes;
}

/** A loop: `set` wants a subarray, and for 33 bytes making it costs more than the copy. */
function writeReference(bytes: Uint8Array, offset: number, reference: TrieReference): number {
  const { source, start, end } = reference;
  let at = offset;
  for (let from = start; from < end; from += 1, at += 1) bytes[at] = source[from] as number;
  return at;
}

/** Length of a path's item: hex-prefix encoding, a flag nibble (2 leaf, 1 odd) and whole bytes. */
function packedLength(path: Uint8Array): number {
  const packed = (path.length >> 1) + 1;
  // One byte below 0x80 is its own item; flags and a nibble never reach it.
  return packed === 1 ? 1 : headLength(packed) + packed;
}

function writePath(bytes: Uint8Array, offset: number, path: Uint8Array, isLeaf: boolean): number {
  const isOdd = path.length % 2 === 1;
  const packed = (path.length >> 1) + 1;
  let at = packed === 1 ? offset : writeHead(bytes, offset, packed, 0x80);
  const flags = (isLeaf ? 0x20 : 0) | (isOdd ? 0x10 : 0);
  bytes[at] = isOdd ? flags | (path[0] as number) : flags;
  at += 1;
  for (let i = isOdd ? 1 : 0; i < path.length; i += 2, at += 1) {
    bytes[at] = ((path[i] as number) << 4) | (path[i + 1] as number);
  }
  return at;
}
