/**
 * The file `EHB-STORE` in the store's directory: format version and genesis hash (L-9).
 *
 * It lies outside the database, so that a database of an unknown format is not even opened, and one
 * that has lost everything is not taken for a new one. It is written once block 0 is on disk.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asHash, bytesToHex, equalBytes, type Hash } from '../model/index.ts';
import { crc32c } from './checksum.ts';
import { replaceDurably } from './durable-file.ts';
import { codeOf, storeError } from './store-error.ts';

/** 2: index of logs. 3: may be pruned. */
export const FORMAT_VERSION = 3;
const MAGIC = new TextEncoder().encode('EHBSTORE');
/** Magic 8, version 4, genesis hash 32, checksum 4. */
const LENGTH = 48;

/**
 * The format version of a directory marked as a store of this genesis; undefined if there is no mark.
 * @throws CodedError `STORE_UNKNOWN_VERSION`, `STORE_FOREIGN_GENESIS`, `STORE_DAMAGED`
 */
export async function versionOf(path: string, genesisHash: Hash): Promise<number | undefined> {
  const bytes = await readMark(path);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < LENGTH || MAGIC.some((byte, at) => bytes[at] !== byte)) {
    throw storeError('STORE_DAMAGED', path, 'the file EHB-STORE is damaged');
  }
  const version = view.getUint32(8);
  const isSound = view.getUint32(LENGTH - 4) === crc32c(bytes.subarray(0, LENGTH - 4));
  // Another version may have another length and checksum.
  const isKnown = version >= 1 && version <= FORMAT_VERSION;
  if (!isKnown && (isSound || bytes.length !== LENGTH)) {
    const fact = `the store has format version ${version}, this release knows 1 to ${FORMAT_VERSION}`;
    throw storeError('STORE_UNKNOWN_VERSION', path, fact);
  }
  if (!isSound || bytes.length !== LENGTH) {
    throw storeError('STORE_DAMAGED', path, 'the file EHB-STORE is damaged');
  }
  requireGenesis(path, asHash(bytes.subarray(12, 44)), genesisHash);
  return version;
}

/** @throws CodedError `STORE_FOREIGN_GENESIS` */
export function requireGenesis(path: string, stored: Hash, given: Hash): void {
  if (equalBytes(stored, given)) return;
  const fact = `the store holds the chain of genesis ${bytesToHex(stored)}, not ${bytesToHex(given)}`;
  throw storeError('STORE_FOREIGN_GENESIS', path, fact);
}

/** Marks the directory as a store of this format and genesis. */
export function mark(path: string, genesisHash: Hash): Promise<void> {
  return markAs(path, genesisHash, FORMAT_VERSION);
}

/** The same with the version of a store that was made elsewhere. */
export async function markAs(path: string, genesisHash: Hash, version: number): Promise<void> {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, version);
  bytes.set(genesisHash, 12);
  view.setUint32(LENGTH - 4, crc32c(bytes.subarray(0, LENGTH - 4)));
  await replaceDurably(join(path, 'EHB-STORE'), bytes);
}

/**
 * Opening creates a database where LevelDB finds no file `CURRENT`, and deletes the tables of one
 * that lost it. @throws CodedError `STORE_DAMAGED` if there is something to lose
 */
export async function requireNothingToLose(path: string): Promise<void> {
  const names = await readdir(path).catch((cause: unknown): string[] => {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return [];
    throw storeError('STORE_NOT_WRITABLE', path, 'the directory cannot be read', { cause });
  });
  if (names.includes('CURRENT')) return;
  if (await holdsRecords(path, names)) {
    throw storeError('STORE_DAMAGED', path, 'the database has lost its file CURRENT');
  }
}

/**
 * Makes an unmarked database that cannot be opened a new one, if it never held a record: a loss of power can leave
 * its first names without their contents. Returns whether it has done so.
 */
export async function clearUnbegun(path: string, failure: unknown): Promise<boolean> {
  if (codeOf(failure) !== 'STORE_DAMAGED') return false;
  const names = await readdir(path);
  if (await holdsRecords(path, names)) return false;
  for (const name of names.filter((file) => /^(CURRENT|MANIFEST-\d+|\d+\.dbtmp)$/.test(file))) {
    await rm(join(path, name), { force: true });
  }
  return true;
}

/** What holds records, and what tells of files that do. */
const RECORDS: RegExp = /(\.(ldb|sst|log)|^MANIFEST-\d+)$/;

async function holdsRecords(path: string, names: readonly string[]): Promise<boolean> {
  for (const name of names.filter((file) => RECORDS.test(file))) {
    if ((await stat(join(path, name))).size > 0) return true;
  }
  return false;
}

async function readMark(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(path, 'EHB-STORE'));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw storeError('STORE_NOT_WRITABLE', path, 'the file EHB-STORE cannot be read', { cause });
  }
}
