/** The writes of one block, each value with its checksum, and the digest that chains them. */
import { sha256 } from '#crypto';
import { createArena, type Hash } from '../model/index.ts';
import { withChecksum } from './checksum.ts';

/** `stored` is the value with its checksum; undefined deletes the key. */
export type Write = { readonly key: Uint8Array; readonly stored: Uint8Array | undefined };

export type Batch = {
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  writes(): readonly Write[];
  /** Keys and values in bytes. */
  size(): number;
};

const CHUNK_BYTES: number = 64 * 1024;

export function createBatch(): Batch {
  const writes: Write[] = [];
  const arena = createArena(CHUNK_BYTES);
  let size = 0;
  return {
    put: (key, value) => {
      const stored = withChecksum(key, value, arena);
      writes.push({ key, stored });
      size += key.length + stored.length;
    },
    delete: (key) => {
      writes.push({ key, stored: undefined });
      size += key.length;
    },
    writes: () => writes,
    size: () => size,
  };
}

/** Covers the digest of the batch before, and key and checksum of every write so far. */
export function digestOf(before: Hash, writes: readonly Write[]): Hash {
  let length = before.length;
  for (const { key } of writes) length += key.length + 5;
  const bytes = new Uint8Array(length);
  bytes.set(before);
  let at = before.length;
  for (const { key, stored } of writes) {
    if (stored !== undefined) {
      const checksum = stored.length - 4;
      bytes[at] = 1;
      for (let i = 0; i < 4; i += 1) bytes[at + 1 + i] = stored[checksum + i] as number;
    }
    bytes.set(key, at + 5);
    at += key.length + 5;
  }
  return sha256(bytes);
}
