/** Keys of a trie as sequences of nibbles, and sorted ranges of them. */
import { compareBytes } from './bytes.ts';

/** A key with its value; an empty value deletes the key. */
export type TrieEntry = {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The value before, where the caller has it at hand: a leaf that can be told is not read. */
  readonly before?: () => Uint8Array | undefined;
};

/** The nibble (0-15) at `index`. */
export function nibbleAt(key: Uint8Array, index: number): number {
  const byte = key[index >> 1] as number;
  return (index & 1) === 0 ? byte >> 4 : byte & 15;
}

/** The nibbles from `start` on, one a byte. */
export function nibblesFrom(key: Uint8Array, start: number): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2 - start);
  for (let i = 0; i < nibbles.length; i += 1) nibbles[i] = nibbleAt(key, start + i);
  return nibbles;
}

/** How many nibbles of `path` the key repeats from `depth` on. */
export function sharedWithPath(key: Uint8Array, depth: number, path: Uint8Array): number {
  const limit = Math.min(path.length, key.length * 2 - depth);
  let shared = 0;
  while (shared < limit && nibbleAt(key, depth + shared) === path[shared]) shared += 1;
  return shared;
}

/** How many nibbles from `depth` on two keys share. */
export function sharedWithKey(a: Uint8Array, b: Uint8Array, depth: number): number {
  const limit = Math.min(a.length, b.length) * 2 - depth;
  let shared = 0;
  while (shared < limit && nibbleAt(a, depth + shared) === nibbleAt(b, depth + shared)) shared += 1;
  return shared;
}

/** The end of the run of entries from `start` whose keys have the same nibble at `depth`. */
export function endOfRun(
  entries: readonly TrieEntry[],
  start: number,
  end: number,
  depth: number,
): number {
  const nibble = nibbleAt((entries[start] as TrieEntry).key, depth);
  let at = start + 1;
  while (at < end && nibbleAt((entries[at] as TrieEntry).key, depth) === nibble) at += 1;
  return at;
}

/** Whether keys ascend strictly. */
export function isStrictlySorted(entries: readonly TrieEntry[]): boolean {
  for (let i = 1; i < entries.length; i += 1) {
    if (compareBytes((entries[i - 1] as TrieEntry).key, (entries[i] as TrieEntry).key) >= 0) {
      return false;
    }
  }
  return true;
}

export function joinPaths(first: Uint8Array, second: Uint8Array): Uint8Array {
  const path = new Uint8Array(first.length + second.length);
  path.set(first);
  path.set(second, first.length);
  return path;
}
