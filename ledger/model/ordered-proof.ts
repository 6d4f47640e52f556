/** Proofs for the lists of a block: the trie whose keys are RLP(index). */
import { type Hash, keyOf, numberToBytes } from './bytes.ts';
import { invariant } from './errors.ts';
import { encodeRlp } from './rlp.ts';
import { trieRoot } from './trie-build.ts';
import { proveTrie, verifyTrieProof } from './trie-proof.ts';

function keyAt(index: number): Uint8Array {
  return encodeRlp(numberToBytes(index));
}

/** The nodes that prove the value at `index`, from the root down. */
export function proveOrdered(values: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  invariant(index >= 0 && index < values.length, 'a list is proved at one of its indexes');
  const nodes = new Map<string, Uint8Array>();
  const entries = values.map((value, at) => ({ key: keyAt(at), value }));
  const root = trieRoot(entries, (path, depth, encoded) => {
    if (encoded !== undefined) nodes.set(keyOf(path.slice(0, depth)), encoded);
  });
  return proveTrie(root, (path) => nodes.get(keyOf(path)), keyAt(index));
}

/** The value that the list with this root has at `index`. Refuses with `MODEL_PROOF_INVALID`. */
export function verifyOrderedProof(
  root: Hash,
  index: number,
  proof: readonly Uint8Array[],
): ReturnType<typeof verifyTrieProof> {
  return verifyTrieProof(root, keyAt(index), proof);
}
