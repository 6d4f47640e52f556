/**
 * State records and trie nodes that are used most, in memory. What is here has passed its checksum or was
 * written by this process; a batch changes it once it is durable, so it never shows what the disk does not.
 *
 * Two generations instead of a list in order of use: what is found in the old one moves to the young one,
 * and when that has half of the memory, the old one goes as a whole.
 */
import { createArena, keyOf } from '../model/index.ts';
import type { Database } from './database.ts';
import { TABLES } from './keyspace.ts';

export type CachedDatabase = Database & {
  /** Without reading the disk; undefined says nothing about what is there. */
  inMemory(key: Uint8Array): Uint8Array | undefined;
};

/** `undefined` is kept as well: that there is nothing is asked for each new account and slot. */
type Generation = Map<string, Uint8Array | undefined>;

/** What a Map entry, its key and a typed array take beside their bytes. */
const ENTRY_BYTES = 160;
const CHUNK_BYTES: number = 256 * 1024;

/** At most `capacityBytes` of memory, as far as it can be counted. */
export function createCachedDatabase(database: Database, capacityBytes: number): CachedDatabase {
  let young: Generation = new Map();
  let old: Generation = new Map();
  let youngBytes = 0;

  let arena = createArena(CHUNK_BYTES);

  /** A copy: a value may be a small part of a large block of memory. */
  const keep = (name: string, value: Uint8Array | undefined): void => {
    let kept: Uint8Array | undefined;
    if (value !== undefined) {
      kept = arena(value.length);
      kept.set(value);
    }
    young.set(name, kept);
    youngBytes += ENTRY_BYTES + name.length + (value?.length ?? 0);
    if (youngBytes < capacityBytes / 2) return;
    old = young;
    young = new Map();
    youngBytes = 0;
    // The memory of a generation goes when the generation does, also of values that were replaced in it.
    arena = createArena(CHUNK_BYTES);
  };

  /** Whether it is known here; then `found` is the value. */
  let found: Uint8Array | undefined;
  const isKnown = (name: string): boolean => {
    found = young.get(name);
    if (found !== undefined || young.has(name)) return true;
    found = old.get(name);
    if (found === undefined && !old.has(name)) return false;
    keep(name, found);
    return true;
  };

  const get = (key: Uint8Array): Uint8Array | undefined => {
    if (!isCached(key)) return database.get(key);
    const name = keyOf(key);
    if (isKnown(name)) return found;
    const value = database.get(key);
    if (isWorthKeeping(key, value)) keep(name, value);
    return value;
  };

  return {
    ...database,
    get,
    inMemory: (key) => (isKnown(keyOf(key)) ? found : undefined),
    write: async (writes) => {
      await database.write(writes);
      for (const { key, stored } of writes) {
        if (!isCached(key)) continue;
        const name = keyOf(key);
        const value = stored?.subarray(0, stored.length - 4);
        if (isWorthKeeping(key, value)) {
          keep(name, value);
        } else {
          young.delete(name);
          old.delete(name);
        }
      }
    },
  };
}

function isCached(key: Uint8Array): boolean {
  const table = key[0] as number;
  return table >= TABLES.account && table <= TABLES.storageNode && table !== TABLES.code;
}

/** Leaves are told from the state beside them, without being read: they would only fill the memory. */
function isWorthKeeping(key: Uint8Array, value: Uint8Array | undefined): boolean {
  const table = key[0] as number;
  const isNode = table === TABLES.accountNode || table === TABLES.storageNode;
  return !isNode || value === undefined || value.length > 128;
}
