/** Tries made from nothing, and the pass that gives nodes in memory their hashes. */
import { keccak256, keccak256Into } from '#crypto';
import { type Arena, createArena } from './arena.ts';
import { compareBytes, type Hash, numberToBytes } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { invariant } from './errors.ts';
import { encodeRlp } from './rlp.ts';
import { storedChildren, withOtherHashes } from './trie-branch.ts';
import {
  endOfRun,
  isStrictlySorted,
  nibbleAt,
  nibblesFrom,
  sharedWithKey,
  type TrieEntry,
} from './trie-keys.ts';
import {
  encodeBranch,
  encodeExtension,
  encodeLeaf,
  NO_VALUE,
  type PatchedBranch,
  type TrieChild,
  type TrieNode,
} from './trie-node.ts';
import { embeddedReference, HASH_HEAD, type TrieReference } from './trie-reference.ts';

/**
 * Root of the trie with these entries, in any order; `sink` is given its nodes.
 * @throws InvariantError on a repeated key
 */
export function trieRoot(entries: readonly TrieEntry[], sink?: NodeSink): Hash {
  const sorted = entries.filter((entry) => entry.value.length > 0);
  sorted.sort((a, b) => compareBytes(a.key, b.key));
  invariant(isStrictlySorted(sorted), 'a trie has one value for each key');
  return sorted.length === 0 ? EMPTY_ROOT : rootOf(buildSubtrie(sorted, 0, sorted.length, 0), sink);
}

/** Root of a list: the trie whose keys are RLP(index). */
export function orderedRoot(values: readonly Uint8Array[]): Hash {
  return trieRoot(values.map((value, index) => ({ key: encodeRlp(numberToBytes(index)), value })));
}

/** The subtrie below `depth` of `entries[start..end)`: sorted, at least one, none a deletion. */
export function buildSubtrie(
  entries: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieNode {
  const first = entries[start] as TrieEntry;
  if (end - start === 1) {
    return { kind: 'leaf', path: nibblesFrom(first.key, depth), value: first.value };
  }
  const last = entries[end - 1] as TrieEntry;
  const shared = sharedWithKey(first.key, last.key, depth);
  const branch = buildBranch(entries, start, end, depth + shared);
  if (shared === 0) return branch;
  const path = nibblesFrom(first.key, depth).subarray(0, shared);
  return { kind: 'extension', path, child: branch };
}

function buildBranch(
  entries: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieNode {
  const children: TrieChild[] = new Array(16).fill(undefined);
  const first = entries[start] as TrieEntry;
  const endsHere = first.key.length * 2 === depth;
  for (let at = endsHere ? start + 1 : start; at < end; ) {
    const next = endOfRun(entries, at, end, depth);
    const nibble = nibbleAt((entries[at] as TrieEntry).key, depth);
    children[nibble] = buildSubtrie(entries, at, next, depth + 1);
    at = next;
  }
  return { kind: 'branch', children, value: endsHere ? first.value : NO_VALUE };
}

/** What the nodes of one pass share at a time. */
const CHUNK_BYTES: number = 16 * 1024;

/**
 * Called for each node that is known by its hash, children before parents; with undefined for one that
 * was, and has become so short that its parent holds it.
 */
export type NodeSink = (path: Uint8Array, depth: number, encoded: Uint8Array | undefined) => void;

/** Hash of a root node, with all that hangs in memory below it. */
export function rootOf(root: TrieNode, sink?: NodeSink): Hash {
  const path = new Uint8Array(128);
  const arena = createArena(CHUNK_BYTES);
  const encoded = encodeNode(
    root,
    { path, sink, arena, referenceByHash: createReferenceMaker() },
    0,
  );
  sink?.(path, 0, encoded);
  return keccak256(encoded);
}

/**
 * The encoding of a node at a place (nibbles, one a byte), with all that hangs in memory below it; `sink` is given it
 * as well if it is known by its hash there.
 */
export function encodeAt(place: Uint8Array, node: TrieNode, sink: NodeSink): Uint8Array {
  const path = new Uint8Array(128);
  path.set(place);
  const arena = createArena(CHUNK_BYTES);
  const pass = { path, sink, arena, referenceByHash: createReferenceMaker() };
  const encoded = encodeNode(node, pass, place.length);
  if (encoded.length >= 32 || place.length === 0) sink(path, place.length, encoded);
  return encoded;
}

/** `path` is one buffer for the whole pass: its first `depth` nibbles are the node's place. */
type Pass = {
  path: Uint8Array;
  readonly sink: NodeSink | undefined;
  readonly arena: Arena;
  readonly referenceByHash: (encoded: Uint8Array) => TrieReference;
};

function encodeNode(node: TrieNode, pass: Pass, depth: number): Uint8Array {
  switch (node.kind) {
    case 'leaf':
      return encodeLeaf(node.path, node.value, pass.arena);
    case 'extension': {
      const below = depth + node.path.length;
      placeNibbles(pass, node.path, depth);
      return encodeExtension(node.path, referenceTo(node.child, pass, below), pass.arena);
    }
    case 'branch': {
      const references = node.children.map((child, nibble) => {
        if (child === undefined || child.kind === 'reference') return child;
        placeNibble(pass, nibble, depth);
        return referenceTo(child, pass, depth + 1);
      });
      return encodeBranch(references, node.value, pass.arena);
    }
    case 'stored-branch':
      return node.encoded;
    case 'patched-branch':
      return encodePatched(node, pass, depth);
  }
}

function encodePatched(
  { encoded, changed, children }: PatchedBranch,
  pass: Pass,
  depth: number,
): Uint8Array {
  const references = children.map((child, index) => {
    placeNibble(pass, changed[index] as number, depth);
    return referenceTo(child, pass, depth + 1);
  });
  const patched = withOtherHashes(encoded, changed, references, pass.arena);
  if (patched !== undefined) return patched;
  const all = storedChildren(encoded);
  for (const [index, nibble] of changed.entries()) all[nibble] = references[index];
  return encodeBranch(all, NO_VALUE, pass.arena);
}

function referenceTo(child: TrieReference | TrieNode, pass: Pass, depth: number): TrieReference {
  if (child.kind === 'reference') return child;
  const encoded = encodeNode(child, pass, depth);
  if (encoded.length < 32) {
    if (replacesStored(child)) pass.sink?.(pass.path, depth, undefined);
    return embeddedReference(encoded);
  }
  pass.sink?.(pass.path, depth, encoded);
  return pass.referenceByHash(encoded);
}

const HASHES_A_CHUNK = 128;

/** References by hash that share memory, as many as are made in one pass. */
function createReferenceMaker(): (encoded: Uint8Array) => TrieReference {
  let source = NO_VALUE;
  let start = 0;
  return (encoded) => {
    if (start === source.length) {
      source = new Uint8Array(33 * HASHES_A_CHUNK);
      start = 0;
    }
    source[start] = HASH_HEAD;
    keccak256Into(encoded, source, start + 1);
    const end = start + 33;
    const reference: TrieReference = { kind: 'reference', source, start, end };
    start = end;
    return reference;
  };
}

/** Whether the node stands where a stored one stood, of which nobody else keeps count. */
export function replacesStored(node: TrieNode): boolean {
  if (node.kind === 'leaf') return node.replacesStored === true;
  return node.kind === 'patched-branch' && node.encoded.length >= 32;
}

function placeNibble(pass: Pass, nibble: number, depth: number): void {
  if (depth >= pass.path.length) pass.path = grow(pass.path, depth + 1);
  pass.path[depth] = nibble;
}

function placeNibbles(pass: Pass, nibbles: Uint8Array, depth: number): void {
  const end = depth + nibbles.length;
  if (end > pass.path.length) pass.path = grow(pass.path, end);
  pass.path.set(nibbles, depth);
}

/** Only tries with keys of more than 64 bytes come here. */
function grow(path: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length * 2);
  longer.set(path);
  return longer;
}
