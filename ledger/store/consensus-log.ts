/**
 * The consensus log: what a validator has signed and what its votes rest on (design D2 and D5).
 *
 * One append-only file, because LevelDB drops damaged log records without a word. After a header come
 * records: length (4), CRC-32C of file offset, length and payload (4), payload. An append is one write
 * and one fdatasync. At open a torn last record is cut off: it was never acknowledged. Damage anywhere
 * before is refused.
 */
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Address,
  CodedError,
  concatBytes,
  equalBytes,
  type Hash,
  invariant,
} from '../model/index.ts';
import { crc32c } from './checksum.ts';

export type ConsensusLogOptions = {
  readonly path: string;
  readonly genesisHash: Hash;
  readonly validator: Address;
};

export type ConsensusLog = {
  /** Payloads in the order in which they were appended. */
  records(): readonly Uint8Array[];
  /** Durable when it resolves. @throws CodedError `STORE_LOG_FULL`; nothing may be sent then */
  append(records: readonly Uint8Array[]): Promise<void>;
  /** Above a size, rewrites the file with the records that `keep` accepts; otherwise does nothing. */
  retain(keep: (record: Uint8Array) => boolean): Promise<void>;
  close(): Promise<void>;
};

const MAGIC = new TextEncoder().encode('EHB-LOG\n');
const VERSION = 1;
/** Magic (8), version (4), genesis hash (32), validator (20), CRC (4). */
const HEADER_LENGTH = 68;
const RECORD_HEADER = 8;
/** A record holds at most a block and its messages. */
const MAX_RECORD = 64 * 1024 * 1024;
/** A file above this is rewritten when a height has become final. */
const REWRITE_ABOVE = 16 * 1024 * 1024;

/**
 * Creates the empty log of a new validator key.
 * @throws CodedError `STORE_LOG_EXISTS`, `STORE_NOT_WRITABLE`
 */
export async function createConsensusLog(options: ConsensusLogOptions): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(options.path, 'wx', 0o600);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw failure(
      exists ? 'STORE_LOG_EXISTS' : 'STORE_NOT_WRITABLE',
      exists ? 'a consensus log exists already' : 'the consensus log cannot be created',
      options.path,
      error,
    );
  }
  try {
    await file.write(headerOf(options));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(options.path));
}

/**
 * Opens the log. Its directory is guarded by the lock of the store in it, which is opened first.
 * @throws CodedError `STORE_LOG_MISSING`, `STORE_LOG_DAMAGED`, `STORE_LOG_FOREIGN`
 */
export async function openConsensusLog(
  options: ConsensusLogOptions,
  rewriteAbove: number = REWRITE_ABOVE,
): Promise<ConsensusLog> {
  const { path } = options;
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw failure('STORE_LOG_MISSING', 'there is no consensus log', path, error);
  });
  checkHeader(bytes, options);
  const { records, end } = readRecords(bytes, path);
  const file = await open(path, 'r+');
  if (end < bytes.length) {
    await file.truncate(end);
    await file.sync();
  }
  return createLog({ options, rewriteAbove, file, end, records });
}

type Opened = {
  readonly options: ConsensusLogOptions;
  readonly rewriteAbove: number;
  readonly file: FileHandle;
  readonly end: number;
  readonly records: Uint8Array[];
};

function createLog(opened: Opened): ConsensusLog {
  const { options, rewriteAbove } = opened;
  const { path } = options;
  let { file, end, records } = opened;
  let broken = false;

  const append = async (payloads: readonly Uint8Array[]): Promise<void> => {
    // After a failed write the end of the file is unknown: nothing may follow it.
    if (broken) throw failure('STORE_LOG_FULL', 'an earlier append has failed', path);
    const bytes = encodeRecords(payloads, end);
    try {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, end);
      invariant(bytesWritten === bytes.length, 'a write to a regular file is whole or fails');
      await file.datasync();
    } catch (error) {
      broken = true;
      throw failure('STORE_LOG_FULL', 'the consensus log cannot be extended', path, error);
    }
    end += bytes.length;
    records.push(...payloads);
  };

  const retain = async (keep: (record: Uint8Array) => boolean): Promise<void> => {
    if (end <= rewriteAbove) return;
    const kept = records.filter(keep);
    const header = headerOf(options);
    const bytes = concatBytes(header, encodeRecords(kept, header.length));
    const next = await open(`${path}.new`, 'w+', 0o600);
    await next.write(bytes, 0, bytes.length, 0);
    await next.sync();
    await rename(`${path}.new`, path);
    await syncDirectory(dirname(path));
    await file.close();
    file = next;
    end = bytes.length;
    records = kept;
  };

  return {
    records: () => records,
    append,
    retain,
    close: () => file.close(),
  };
}

function headerOf({ genesisHash, validator }: ConsensusLogOptions): Uint8Array {
  const body = concatBytes(MAGIC, uint32(VERSION), genesisHash, validator);
  return concatBytes(body, uint32(crc32c(body)));
}

function checkHeader(bytes: Uint8Array, options: ConsensusLogOptions): void {
  const { path } = options;
  const body = bytes.subarray(0, HEADER_LENGTH - 4);
  const checksum = bytes.subarray(HEADER_LENGTH - 4, HEADER_LENGTH);
  if (
    bytes.length < HEADER_LENGTH ||
    !equalBytes(body.subarray(0, MAGIC.length), MAGIC) ||
    !equalBytes(checksum, uint32(crc32c(body)))
  ) {
    throw failure('STORE_LOG_DAMAGED', 'the header of the consensus log is damaged', path);
  }
  const version = uint32At(bytes, 8);
  if (version !== VERSION) {
    throw failure('STORE_UNKNOWN_VERSION', `the consensus log has format ${version}`, path);
  }
  if (!equalBytes(bytes.subarray(12, HEADER_LENGTH), headerOf(options).subarray(12))) {
    throw failure('STORE_LOG_FOREIGN', 'the consensus log is of another chain or key', path);
  }
}

/** All whole records; `end` is where a torn last one starts, or the end of the file. */
function readRecords(
  bytes: Uint8Array,
  path: string,
): { readonly records: Uint8Array[]; readonly end: number } {
  const records: Uint8Array[] = [];
  let at = HEADER_LENGTH;
  while (at < bytes.length) {
    if (bytes.length - at < RECORD_HEADER) return { records, end: at };
    const length = uint32At(bytes, at);
    const start = at + RECORD_HEADER;
    const whole = length <= MAX_RECORD && start + length <= bytes.length;
    const payload = bytes.subarray(start, start + length);
    if (whole && checksumOf(payload, at) === uint32At(bytes, at + 4)) {
      records.push(payload.slice());
      at = start + length;
      continue;
    }
    if (isTorn(bytes, at, whole ? start + length : bytes.length)) return { records, end: at };
    throw failure('STORE_LOG_DAMAGED', `the record at byte ${at} is damaged`, path);
  }
  return { records, end: at };
}

/** A record that an interrupted write left: the last one, with no valid record anywhere behind it. */
function isTorn(bytes: Uint8Array, at: number, end: number): boolean {
  if (end < bytes.length) return false;
  for (let offset = at + 1; offset + RECORD_HEADER < bytes.length; offset += 1) {
    const length = uint32At(bytes, offset);
    const start = offset + RECORD_HEADER;
    if (length === 0 || start + length > bytes.length) continue;
    const payload = bytes.subarray(start, start + length);
    if (checksumOf(payload, offset) === uint32At(bytes, offset + 4)) return false;
  }
  return true;
}

/** The offset is part of it: a record that was moved or repeated does not fit. */
function checksumOf(payload: Uint8Array, offset: number): number {
  return crc32c(payload, crc32c(concatBytes(uint32(offset), uint32(payload.length))));
}

function encodeRecords(payloads: readonly Uint8Array[], from: number): Uint8Array {
  let at = from;
  const parts: Uint8Array[] = [];
  for (const payload of payloads) {
    invariant(payload.length > 0 && payload.length <= MAX_RECORD, 'a log record has 1 B to 64 MiB');
    parts.push(uint32(payload.length), uint32(checksumOf(payload, at)), payload);
    at += RECORD_HEADER + payload.length;
  }
  return concatBytes(...parts);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function failure(
  code: string,
  reason: string,
  path: string,
  cause?: unknown,
): CodedError<{ code: string; path: string }> {
  return new CodedError(`${reason}: ${path}`, { code, path }, { cause });
}
