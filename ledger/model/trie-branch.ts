/**
 * Branches by their encoding. A branch that comes from the store is changed in one to sixteen children
 * and hashed again; taking it apart into seventeen items for that would cost more than the hash. So its
 * bytes are kept, a child is found by walking over the ones before it, and where a child's hash gives
 * way to another the new encoding is a copy with 32 other bytes.
 */
import type { Arena } from './arena.ts';
import { HASH_HEAD, type TrieReference } from './trie-reference.ts';

/** A branch without a value, as it is stored. */
export type StoredBranch = { readonly kind: 'stored-branch'; readonly encoded: Uint8Array };

const EMPTY_STRING = 0x80;

/** Whether the bytes are a branch without a value, in canonical form. */
export function isPlainBranch(bytes: Uint8Array): boolean {
  const start = payloadStart(bytes);
  if (start === 0) return false;
  let at = start;
  for (let nibble = 0; nibble < 16; nibble += 1) {
    const length = itemLength(bytes[at]);
    if (length === 0) return false;
    at += length;
  }
  return at === bytes.length - 1 && bytes[at] === EMPTY_STRING;
}

/** Where the payload of a list that fills `bytes` starts; 0 if it is not such a list. */
function payloadStart(bytes: Uint8Array): number {
  const head = bytes[0] as number;
  const { length } = bytes;
  if (head >= 0xc0 && head <= 0xf7) return head - 0xc0 === length - 1 ? 1 : 0;
  // 17 items take at most 16 times 33 bytes and one.
  if (head === 0xf8) return bytes[1] === length - 2 && length - 2 > 55 ? 2 : 0;
  if (head !== 0xf9 || length < 259) return 0;
  return ((bytes[1] as number) << 8) + (bytes[2] as number) === length - 3 ? 3 : 0;
}

/** Length of a child's item by its first byte: nothing, a hash, or a node of less than 32 bytes; 0 for anything else. */
function itemLength(head: number | undefined): number {
  if (head === EMPTY_STRING) return 1;
  if (head === HASH_HEAD) return 33;
  return head !== undefined && head >= 0xc0 && head <= 0xde ? head - 0xbf : 0;
}

function startOf(encoded: Uint8Array, nibble: number): number {
  let at = encoded[0] === 0xf9 ? 3 : encoded[0] === 0xf8 ? 2 : 1;
  for (let before = 0; before < nibble; before += 1) at += itemLength(encoded[at]);
  return at;
}

export function storedChild(encoded: Uint8Array, nibble: number): TrieReference | undefined {
  const start = startOf(encoded, nibble);
  const length = itemLength(encoded[start]);
  return length === 1
    ? undefined
    : { kind: 'reference', source: encoded, start, end: start + length };
}

/** All sixteen. */
export function storedChildren(encoded: Uint8Array): (TrieReference | undefined)[] {
  const children: (TrieReference | undefined)[] = [];
  let at = startOf(encoded, 0);
  for (let nibble = 0; nibble < 16; nibble += 1) {
    const length = itemLength(encoded[at]);
    children.push(
      length === 1
        ? undefined
        : { kind: 'reference', source: encoded, start: at, end: at + length },
    );
    at += length;
  }
  return children;
}

/**
 * The encoding with other hashes in the places of `changed`; undefined if one of the places did not
 * hold a hash or is to hold something else, so that the lengths change.
 */
export function withOtherHashes(
  encoded: Uint8Array,
  changed: readonly number[],
  references: readonly TrieReference[],
  arena: Arena,
): Uint8Array | undefined {
  const patched = arena(encoded.length);
  patched.set(encoded);
  let at = startOf(encoded, 0);
  let nibble = 0;
  for (let i = 0; i < changed.length; i += 1) {
    for (; nibble < (changed[i] as number); nibble += 1) at += itemLength(encoded[at]);
    const { source, start } = references[i] as TrieReference;
    if (encoded[at] !== HASH_HEAD || source[start] !== HASH_HEAD) return undefined;
    // A loop: `set` wants a subarray, and making one costs more than 32 bytes.
    for (let k = 1; k <= 32; k += 1) patched[at + k] = source[start + k] as number;
  }
  return patched;
}
