/**
 * Changing a stored trie: all changes of a block in one pass over the sorted keys.
 *
 * Nodes are stored by path, not by hash, so the pass also says which old nodes are gone: each stored
 * node that was replaced by something else and has no successor at the same path. A node's place in the
 * trie is its path from the root, hence an untouched subtrie never moves, whatever happens above it.
 */
import { createArena } from './arena.ts';
import { equalBytes, type Hash, keyOf } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { invariant } from './errors.ts';
import { type StoredBranch, storedChild, storedChildren } from './trie-branch.ts';
import { buildSubtrie, replacesStored, rootOf } from './trie-build.ts';
import {
  endOfRun,
  isStrictlySorted,
  joinPaths,
  nibbleAt,
  sharedWithPath,
  type TrieEntry,
} from './trie-keys.ts';
import { load, loadOneWay, loadRoot, type Pass, type TrieNodes } from './trie-load.ts';
import { NO_VALUE, type TrieBranch, type TrieChild, type TrieNode } from './trie-node.ts';
import { isHashReference, type TrieReference } from './trie-reference.ts';

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
  nodes: TrieNodes,
  changes: readonly TrieEntry[],
): TrieUpdate {
  invariant(isStrictlySorted(changes), 'changes to a trie ascend by key');
  if (changes.length === 0) return { root, writes: [] };
  let longest = 0;
  for (const change of changes) longest = Math.max(longest, change.key.length);
  const pass: Pass = {
    nodes,
    path: new Uint8Array(longest * 2 + 1),
    replaced: [],
    scratch: createArena(CHUNK_BYTES),
    digest: new Uint8Array(32),
  };
  const before = equalBytes(root, EMPTY_ROOT) ? undefined : loadRoot(root, pass);
  const after =
    before === undefined
      ? updateNothing(changes, 0, changes.length, 0)
      : updateNode(before, before, pass, changes, 0, changes.length, 0);
  // A node read is the node returned: nothing changed.
  return after === before ? { root, writes: [] } : finish(after, pass);
}

const CHUNK_BYTES: number = 16 * 1024;

function finish(after: TrieChild, pass: Pass): TrieUpdate {
  const writes: TrieWrite[] = [];
  if (after === undefined) {
    writes.push({ path: NO_NIBBLES, node: undefined });
    for (const path of pass.replaced) writes.push({ path, node: undefined });
    return { root: EMPTY_ROOT, writes };
  }
  invariant(after.kind !== 'reference', 'a changed root is in memory');
  const root = rootOf(after, (path, depth, node) => {
    writes.push({ path: path.slice(0, depth), node });
  });
  if (pass.replaced.length > 0) {
    const written = new Set(writes.map(({ path }) => keyOf(path)));
    for (const path of pass.replaced) {
      if (!written.has(keyOf(path))) writes.push({ path, node: undefined });
    }
  }
  return { root, writes };
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
  const node =
    end - start === 1
      ? loadOneWay(child, pass, changes[start] as TrieEntry, depth)
      : load(child, pass, depth);
  const mark = pass.replaced.length;
  const after = updateNode(node, child, pass, changes, start, end, depth);
  if (after === child) pass.replaced.length = mark;
  else if (isHashReference(child)) return noteReplaced(after, node, pass, depth);
  return after;
}

/** A leaf or branch that stands for its like needs no note: it is written in the same place. */
function noteReplaced(after: TrieChild, before: TrieNode, pass: Pass, depth: number): TrieChild {
  if (after?.kind === 'leaf' && before.kind === 'leaf' && after.path === before.path) {
    return { ...after, replacesStored: true };
  }
  const isPatched = after?.kind === 'patched-branch' && before.kind === 'stored-branch';
  if (!isPatched) pass.replaced.push(pass.path.slice(0, depth));
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
  if (node.kind === 'stored-branch') {
    return updateStored(node, original, pass, changes, start, end, depth);
  }
  invariant(node.kind !== 'patched-branch', 'a pass comes to each node once');
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

function updateStored(
  branch: StoredBranch,
  original: TrieReference | TrieNode,
  pass: Pass,
  changes: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): TrieChild {
  const { encoded } = branch;
  if ((changes[start] as TrieEntry).key.length * 2 === depth) {
    const whole: TrieBranch = {
      kind: 'branch',
      children: storedChildren(encoded),
      value: NO_VALUE,
    };
    return updateBranch(whole, original, pass, changes, start, end, depth);
  }
  const changed: number[] = [];
  const after: TrieChild[] = [];
  for (let at = start; at < end; ) {
    const next = endOfRun(changes, at, end, depth);
    const nibble = nibbleAt((changes[at] as TrieEntry).key, depth);
    pass.path[depth] = nibble;
    const child = storedChild(encoded, nibble);
    const updated = updateChild(child, pass, changes, at, next, depth + 1);
    if (updated !== child) {
      changed.push(nibble);
      after.push(updated);
    }
    at = next;
  }
  if (changed.length === 0) return original;
  if (after.every((child) => child !== undefined)) {
    return { kind: 'patched-branch', encoded, changed, children: after };
  }
  const children: TrieChild[] = storedChildren(encoded);
  for (const [index, nibble] of changed.entries()) children[nibble] = after[index];
  return normalize({ kind: 'branch', children, value: NO_VALUE }, pass, depth);
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
  const loaded: TrieNode = node.kind === 'reference' ? load(node, pass, depth) : node;
  // A branch stays where it is: only its parent changes.
  if (loaded.kind !== 'leaf' && loaded.kind !== 'extension') {
    return { kind: 'extension', path: prefix, child: node };
  }
  const wasStored = node.kind === 'reference' ? isHashReference(node) : replacesStored(node);
  if (wasStored) pass.replaced.push(pass.path.slice(0, depth));
  const path = joinPaths(prefix, loaded.path);
  return loaded.kind === 'leaf'
    ? { kind: 'leaf', path, value: loaded.value }
    : { kind: 'extension', path, child: loaded.child };
}

/** A leaf or extension as a branch after the first `shared` nibbles of its path. */
function splitAt(
  node: Extract<TrieNode, { kind: 'leaf' | 'extension' }>,
  shared: number,
): TrieBranch {
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
