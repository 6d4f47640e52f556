/**
 * Parts of a trie that can be checked by themselves: all entries whose keys begin with some nibbles, and the nodes
 * on the way from the root to their place. Entries that are missing, altered or too many give another node there.
 */
import { keccak256 } from '#crypto';
import { equalBytes, type Hash, plainBytes } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { invariant, type Refusal, refuse, type Verdict } from './errors.ts';
import { storedChild } from './trie-branch.ts';
import { buildSubtrie, encodeAt } from './trie-build.ts';
import { isStrictlySorted, nibbleAt, type TrieEntry } from './trie-keys.ts';
import type { ReadTrieNode } from './trie-load.ts';
import { decodeTrieNode } from './trie-node.ts';
import {
  hashReference,
  isHashReference,
  referenceContent,
  type TrieReference,
} from './trie-reference.ts';

/** A node that is stored, at its place: one nibble a byte. */
export type PlacedNode = { readonly path: Uint8Array; readonly node: Uint8Array };

/** What is found on the way to a place. */
type Way =
  /** A node `depth` nibbles below the root, at the place or below it where an extension leads past it. */
  | { readonly kind: 'node'; readonly reference: TrieReference; readonly path: Uint8Array }
  /** The only entry there is, in a leaf above the place. */
  | { readonly kind: 'leaf'; readonly path: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'nothing' };

/**
 * The nodes above a place (nibbles, one a byte), from the root down.
 * @throws InvariantError if the stored trie lacks a node
 */
export function proveSubtrie(
  root: Hash,
  readNode: ReadTrieNode,
  place: Uint8Array,
): readonly Uint8Array[] {
  if (place.length === 0 || equalBytes(root, EMPTY_ROOT)) return [];
  const proof: Uint8Array[] = [];
  const way = walk(root, place, (_hash, path) => {
    const node = readNode(path);
    invariant(node !== undefined, 'a trie node that a parent names is stored at its path');
    proof.push(node);
    return node;
  });
  invariant(way !== undefined, 'a stored trie consists of nodes');
  return proof;
}

/**
 * The nodes of the part of a trie below a place, and above it, if `entries` are all that is there: sorted by key,
 * none empty. Refuses with `MODEL_PROOF_INVALID`.
 * @param place nibbles, one a byte, at most twice the length of a key
 */
export function verifySubtrie(
  root: Hash,
  place: Uint8Array,
  proof: readonly Uint8Array[],
  entries: readonly TrieEntry[],
): Verdict<{ readonly above: readonly PlacedNode[]; readonly below: readonly PlacedNode[] }> {
  if (!isStrictlySorted(entries) || entries.some(({ value }) => value.length === 0)) {
    return refuseProof('has entries out of order');
  }
  if (equalBytes(root, EMPTY_ROOT)) {
    const isEmpty = entries.length === 0 && proof.length === 0;
    return isEmpty ? { ok: true, above: [], below: [] } : refuseProof('is of an empty trie');
  }
  const above: PlacedNode[] = [];
  const way = walk(root, place, (hash, path) => {
    const node = proof[above.length];
    if (node === undefined || !equalBytes(keccak256(node), hash)) return undefined;
    const plain = plainBytes(node);
    above.push({ path, node: plain });
    return plain;
  });
  if (way === undefined) return refuseProof(`differs at node ${above.length}`);
  if (above.length !== proof.length) return refuseProof('is too long');
  switch (way.kind) {
    case 'nothing':
      return entries.length === 0 ? { ok: true, above, below: [] } : refuseProof('shows nothing');
    case 'leaf': {
      const isBelow = startsWith(way.path, place);
      const [only] = entries;
      const isIt =
        only !== undefined &&
        entries.length === 1 &&
        isKey(only.key, way.path) &&
        equalBytes(only.value, way.value);
      const holds = isBelow ? isIt : entries.length === 0;
      return holds ? { ok: true, above, below: [] } : refuseProof('shows another entry');
    }
    case 'node':
      return verifyNode(way, place, entries, above);
  }
}

function verifyNode(
  { reference, path }: Extract<Way, { kind: 'node' }>,
  place: Uint8Array,
  entries: readonly TrieEntry[],
  above: readonly PlacedNode[],
): ReturnType<typeof verifySubtrie> {
  if (!startsWith(path, place)) {
    return entries.length === 0 ? { ok: true, above, below: [] } : refuseProof('leads elsewhere');
  }
  if (entries.length === 0 || !entries.every(({ key }) => beginsWith(key, path))) {
    return refuseProof('has no entries, or entries of another place');
  }
  const below: PlacedNode[] = [];
  const encoded = encodeAt(
    path,
    buildSubtrie(entries, 0, entries.length, path.length),
    (at, depth, node) => {
      invariant(node !== undefined, 'a trie that is made anew replaces nothing');
      below.push({ path: at.slice(0, depth), node });
    },
  );
  const content = referenceContent(reference);
  const isSame = isHashReference(reference)
    ? equalBytes(keccak256(encoded), content)
    : equalBytes(encoded, content);
  return isSame ? { ok: true, above, below } : refuseProof('is of other entries');
}

/** Undefined if a node is not there or none. */
function walk(
  root: Hash,
  place: Uint8Array,
  read: (hash: Uint8Array, path: Uint8Array) => Uint8Array | undefined,
): Way | undefined {
  let reference = hashReference(root);
  let path: Uint8Array = new Uint8Array(0);
  while (path.length < place.length && startsWith(place, path)) {
    const content = referenceContent(reference);
    const encoded = isHashReference(reference) ? read(content, path) : content;
    const node = encoded === undefined ? undefined : decodeTrieNode(encoded);
    if (node === undefined || node.kind === 'patched-branch') return undefined;
    if (node.kind === 'leaf') {
      return { kind: 'leaf', path: joined(path, node.path), value: node.value };
    }
    if (node.kind === 'extension') {
      path = joined(path, node.path);
      // A decoded node has references only.
      reference = node.child as TrieReference;
      continue;
    }
    const nibble = place[path.length] as number;
    const child =
      node.kind === 'stored-branch'
        ? storedChild(node.encoded, nibble)
        : (node.children[nibble] as TrieReference | undefined);
    if (child === undefined) return { kind: 'nothing' };
    path = joined(path, Uint8Array.of(nibble));
    reference = child;
  }
  return { kind: 'node', reference, path };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const path = new Uint8Array(first.length + second.length);
  path.set(first);
  path.set(second, first.length);
  return path;
}

/** Whether the shorter of two paths is the beginning of the other. */
function startsWith(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

function beginsWith(key: Uint8Array, path: Uint8Array): boolean {
  if (key.length * 2 < path.length) return false;
  return path.every((nibble, index) => nibbleAt(key, index) === nibble);
}

function isKey(key: Uint8Array, path: Uint8Array): boolean {
  return key.length * 2 === path.length && beginsWith(key, path);
}

function refuseProof(fault: string): Refusal {
  return refuse('MODEL_PROOF_INVALID', `the part of the trie ${fault}`);
}
