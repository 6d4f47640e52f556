/**
 * Backups: all records of a store at one moment, in one file (docs/spec/ledger.md, L-13).
 *
 * The consensus log is another file and never in it: a validator that is restored does not know what it
 * has signed since, and must not vote as if it did.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { asHash, concatBytes, equalBytes, type Hash, type Height } from '../model/index.ts';
import { createBatch } from './batch.ts';
import { readHead } from './batch-chain.ts';
import { crc32c } from './checksum.ts';
import { chunksOf, encodeChunk, readExactly } from './chunk-file.ts';
import { openDatabase, type Reader } from './database.ts';
import { syncDirectoryOf } from './durable-file.ts';
import { FORMAT_VERSION, markAs, requireNothingToLose, versionOf } from './identity.ts';
import { numberBytes, numberFrom } from './keyspace.ts';
import { codeOf, storeError } from './store-error.ts';
import { pagesOf } from './verify/table-pages.ts';

export type BackupSummary = {
  readonly height: Height;
  readonly hash: Hash;
  readonly records: number;
  readonly bytes: number;
};

export type BackupProgress = (done: { readonly records: number; readonly bytes: number }) => void;

const MAGIC: Uint8Array = new TextEncoder().encode('EHBBACKP');
/** Magic 8, version 4, store version 4, genesis hash 32, height 8, head's hash 32, checksum 4. */
const HEADER_LENGTH = 92;
const BACKUP_VERSION = 1;
const CHUNK_BYTES: number = 1024 * 1024;
const EVERYTHING = { gte: new Uint8Array(0), lt: Uint8Array.of(0xff, 0xff) };

/**
 * Writes `file`, which must not exist, whole or not at all.
 * @throws CodedError `STORE_BACKUP_UNWRITABLE`, `STORE_DAMAGED` rather than back up damage
 */
export async function writeBackup(
  reader: Reader,
  options: { readonly file: string; readonly path: string; readonly genesisHash: Hash },
  onProgress: BackupProgress,
): Promise<BackupSummary> {
  const { file, path, genesisHash } = options;
  const head = readHead(reader);
  if (head === undefined) throw storeError('STORE_DAMAGED', path, 'the record of the head is lost');
  const partial = `${file}.partial`;
  const handle = await create(file, partial);
  try {
    const header = encodeHeader(genesisHash, head);
    await handle.write(header);
    const written = await writeChunks(handle, reader, path, crcOf(header), onProgress);
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    await syncDirectoryOf(file);
    return { height: head.number, hash: head.hash, ...written };
  } catch (cause) {
    await handle.close().catch(() => {});
    await rm(partial, { force: true });
    if (codeOf(cause)?.startsWith('STORE_') === true) throw cause;
    throw storeError('STORE_BACKUP_UNWRITABLE', file, 'the backup cannot be written', { cause });
  }
}

async function create(file: string, partial: string): Promise<FileHandle> {
  try {
    await (await open(file, 'r')).close();
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') {
      throw storeError('STORE_BACKUP_UNWRITABLE', file, 'the file cannot be written', { cause });
    }
    try {
      return await open(partial, 'wx', 0o600);
    } catch (error) {
      throw storeError('STORE_BACKUP_UNWRITABLE', partial, 'the file cannot be written', {
        cause: error,
      });
    }
  }
  throw storeError('STORE_BACKUP_UNWRITABLE', file, 'the file exists already');
}

async function writeChunks(
  handle: FileHandle,
  reader: Reader,
  path: string,
  seed: number,
  onProgress: BackupProgress,
): Promise<{ readonly records: number; readonly bytes: number }> {
  let crc = seed;
  let records = 0;
  let bytes = HEADER_LENGTH;
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const chunk = encodeChunk(concatBytes(...parts), crc);
    crc = chunk.crc;
    await handle.write(chunk.bytes);
    bytes += chunk.bytes.length;
    parts = [];
    size = 0;
    onProgress({ records, bytes });
  };
  for await (const { key, value } of pagesOf(reader, EVERYTHING)) {
    if (value === undefined) throw storeError('STORE_DAMAGED', path, 'a record fails its checksum');
    const lengths = new Uint8Array(6);
    const view = new DataView(lengths.buffer);
    view.setUint16(0, key.length);
    view.setUint32(2, value.length);
    parts.push(lengths, key, value);
    size += 6 + key.length + value.length;
    records += 1;
    if (size >= CHUNK_BYTES) await flush();
  }
  if (size > 0) await flush();
  // An empty chunk ends the file, so that a file that was cut between two chunks is known as such.
  await flush();
  return { records, bytes };
}

function encodeHeader(genesisHash: Hash, head: { number: Height; hash: Hash }): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, BACKUP_VERSION);
  view.setUint32(12, FORMAT_VERSION);
  bytes.set(genesisHash, 16);
  bytes.set(numberBytes(head.number), 48);
  bytes.set(head.hash, 56);
  view.setUint32(HEADER_LENGTH - 4, crcOf(bytes));
  return bytes;
}

/** Of a header without its own checksum. */
function crcOf(header: Uint8Array): number {
  return crc32c(header.subarray(0, HEADER_LENGTH - 4));
}

/**
 * Makes a store at `path` from a backup. There must be none; after a failure what was made is taken away.
 * @throws CodedError `STORE_NOT_EMPTY`, `STORE_BACKUP_DAMAGED`, `STORE_BACKUP_FOREIGN`, `STORE_UNKNOWN_VERSION`
 */
export async function restoreBackup(
  options: { readonly file: string; readonly path: string; readonly genesisHash: Hash },
  onProgress: BackupProgress,
): Promise<BackupSummary> {
  const { file, path, genesisHash } = options;
  await requireNoStore(path, genesisHash);
  const handle = await openBackup(file);
  try {
    const header = await readHeader(handle, options);
    const database = await openDatabase(path, true);
    let written: { readonly records: number; readonly bytes: number };
    try {
      written = await readChunks(handle, file, header.crc, onProgress, (writes) =>
        database.write(writes),
      );
    } catch (error) {
      await database.close();
      await rm(path, { recursive: true });
      throw error;
    }
    await database.close();
    await markAs(path, genesisHash, header.version);
    return { height: header.height, hash: header.hash, ...written };
  } finally {
    await handle.close();
  }
}

async function requireNoStore(path: string, genesisHash: Hash): Promise<void> {
  const version = await versionOf(path, genesisHash);
  if (version !== undefined) throw storeError('STORE_NOT_EMPTY', path, 'there is a store already');
  await requireNothingToLose(path);
  try {
    await (await open(`${path}/CURRENT`, 'r')).close();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return;
  }
  throw storeError('STORE_NOT_EMPTY', path, 'there is a database already');
}

async function openBackup(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    throw storeError('STORE_BACKUP_DAMAGED', file, 'the backup cannot be read', { cause });
  }
}

type BackupHeader = {
  readonly version: number;
  readonly height: Height;
  readonly hash: Hash;
  readonly crc: number;
};

async function readHeader(
  handle: FileHandle,
  { file, genesisHash }: { readonly file: string; readonly genesisHash: Hash },
): Promise<BackupHeader> {
  const bytes = await readExactly(handle, HEADER_LENGTH);
  const damaged = (fact: string): Error => storeError('STORE_BACKUP_DAMAGED', file, fact);
  if (bytes === undefined || MAGIC.some((byte, at) => bytes[at] !== byte)) {
    throw damaged('the file is no backup of this program');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const crc = crcOf(bytes);
  if (view.getUint32(HEADER_LENGTH - 4) !== crc) throw damaged('the header is damaged');
  const version = view.getUint32(12);
  if (view.getUint32(8) !== BACKUP_VERSION || version < 1 || version > FORMAT_VERSION) {
    throw storeError('STORE_UNKNOWN_VERSION', file, `the backup has format ${version}`);
  }
  if (!equalBytes(bytes.subarray(16, 48), genesisHash)) {
    throw storeError('STORE_BACKUP_FOREIGN', file, 'the backup is of the chain of another genesis');
  }
  return { version, height: numberFrom(bytes, 48), hash: asHash(bytes.slice(56, 88)), crc };
}

type Writes = ReturnType<ReturnType<typeof createBatch>['writes']>;

async function readChunks(
  handle: FileHandle,
  file: string,
  seed: number,
  onProgress: BackupProgress,
  write: (writes: Writes) => Promise<void>,
): Promise<{ readonly records: number; readonly bytes: number }> {
  const damaged = (fact: string): Error => storeError('STORE_BACKUP_DAMAGED', file, fact);
  let records = 0;
  let bytes = HEADER_LENGTH;
  for await (const { payload, end } of chunksOf(handle, { seed, start: HEADER_LENGTH }, damaged)) {
    bytes = end;
    if (payload.length === 0) continue;
    const batch = createBatch();
    records += putRecords(batch, payload);
    await write(batch.writes());
    onProgress({ records, bytes });
  }
  return { records, bytes };
}

/** Of a payload that has passed its checksum. */
function putRecords(batch: ReturnType<typeof createBatch>, payload: Uint8Array): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  let records = 0;
  for (let at = 0; at < payload.length; records += 1) {
    const keyEnd = at + 6 + view.getUint16(at);
    const end = keyEnd + view.getUint32(at + 2);
    batch.put(payload.subarray(at + 6, keyEnd), payload.subarray(keyEnd, end));
    at = end;
  }
  return records;
}
