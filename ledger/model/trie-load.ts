/** One pass over a stored trie, and how it comes to the nodes on its way. */
import { keccak256, keccak256Into } from '#crypto';
import type { Arena } from './arena.ts';
import { equalBytes, type Hash } from './bytes.ts';
import { invariant } from './errors.ts';
import { nibblesFrom, type TrieEntry } from './trie-keys.ts';
import { decodeTrieNode, encodeLeaf, type TrieNode } from './trie-node.ts';
import { isHashReference, referenceContent, type TrieReference } from './trie-reference.ts';

/** RLP of the node at a path (one nibble a byte); undefined if none is stored there. */
export type ReadTrieNode = (path: Uint8Array) => Uint8Array | undefined;

/** How the nodes of a stored trie are found. */
export type TrieNodes = {
  readonly read: ReadTrieNode;
  /** What can be had without reading the disk; undefined says nothing. */
  readonly inMemory?: ReadTrieNode;
};

export type Pass = {
  readonly nodes: TrieNodes;
  /** Its first `depth` nibbles are the place of the node at hand. */
  readonly path: Uint8Array;
  /** Places of stored nodes where something else stands now, or nothing. */
  readonly replaced: Uint8Array[];
  readonly scratch: Arena;
  /** 32 bytes for a hash to be compared. */
  readonly digest: Uint8Array;
};

export function loadRoot(root: Hash, pass: Pass): TrieNode {
  const encoded = pass.nodes.read(new Uint8Array(0));
  const node =
    encoded !== undefined && equalBytes(keccak256(encoded), root)
      ? decodeTrieNode(encoded)
      : undefined;
  invariant(node !== undefined, 'the stored trie is the one that its root names');
  return node;
}

/** The node behind a reference. */
export function load(reference: TrieReference, pass: Pass, depth: number): TrieNode {
  const encoded = isHashReference(reference)
    ? pass.nodes.read(pass.path.subarray(0, depth))
    : referenceContent(reference);
  const node = encoded === undefined ? undefined : decodeTrieNode(encoded);
  invariant(node !== undefined, 'a trie node that a parent names is stored at its path');
  return node;
}

/**
 * The same for the way to a single change. If the value before is known, the node may be told without
 * reading it: it is that leaf if it has that leaf's hash.
 */
export function loadOneWay(
  reference: TrieReference,
  pass: Pass,
  { key, before }: TrieEntry,
  depth: number,
): TrieNode {
  if (before === undefined || !isHashReference(reference)) return load(reference, pass, depth);
  const known = pass.nodes.inMemory?.(pass.path.subarray(0, depth));
  const node = known === undefined ? undefined : decodeTrieNode(known);
  if (node !== undefined) return node;
  const value = before();
  if (value !== undefined && value.length > 0) {
    const path = nibblesFrom(key, depth);
    const leaf = encodeLeaf(path, value, pass.scratch);
    if (leaf.length >= 32 && isHashOf(leaf, reference, pass.digest)) {
      return { kind: 'leaf', path, value };
    }
  }
  return load(reference, pass, depth);
}

function isHashOf(
  encoded: Uint8Array,
  { source, start }: TrieReference,
  digest: Uint8Array,
): boolean {
  keccak256Into(encoded, digest, 0);
  for (let i = 0; i < 32; i += 1) if (digest[i] !== source[start + 1 + i]) return false;
  return true;
}
