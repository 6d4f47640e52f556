/** LevelDB with a checksum on every value: what it reads is what was written under that key, or an error. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { bytesToHex } from '../model/index.ts';
import type { Write } from './batch.ts';
import { withoutChecksum } from './checksum.ts';
import { type KeyRange, keysFrom, nextHistoryKey, type TableName, tableOf } from './keyspace.ts';
import { codeOf, innermost, storeError } from './store-error.ts';

export type Reader = {
  /** @throws CodedError `STORE_DAMAGED`, `STORE_CLOSED` */
  get(key: Uint8Array): Uint8Array | undefined;
  /** A record that others say is there. @throws CodedError `STORE_DAMAGED`, also if it is not */
  require(key: Uint8Array): Uint8Array;
  keys(range: KeyRange): Promise<Uint8Array[]>;
  /** The first records of a range, at most `limit`. @throws CodedError `STORE_DAMAGED`, `STORE_CLOSED` */
  entries(range: KeyRange, limit: number): Promise<readonly Entry[]>;
  /** The same, damaged ones as well. */
  scan(range: KeyRange, limit: number): Promise<readonly ScannedEntry[]>;
};

export type Entry = { readonly key: Uint8Array; readonly value: Uint8Array };
/** `value` undefined: it fails its checksum. */
export type ScannedEntry = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** The database as it was when the snapshot was taken, whatever is written meanwhile. */
export type Snapshot = Reader & { close(): Promise<void> };

export type Database = Reader & {
  snapshot(): Snapshot;
  /**
   * All or nothing, on disk when it resolves.
   * @throws CodedError `STORE_WRITE_FAILED`, from the first failure on
   */
  write(writes: readonly Write[]): Promise<void>;
  /** Rewrites the tables of a kind of record without what was deleted or overwritten. */
  compact(table: TableName): Promise<void>;
  close(): Promise<void>;
};

/** What LevelDB collects in its log before it makes a table of it; recovery reads up to two of these. */
export const WRITE_BUFFER_BYTES: number = 32 * 1024 * 1024;
const BLOCK_CACHE_BYTES = 64 * 1024 * 1024;

/**
 * Opens the database in a directory; with `create`, makes both where there is none.
 * @throws CodedError `STORE_LOCKED`, `STORE_DAMAGED`, `STORE_NOT_WRITABLE`
 */
export async function openDatabase(path: string, create: boolean): Promise<Database> {
  await requireWritable(path);
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: create,
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: BLOCK_CACHE_BYTES,
    // Hashes and signatures do not shrink: trying costs as much as writing them.
    compression: false,
  });
  try {
    await level.open();
  } catch (error) {
    const cause = innermost(error);
    if (codeOf(cause) === 'LEVEL_LOCKED') {
      throw storeError('STORE_LOCKED', path, 'another process has the directory open', { cause });
    }
    throw storeError('STORE_DAMAGED', path, 'the database cannot be opened', { cause });
  }
  return createDatabase(path, level);
}

type LevelStore = Level<Uint8Array, Uint8Array>;
type Compacting = {
  compactRange(
    start: Uint8Array,
    end: Uint8Array,
    options: { readonly keyEncoding: 'view' },
  ): Promise<void>;
};

function createDatabase(path: string, level: LevelStore): Database {
  let failure: Error | undefined;
  return {
    ...createReader(path, level, {}),
    snapshot: () => {
      const snapshot = level.snapshot();
      return { ...createReader(path, level, { snapshot }), close: () => snapshot.close() };
    },
    write: async (writes) => {
      if (failure !== undefined) throw failure;
      try {
        // A chained batch blocks this thread for a third of the time that an array of operations does.
        const batch = level.batch();
        for (const { key, stored } of writes) {
          if (stored === undefined) batch.del(key);
          else batch.put(key, stored);
        }
        await batch.write({ sync: true });
      } catch (error) {
        // LevelDB's log may end in half a record now, and would hide behind it whatever follows.
        const cause = innermost(error);
        failure = storeError('STORE_WRITE_FAILED', path, 'a batch was not written', { cause });
        throw failure;
      }
    },
    compact: async (table) => {
      const { gte, lt } = keysFrom(table, new Uint8Array(0));
      // `Level` is LevelDB wherever there is a disk; its browser form, which has no such method, is never opened.
      const { compactRange } = level as LevelStore & Partial<Compacting>;
      await compactRange?.call(level, gte, lt, { keyEncoding: 'view' });
    },
    close: () => level.close(),
  };
}

function createReader(
  path: string,
  level: LevelStore,
  options: { readonly snapshot?: ReturnType<LevelStore['snapshot']> },
): Reader {
  const damaged = (key: Uint8Array, fact: string, cause?: unknown): Error => {
    const table = tableOf(key);
    const hex = bytesToHex(key);
    const more = { table, key: hex, ...(cause === undefined ? {} : { cause }) };
    return storeError('STORE_DAMAGED', path, `${fact}, table ${table}, key ${hex}`, more);
  };

  const readFailure = (key: Uint8Array, error: unknown): Error => {
    const cause = innermost(error);
    return codeOf(cause) === 'LEVEL_DATABASE_NOT_OPEN'
      ? storeError('STORE_CLOSED', path, 'the store is closed')
      : damaged(key, 'a record cannot be read', cause);
  };

  const storedAt = (key: Uint8Array): Uint8Array | undefined => {
    try {
      return level.getSync(key, options);
    } catch (error) {
      throw readFailure(key, error);
    }
  };

  const get = (key: Uint8Array): Uint8Array | undefined => {
    const stored = storedAt(key);
    const value = stored && withoutChecksum(key, stored);
    if (stored !== undefined && value === undefined) {
      throw damaged(key, 'a record fails its checksum');
    }
    // LevelDB keeps overwritten records for a while: a wrong byte in a key may bring one back. L-6
    const next = nextHistoryKey(key, value);
    if (next !== undefined && storedAt(next) !== undefined) {
      throw damaged(key, 'the newest record is not to be found');
    }
    return value;
  };

  const scan = async (range: KeyRange, limit: number): Promise<readonly ScannedEntry[]> => {
    try {
      const found = await level.iterator({ ...options, ...range, limit }).all();
      return found.map(([key, stored]) => ({ key, value: withoutChecksum(key, stored) }));
    } catch (error) {
      throw readFailure(range.gte, error);
    }
  };

  return {
    get,
    require: (key) => {
      const value = get(key);
      if (value === undefined) throw damaged(key, 'a record is missing');
      return value;
    },
    keys: async (range) => {
      try {
        return await level.keys({ ...options, ...range }).all();
      } catch (error) {
        throw readFailure(range.gte, error);
      }
    },
    entries: async (range, limit) =>
      (await scan(range, limit)).map(({ key, value }) => {
        if (value === undefined) throw damaged(key, 'a record fails its checksum');
        return { key, value };
      }),
    scan,
  };
}

/** Tells a directory that cannot be written from one that is damaged; LevelDB says `IO error` to both. */
async function requireWritable(path: string): Promise<void> {
  const probe = join(path, 'PROBE');
  try {
    // Not with its parents: a parent that is not there is a path mistyped or a disk not mounted.
    await mkdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    const file = await open(probe, 'w');
    try {
      await file.write('x');
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the directory cannot be written', { cause });
  }
}
