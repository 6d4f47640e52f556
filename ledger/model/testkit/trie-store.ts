import { bytesToHex, type Hash, hexToBytes } from '../bytes.ts';
import { EMPTY_ROOT } from '../constants.ts';
import type { TrieEntry } from '../trie-keys.ts';
import type { ReadTrieNode } from '../trie-load.ts';
import { updateTrie } from '../trie-update.ts';

/** A path-keyed trie in memory. */
export type TrieStore = {
  root(): Hash;
  readonly read: ReadTrieNode;
  /** Keys strictly ascending. */
  apply(changes: readonly TrieEntry[]): void;
  /** All nodes, sorted by path. */
  dump(): readonly (readonly [path: string, node: string])[];
};

/** `isInMemory` says for which places a node can be had without a read. */
export function createTrieStore(
  isInMemory: (path: Uint8Array) => boolean = () => false,
): TrieStore {
  const nodes = new Map<string, string>();
  let root = EMPTY_ROOT;
  const read: ReadTrieNode = (path) => {
    const node = nodes.get(bytesToHex(path));
    return node === undefined ? undefined : hexToBytes(node);
  };
  const inMemory: ReadTrieNode = (path) => (isInMemory(path) ? read(path) : undefined);
  return {
    root: () => root,
    read,
    apply(changes) {
      const update = updateTrie(root, { read, inMemory }, changes);
      root = update.root;
      for (const { path, node } of update.writes) {
        if (node === undefined) nodes.delete(bytesToHex(path));
        else nodes.set(bytesToHex(path), bytesToHex(node));
      }
    },
    dump: () => [...nodes].sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
