/** How a node of a trie names the ones below it. */

/**
 * How a parent names a child, at `source[start..end)`: 33 bytes of a hash, or the whole of a node
 * shorter than 32 bytes.
 */
export type TrieReference = {
  readonly kind: 'reference';
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
};

/** First byte of a string of 32 bytes. */
export const HASH_HEAD = 0xa0;

/** The reference by which a parent names a node of 32 bytes or more. */
export function hashReference(hash: Uint8Array): TrieReference {
  const source = new Uint8Array(33);
  source[0] = HASH_HEAD;
  source.set(hash, 1);
  return { kind: 'reference', source, start: 0, end: 33 };
}

/** A node shorter than 32 bytes, which its parent holds itself. */
export function embeddedReference(encoded: Uint8Array): TrieReference {
  return { kind: 'reference', source: encoded, start: 0, end: encoded.length };
}

export function isHashReference({ source, start }: TrieReference): boolean {
  return source[start] === HASH_HEAD;
}

/** The hash, or the embedded node. */
export function referenceContent({ source, start, end }: TrieReference): Uint8Array {
  return source.subarray(source[start] === HASH_HEAD ? start + 1 : start, end);
}
