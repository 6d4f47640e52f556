/**
 * Changing a stored trie: all changes of a block in one pass over the sorted keys.
 *
 * Nodes are stored by path, not by hash, so the pass also says which old nodes are gone: each stored
 * node that it read and that has no successor at the same path. A node's place in the trie is its
 * path from the root, hence an untouched subtrie never moves, whatever happens above it.
 */
import { keccak256 } from '#crypto';
import { equalBytes, type Hash, keyOf } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { invariant } from './errors.ts';
import { buildSubtrie, rootOf } from './trie-build.ts';
import {
  endOfRun,
  isStrictlySorted,
  joinPaths,
  nibbleAt,
  sharedWithPath,
  type TrieEntry,
} from './trie-keys.ts';
import {
  decodeTrieNode,
  hashReference,
  isHashReference,
  NO_VALUE,
  referenceContent,
  type TrieBranch,
  type TrieChild,
  type TrieNode,
  type TrieReference,
} from './trie-node.ts';

/** RLP of the node at a path (one nibble a byte); undefined if none is stored there. */
export type ReadTrieNode = (path: Uint8Array) => Uint8Array | undefined;

/** A node to store at a path; undefined deletes what is there. */
export type TrieWrite = { readonly path: Uint8Array; readonly node: Uint8Array | undefined };

export type TrieUpdate = { readonly root: Hash; readonly writes: readonly TrieWrite[] };

/**
 * Applies changes to the trie with the given root.
 * @param changes keys strictly ascending; an empty value deletes
 * @throws InvariantError if the stored trie lacks a node or is not the one that `root` names
 */
export function updateTrie(
  root: Hash,
  readNode: ReadTrieNode,
  changes: readonly TrieEntry[],
): TrieUpdate {
  invariant(isStrictlySorted(changes), 'changes to a trie ascend by key');
  if (changes.length === 0) return { root, writes: [] };
  let longest = 0;
  for (const change of changes) longest = Math.max(longest, change.key.length);
  const pass: Pass = { readNode, path: new Uint8Array(longest * 2 + 1), read: [] };
  const before = equalBytes(root, EMPTY_ROOT) ? undefined : loadRoot(root, pass);
  const after =
    before === undefined
      ? updateNothing(changes, 0, changes.length, 0)
      : updateNode(before, before, pass, changes, 0, changes.length, 0);
  // A node read is the node returned: nothing changed.
  return after === before ? { root, writes: [] } : finish(after, pass);
}

type Pass = {
  readonly readNode: ReadTrieNode;
  /** Its first `depth` nibbles are the place of the node at hand. */
  readonly path: Uint8Array;
  /** Places of stored nodes that were read and are no longer as they were. */
  readonly read: Uint8Array[];
};

function finish(after: TrieChild, pass: Pass): TrieUpdate {
  const writes: TrieWrite[] = [];
  const written = new Set<string>();
  let root = EMPTY_ROOT;
  if (after !== undefined) {
    invariant(after.kind !== 'reference', 'a changed root is in memory');
    root = rootOf(after, (path, depth, node) => {
      const place = path.slice(0, depth);
      written.add(keyOf(place));
      writes.push({ path: place, node });
    });
  }
  for (const path of pass.read) {
    if (!written.has(keyOf(path))) writes.push({ path, node: undefined });
  }
  return { root, writes };
}

function loadRoot(root: Hash, pass: Pass): TrieNode {
  const encoded = pass.readNode(new Uint8Array(0));
  invariant(
    encoded !== undefined && equalBytes(keccak256(encoded), root),
    'the stored trie is the one that its root names',
  );
  return load(hashReference(root), pass, 0);
}

/** The node behind a reference; if it is stored, its place is noted in `pass.read`. */
function load(reference: TrieReference, pass: Pass, depth: number): TrieNode {
  let encoded: Uint8Array | undefined;
  if (isHashReference(reference)) {
    const place = pass.path.slice(0, depth);
    encoded = pass.readNode(place);
    pass.read.push(place);
  } else {
    encoded = referenceContent(reference);
  }
  const node = encoded === undefined ? undefined : decodeTrieNode(encoded);
  invariant(node !== undefined, 'a trie node that a parent names is stored at its path');
  return node;
}

/** Applies `changes[start..end)` below `depth`; returns `child` itself if they change nothing. */
function updateChild(
  child: TrieChild,
  pass: Pass,
  changes: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieChild {
  if (child === undefined) return updateNothing(changes, start, end, depth);
  if (child.kind !== 'reference') {
    return updateNode(child, child, pass, changes, start, end, depth);
  }
  const mark = pass.read.length;
  const after = updateNode(load(child, pass, depth), child, pass, changes, start, end, depth);
  if (after === child) pass.read.length = mark;
  return after;
}

function updateNothing(
  changes: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieChild {
  const added = changes.slice(start, end).filter((change) => change.value.length > 0);
  return added.length === 0 ? undefined : buildSubtrie(added, 0, added.length, depth);
}

/** `original` is what stands for `node` in its parent, and is returned if nothing changes. */
function updateNode(
  node: TrieNode,
  original: TrieReference | TrieNode,
  pass: Pass,
  changes: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieChild {
  if (node.kind === 'branch') {
    return updateBranch(node, original, pass, changes, start, end, depth);
  }
  const { path } = node;
  // Keys are sorted, so what the first and the last share with the path, all do.
  const first = (changes[start] as TrieEntry).key;
  const last = (changes[end - 1] as TrieEntry).key;
  const shared = Math.min(sharedWithPath(first, depth, path), sharedWithPath(last, depth, path));
  pass.path.set(path.subarray(0, shared), depth);
  if (shared === path.length) {
    if (node.kind === 'extension') {
      const below = depth + shared;
      const after = updateChild(node.child, pass, changes, start, end, below);
      return after === node.child ? original : withPrefix(path, after, pass, below);
    }
    if (end - start === 1 && first.length * 2 === depth + shared) {
      return updateLeaf(path, node.value, original, (changes[start] as TrieEntry).value);
    }
  }
  const branch = splitAt(node, shared);
  const after = updateBranch(branch, original, pass, changes, start, end, depth + shared);
  if (after === original) return original;
  return withPrefix(path.subarray(0, shared), after, pass, depth + shared);
}

function updateLeaf(
  path: Uint8Array,
  value: Uint8Array,
  original: TrieReference | TrieNode,
  newValue: Uint8Array,
): TrieChild {
  if (newValue.length === 0) return undefined;
  return equalBytes(value, newValue) ? original : { kind: 'leaf', path, value: newValue };
}

function updateBranch(
  branch: TrieBranch,
  original: TrieReference | TrieNode,
  pass: Pass,
  changes: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieChild {
  const children = branch.children.slice();
  let { value } = branch;
  let isChanged = false;
  let at = start;
  const first = changes[start] as TrieEntry;
  if (first.key.length * 2 === depth) {
    isChanged = !equalBytes(value, first.value);
    value = first.value;
    at += 1;
  }
  while (at < end) {
    const next = endOfRun(changes, at, end, depth);
    const nibble = nibbleAt((changes[at] as TrieEntry).key, depth);
    pass.path[depth] = nibble;
    const child = children[nibble];
    const after = updateChild(child, pass, changes, at, next, depth + 1);
    if (after !== child) {
      children[nibble] = after;
      isChanged = true;
    }
    at = next;
  }
  return isChanged ? normalize({ kind: 'branch', children, value }, pass, depth) : original;
}

/** A branch has two children or more, or one and a value; with less it becomes what is left of it. */
function normalize(branch: TrieBranch, pass: Pass, depth: number): TrieChild {
  let only = -1;
  for (let nibble = 0; nibble < 16; nibble += 1) {
    if (branch.children[nibble] === undefined) continue;
    if (only !== -1 || branch.value.length > 0) return branch;
    only = nibble;
  }
  if (only === -1) {
    if (branch.value.length === 0) return undefined;
    return { kind: 'leaf', path: NO_NIBBLES, value: branch.value };
  }
  pass.path[depth] = only;
  return withPrefix(Uint8Array.of(only), branch.children[only], pass, depth + 1);
}

/** `node`, which stands at `depth`, hung from `prefix.length` nibbles above it. */
function withPrefix(prefix: Uint8Array, node: TrieChild, pass: Pass, depth: number): TrieChild {
  if (node === undefined || prefix.length === 0) return node;
  const mark = pass.read.length;
  const loaded: TrieNode = node.kind === 'reference' ? load(node, pass, depth) : node;
  switch (loaded.kind) {
    case 'leaf':
      return { kind: 'leaf', path: joinPaths(prefix, loaded.path), value: loaded.value };
    case 'extension':
      return { kind: 'extension', path: joinPaths(prefix, loaded.path), child: loaded.child };
    case 'branch':
      // It stays where it is: only its parent changes.
      pass.read.length = mark;
      return { kind: 'extension', path: prefix, child: node };
  }
}

/** A leaf or extension as a branch after the first `shared` nibbles of its path. */
function splitAt(node: Exclude<TrieNode, TrieBranch>, shared: number): TrieBranch {
  const children: TrieChild[] = new Array(16).fill(undefined);
  const nibble = node.path[shared];
  if (nibble === undefined) {
    // Only a leaf: an extension that shares its whole path is followed, not split.
    invariant(node.kind === 'leaf', 'an extension is split inside its path');
    return { kind: 'branch', children, value: node.value };
  }
  const rest = node.path.subarray(shared + 1);
  if (node.kind === 'leaf') {
    children[nibble] = { kind: 'leaf', path: rest, value: node.value };
  } else {
    children[nibble] =
      rest.length === 0 ? node.child : { kind: 'extension', path: rest, child: node.child };
  }
  return { kind: 'branch', children, value: NO_VALUE };
}

const NO_NIBBLES = new Uint8Array(0);
