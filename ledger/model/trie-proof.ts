/** Merkle proofs: the nodes on the way from a root to a key, as `eth_getProof` gives them. */
import { keccak256 } from '#crypto';
import { equalBytes, type Hash, keyOf, plainBytes } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { invariant, refuse, type Verdict } from './errors.ts';
import { storedChild } from './trie-branch.ts';
import { nibbleAt, nibblesFrom, sharedWithPath } from './trie-keys.ts';
import type { ReadTrieNode } from './trie-load.ts';
import { decodeTrieNode, type TrieNode } from './trie-node.ts';
import {
  hashReference,
  isHashReference,
  referenceContent,
  type TrieReference,
} from './trie-reference.ts';

/**
 * The nodes that prove what `key` has, or that it has nothing, from the root down. Empty for an
 * empty trie. @throws InvariantError if the stored trie lacks a node
 */
export function proveTrie(root: Hash, readNode: ReadTrieNode, key: Uint8Array): Uint8Array[] {
  const proof: Uint8Array[] = [];
  if (equalBytes(root, EMPTY_ROOT)) return proof;
  const path = nibblesFrom(key, 0);
  let reference: TrieReference | undefined = hashReference(root);
  for (let depth = 0; reference !== undefined; ) {
    let encoded: Uint8Array | undefined;
    if (isHashReference(reference)) {
      encoded = readNode(path.slice(0, depth));
      if (encoded !== undefined) proof.push(encoded);
    } else {
      encoded = referenceContent(reference);
    }
    const node = encoded === undefined ? undefined : decodeTrieNode(encoded);
    invariant(node !== undefined, 'a trie node that a parent names is stored at its path');
    const step = follow(node, key, depth);
    reference = step.next;
    depth = step.depth;
  }
  return proof;
}

/**
 * What the trie with this root has for `key`; `value` undefined proves absence. The proof must
 * hold exactly the nodes of the way. Refuses with `MODEL_PROOF_INVALID`.
 */
export function verifyTrieProof(
  root: Hash,
  key: Uint8Array,
  proof: readonly Uint8Array[],
): Verdict<{ value: Uint8Array | undefined }> {
  const reader = openTrieProof(root, proof);
  const verdict = reader.read(key);
  return verdict.ok && !reader.isUsedUp() ? refuseProof('is too long') : verdict;
}

/** One proof of several keys: each node once, in the order in which reading the keys comes upon it. */
export type TrieProofReader = {
  /** `value` undefined proves absence. Refuses with `MODEL_PROOF_INVALID`. */
  read(key: Uint8Array): Verdict<{ readonly value: Uint8Array | undefined }>;
  /** Whether no node is left that was not needed. */
  isUsedUp(): boolean;
};

export function openTrieProof(root: Hash, nodes: readonly Uint8Array[]): TrieProofReader {
  const seen = new Map<string, Uint8Array>();
  let used = 0;
  const resolve = (hash: Uint8Array): Uint8Array | string => {
    const known = seen.get(keyOf(hash));
    if (known !== undefined) return known;
    const next = nodes[used];
    if (next === undefined) return 'is too short';
    if (!equalBytes(keccak256(next), hash)) return `differs at node ${used}`;
    const encoded = plainBytes(next);
    seen.set(keyOf(hash), encoded);
    used += 1;
    return encoded;
  };
  return {
    isUsedUp: () => used === nodes.length,
    read: (key) => {
      let reference: TrieReference | undefined = equalBytes(root, EMPTY_ROOT)
        ? undefined
        : hashReference(root);
      let value: Uint8Array | undefined;
      for (let depth = 0; reference !== undefined; ) {
        const content = referenceContent(reference);
        const encoded = isHashReference(reference) ? resolve(content) : content;
        if (typeof encoded === 'string') return refuseProof(encoded);
        const node = decodeTrieNode(encoded);
        if (node === undefined) return refuseProof(`has no trie node at ${used - 1}`);
        const step = follow(node, key, depth);
        ({ next: reference, value, depth } = step);
      }
      return { ok: true, value };
    },
  };
}

/** The proof of several keys, from one of each in the order of reading. */
export function joinTrieProofs(proofs: readonly (readonly Uint8Array[])[]): readonly Uint8Array[] {
  return [...new Map(proofs.flat().map((node) => [keyOf(node), node])).values()];
}

type Step = {
  /** Where to go on; undefined at the end of the way. */
  readonly next: TrieReference | undefined;
  readonly value: Uint8Array | undefined;
  readonly depth: number;
};

function follow(node: TrieNode, key: Uint8Array, depth: number): Step {
  const end: Step = { next: undefined, value: undefined, depth };
  const left = key.length * 2 - depth;
  if (node.kind === 'stored-branch') {
    if (left === 0) return end;
    return {
      next: storedChild(node.encoded, nibbleAt(key, depth)),
      value: undefined,
      depth: depth + 1,
    };
  }
  invariant(node.kind !== 'patched-branch', 'a decoded node is as it was encoded');
  if (node.kind === 'branch') {
    if (left === 0) return { ...end, value: node.value.length > 0 ? node.value : undefined };
    // A decoded node has references only.
    const next = node.children[nibbleAt(key, depth)] as TrieReference | undefined;
    return { next, value: undefined, depth: depth + 1 };
  }
  const { path } = node;
  if (sharedWithPath(key, depth, path) < path.length) return end;
  if (node.kind === 'leaf') return left === path.length ? { ...end, value: node.value } : end;
  return { next: node.child as TrieReference, value: undefined, depth: depth + path.length };
}

function refuseProof(fault: string): ReturnType<typeof refuse<'MODEL_PROOF_INVALID'>> {
  return refuse('MODEL_PROOF_INVALID', `the proof ${fault}`);
}
