/**
 * State records and trie nodes that are used most, in memory. What is here has passed its checksum or was
 * written by this process; a batch changes it once it is durable, so it never shows what the disk does not.
 */
import { createArena, isLeafNode } from '../model/index.ts';
import { ABSENT, createByteCache } from './byte-cache.ts';
import type { Database } from './database.ts';
import { TABLES } from './keyspace.ts';

export type CachedDatabase = Database & {
  /** Without reading the disk; undefined says nothing about what is there. */
  inMemory(key: Uint8Array): Uint8Array | undefined;
};

/** Of the copies that are handed out. */
const CHUNK_BYTES: number = 16 * 1024;

/**
 * At most `capacityBytes` of memory. A trie node that it gives is a view of that memory, valid until the next read or
 * write; accounts and slots are copies.
 */
export function createCachedDatabase(database: Database, capacityBytes: number): CachedDatabase {
  const cache = createByteCache(capacityBytes);
  const arena = createArena(CHUNK_BYTES);
  const handedOut = (key: Uint8Array, value: Uint8Array): Uint8Array => {
    if (isNode(key)) return value;
    const copy = arena(value.length);
    copy.set(value);
    return copy;
  };

  return {
    ...database,
    get: (key) => {
      if (!isCached(key)) return database.get(key);
      const known = cache.get(key);
      if (known !== undefined) return known === ABSENT ? undefined : handedOut(key, known);
      const value = database.get(key);
      if (value === undefined) cache.set(key, ABSENT, 0);
      else if (isWorthKeeping(key, value, value.length)) cache.set(key, value, value.length);
      return value;
    },
    inMemory: (key) => {
      const known = cache.get(key);
      return known === undefined || known === ABSENT ? undefined : handedOut(key, known);
    },
    write: async (writes) => {
      await database.write(writes);
      for (const { key, stored } of writes) {
        if (!isCached(key)) continue;
        if (stored === undefined) cache.set(key, ABSENT, 0);
        else if (isWorthKeeping(key, stored, stored.length - 4))
          cache.set(key, stored, stored.length - 4);
        else cache.forget(key);
      }
    },
  };
}

function isCached(key: Uint8Array): boolean {
  const table = key[0] as number;
  return table >= TABLES.account && table <= TABLES.storageNode && table !== TABLES.code;
}

function isNode(key: Uint8Array): boolean {
  const table = key[0] as number;
  return table === TABLES.accountNode || table === TABLES.storageNode;
}

/** Leaves are told from the state beside them, without being read: they would only fill the memory. */
function isWorthKeeping(key: Uint8Array, bytes: Uint8Array, length: number): boolean {
  return !isNode(key) || !isLeafNode(bytes, length);
}
