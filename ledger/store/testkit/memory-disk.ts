/**
 * A disk in memory under the real store and the real consensus log, for simulations. Each write passes
 * its moments on a device, which may take its time there or never answer again: a crash. A batch is
 * there whole or not at all; of log bytes that were not synced a crash keeps any first part.
 */
import { compareBytes, concatBytes, keyOf } from '../../model/index.ts';
import { readHead } from '../batch-chain.ts';
import type { ChainStore } from '../chain-store.ts';
import { withoutChecksum } from '../checksum.ts';
import { type ConsensusLog, readLog, serveLog } from '../consensus-log.ts';
import type { Database, Entry, Reader } from '../database.ts';
import { type KeyRange, tableOf } from '../keyspace.ts';
import type { LogFile } from '../log-file.ts';
import { chainOf, encodeLogHeader, encodeRecords, type LogBinding } from '../log-format.ts';
import { requireHead, type StoreOptions, serveStore, writeGenesis } from '../open-store.ts';
import { storeError } from '../store-error.ts';

/** What a crash leaves. */
export type MemoryDisk = {
  /** The database: stored value and key by `keyOf(key)`. */
  readonly records: Map<string, { readonly key: Uint8Array; readonly stored: Uint8Array }>;
  /** The consensus log as far as it is synced; undefined: there is no file. */
  log: Uint8Array | undefined;
  /** Written behind it and not synced. */
  unsynced: Uint8Array;
};

/** Between two of these a crash makes a difference. */
export type DiskMoment =
  | 'before-log-write'
  | 'before-log-sync'
  | 'after-log-sync'
  | 'before-store-write'
  | 'after-store-write';

export type Device = { readonly reach: (moment: DiskMoment) => Promise<void> };

const NOWHERE = 'memory';

export function createMemoryDisk(): MemoryDisk {
  return { records: new Map(), log: undefined, unsynced: new Uint8Array(0) };
}

/** The power fails: of what was not synced the first `kept` bytes are there. */
export function losePower(disk: MemoryDisk, kept: number): void {
  if (disk.log !== undefined) disk.log = concatBytes(disk.log, disk.unsynced.subarray(0, kept));
  disk.unsynced = new Uint8Array(0);
}

/** Stored values by key, of what blocks alone have written: evidence is each node's own. */
export function chainRecords({ records }: MemoryDisk): ReadonlyMap<string, Uint8Array> {
  const own = [...records].filter(([, { key }]) => tableOf(key) !== 'evidence');
  return new Map(own.map(([name, { stored }]) => [name, stored]));
}

/** As `openStore`: the store on this disk, made from its genesis if the disk is empty. */
export function openMemoryStore(
  disk: MemoryDisk,
  device: Device,
  options: Omit<StoreOptions, 'path'>,
): Promise<ChainStore> {
  const database = createMemoryDatabase(disk, device);
  const full = { ...options, path: NOWHERE };
  return serveStore(database, full, () =>
    readHead(database) === undefined ? writeGenesis(database, full) : requireHead(database, full),
  );
}

/** As `createConsensusLog`. */
export function createMemoryLog(disk: MemoryDisk, binding: LogBinding): void {
  disk.log = encodeLogHeader(binding);
}

/** As `renewConsensusLog`; a damaged log is gone. */
export async function renewMemoryLog(
  disk: MemoryDisk,
  device: Device,
  binding: LogBinding,
  records: readonly Uint8Array[],
): Promise<undefined> {
  const header = encodeLogHeader(binding);
  const { bytes } = encodeRecords(records, chainOf(header));
  await createMemoryLogFile(disk, device).replace(concatBytes(header, bytes));
}

/**
 * As `openConsensusLog`.
 * @throws CodedError `STORE_LOG_MISSING`, `STORE_LOG_DAMAGED`, `STORE_LOG_FOREIGN`
 */
export async function openMemoryLog(
  disk: MemoryDisk,
  device: Device,
  options: LogBinding & { readonly rewriteAboveBytes?: number },
): Promise<ConsensusLog> {
  const full = { ...options, path: NOWHERE };
  if (disk.log === undefined) {
    throw storeError('STORE_LOG_MISSING', NOWHERE, 'there is no consensus log');
  }
  const contents = readLog(full, disk.log);
  disk.log = disk.log.slice(0, contents.end);
  const lock = { release: async () => {} };
  return serveLog(full, createMemoryLogFile(disk, device), contents, lock);
}

function createMemoryLogFile(disk: MemoryDisk, device: Device): LogFile {
  return {
    append: async (bytes) => {
      await device.reach('before-log-write');
      disk.unsynced = concatBytes(disk.unsynced, bytes);
      await device.reach('before-log-sync');
      disk.log = concatBytes(disk.log ?? new Uint8Array(0), disk.unsynced);
      disk.unsynced = new Uint8Array(0);
      await device.reach('after-log-sync');
    },
    replace: async (bytes) => {
      await device.reach('before-log-write');
      disk.log = bytes;
      await device.reach('after-log-sync');
    },
    close: async () => {},
  };
}

function createMemoryDatabase({ records }: MemoryDisk, device: Device): Database {
  return {
    ...createMemoryReader(records),
    snapshot: () => ({ ...createMemoryReader(new Map(records)), close: async () => {} }),
    write: async (writes) => {
      await device.reach('before-store-write');
      for (const { key, stored } of writes) {
        if (stored === undefined) records.delete(keyOf(key));
        else records.set(keyOf(key), { key, stored });
      }
      await device.reach('after-store-write');
    },
    compact: async () => {},
    close: async () => {},
  };
}

function createMemoryReader(records: MemoryDisk['records']): Reader {
  const get = (key: Uint8Array): Uint8Array | undefined => {
    const record = records.get(keyOf(key));
    if (record === undefined) return undefined;
    const value = withoutChecksum(key, record.stored);
    if (value === undefined) {
      throw storeError('STORE_DAMAGED', NOWHERE, 'a record fails its checksum');
    }
    return value;
  };
  const keysIn = ({ gte, lt }: KeyRange): Uint8Array[] =>
    [...records.values()]
      .map(({ key }) => key)
      .filter((key) => compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0)
      .sort(compareBytes);
  const entries = async (range: KeyRange, limit: number): Promise<readonly Entry[]> =>
    keysIn(range)
      .slice(0, limit)
      .map((key) => ({ key, value: get(key) as Uint8Array }));
  return {
    get,
    require: (key) => {
      const value = get(key);
      if (value === undefined) throw storeError('STORE_DAMAGED', NOWHERE, 'a record is missing');
      return value;
    },
    keys: async (range) => keysIn(range),
    entries,
    scan: entries,
  };
}
