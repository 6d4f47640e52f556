/** Merkle proofs: the nodes on the way from a root to a key, as `eth_getProof` gives them. */
import { keccak256 } from '#crypto';
import { equalBytes, type Hash, plainBytes } from './bytes.ts';
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
  if (equalBytes(root, EMPTY_ROOT)) {
    return proof.length === 0 ? { ok: true, value: undefined } : refuseProof('is too long');
  }
  let reference: TrieReference | undefined = hashReference(root);
  let value: Uint8Array | undefined;
  let used = 0;
  for (let depth = 0; reference !== undefined; ) {
    let encoded = referenceContent(reference);
    if (isHashReference(reference)) {
      const next = proof[used];
      if (next === undefined) return refuseProof('is too short');
      if (!equalBytes(keccak256(next), encoded)) return refuseProof(`differs at node ${used}`);
      encoded = plainBytes(next);
      used += 1;
    }
    const node = decodeTrieNode(encoded);
    if (node === undefined) return refuseProof(`has no trie node at ${used - 1}`);
    const step = follow(node, key, depth);
    ({ next: reference, value, depth } = step);
  }
  return used === proof.length ? { ok: true, value } : refuseProof('is too long');
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
