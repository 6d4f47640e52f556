/**
 * The consensus log: what this validator has signed, durable before it is sent (docs/spec/ledger.md,
 * L-3 to L-5). A file of its own, because LevelDB drops damaged log records without a word.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { bytesToHex, concatBytes, equalBytes } from '../model/index.ts';
import { createDurably, replaceDurably } from './durable-file.ts';
import { acquireLock, type FileLock } from './file-lock.ts';
import { createLogFile, type LogFile } from './log-file.ts';
import {
  chainOf,
  decodeLogHeader,
  decodeRecords,
  encodeLogHeader,
  encodeRecords,
  LOG_HEADER_LENGTH,
  type LogBinding,
} from './log-format.ts';
import { createSerialQueue } from './serial-queue.ts';
import { codeOf, storeError } from './store-error.ts';

export type ConsensusLogOptions = LogBinding & {
  readonly path: string;
  /** `retain` leaves a smaller file alone. In bytes; 16 MiB unless given. */
  readonly rewriteAboveBytes?: number;
};

export interface ConsensusLog {
  /** Opaque payloads in the order of their appends. */
  records(): readonly Uint8Array[];
  /**
   * One write and one fdatasync; resolves when the records are durable.
   * @throws CodedError `STORE_LOG_WRITE_FAILED`; then nothing that rests on them may be sent
   */
  append(records: readonly Uint8Array[]): Promise<void>;
  /** Drops the records that are not to be kept, once the file has grown enough to be worth it. */
  retain(keep: (record: Uint8Array) => boolean): Promise<void>;
  close(): Promise<void>;
}

const REWRITE_ABOVE_BYTES = 16 * 1024 * 1024;

/**
 * Makes an empty log for a new validator key.
 * @throws CodedError `STORE_LOG_EXISTS`, `STORE_NOT_WRITABLE`
 */
export async function createConsensusLog(options: ConsensusLogOptions): Promise<void> {
  const { path } = options;
  try {
    await createDurably(path, encodeLogHeader(options));
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') {
      throw storeError('STORE_LOG_EXISTS', path, 'a consensus log is there already');
    }
    throw storeError('STORE_NOT_WRITABLE', path, 'the consensus log cannot be created', { cause });
  }
}

/**
 * Makes a log in place of one that is missing or damaged, with its first records in it at once: a crash
 * leaves no log or this one. A file that is there is kept beside it, as `path.damaged-1` or the next
 * number that is free. L-6
 * @returns where that file is now; undefined if there was none
 * @throws CodedError `STORE_LOCKED`, `STORE_NOT_WRITABLE`
 */
export async function renewConsensusLog(
  options: ConsensusLogOptions,
  records: readonly Uint8Array[],
): Promise<string | undefined> {
  const { path } = options;
  const lock = await acquireLock(`${path}.lock`);
  try {
    const kept = await setAside(path);
    const header = encodeLogHeader(options);
    const { bytes } = encodeRecords(records, chainOf(header));
    await replaceDurably(path, concatBytes(header, bytes));
    return kept;
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'a new consensus log cannot be created', {
      cause,
    });
  } finally {
    await lock.release();
  }
}

/** Under the lock, so that a name that is free stays free. */
async function setAside(path: string): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined;
  let number = 1;
  while (await isThere(`${path}.damaged-${number}`)) number += 1;
  const kept = `${path}.damaged-${number}`;
  await rename(path, kept);
  return kept;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Locks the log and reads it whole. A last record that was not written to its end is cut off.
 * @throws CodedError `STORE_LOG_MISSING`, `STORE_LOG_DAMAGED`, `STORE_LOG_FOREIGN`, `STORE_LOCKED`,
 * `STORE_UNKNOWN_VERSION`, `STORE_NOT_WRITABLE`
 */
export async function openConsensusLog(options: ConsensusLogOptions): Promise<ConsensusLog> {
  const { path } = options;
  await requireExisting(path);
  // The lock is no part of the file, so it holds across the rename of a rewrite.
  const lock = await acquireLock(`${path}.lock`);
  let file: FileHandle | undefined;
  try {
    await rm(`${path}.tmp`, { force: true });
    file = await openFile(path);
    const contents = readLog(options, await readWhole(path, file));
    if (contents.torn) await cutOff(path, file, contents.end);
    return serveLog(options, createLogFile(path, file), contents, lock);
  } catch (error) {
    await file?.close();
    await lock.release();
    throw error;
  }
}

/** Before the lock, which would leave its directory beside a log that is not there. */
async function requireExisting(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw storeError('STORE_LOG_MISSING', path, 'there is no consensus log');
    }
    throw storeError('STORE_NOT_WRITABLE', path, 'the consensus log cannot be reached', { cause });
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the consensus log cannot be opened', { cause });
  }
}

async function readWhole(path: string, file: FileHandle): Promise<Uint8Array> {
  try {
    return await file.readFile();
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the consensus log cannot be read', { cause });
  }
}

async function cutOff(path: string, file: FileHandle, end: number): Promise<void> {
  try {
    await file.truncate(end);
    await file.sync();
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the consensus log cannot be cut', { cause });
  }
}

type Contents = {
  payloads: Uint8Array[];
  /** Length of the whole records in bytes, and the checksum that the next record continues. */
  end: number;
  chain: number;
};

/**
 * What the bytes of a log hold; `torn`: behind the whole records is one that was not written to its end.
 * @throws CodedError `STORE_LOG_DAMAGED`, `STORE_LOG_FOREIGN`, `STORE_UNKNOWN_VERSION`
 */
export function readLog(
  options: ConsensusLogOptions,
  bytes: Uint8Array,
): Contents & { readonly torn: boolean } {
  const { path } = options;
  const header = decodeLogHeader(bytes);
  if (header.kind === 'unknown-version') {
    const fact = `the consensus log has format version ${header.version}`;
    throw storeError('STORE_UNKNOWN_VERSION', path, fact);
  }
  if (header.kind === 'damaged') {
    throw storeError('STORE_LOG_DAMAGED', path, 'the header of the consensus log is damaged');
  }
  if (!equalBytes(header.binding.genesisHash, options.genesisHash)) {
    const fact = `the consensus log is of the genesis ${bytesToHex(header.binding.genesisHash)}`;
    throw storeError('STORE_LOG_FOREIGN', path, fact);
  }
  if (!equalBytes(header.binding.validator, options.validator)) {
    const fact = `the consensus log is of the validator ${bytesToHex(header.binding.validator)}`;
    throw storeError('STORE_LOG_FOREIGN', path, fact);
  }
  const { payloads, end, chain, damagedAt } = decodeRecords(bytes, LOG_HEADER_LENGTH, header.chain);
  if (damagedAt !== undefined) {
    const fact = `the consensus log is damaged at byte ${damagedAt}`;
    throw storeError('STORE_LOG_DAMAGED', path, fact);
  }
  return { payloads, end, chain, torn: end < bytes.length };
}

/** The log on an open file, whatever that lies on. */
export function serveLog(
  options: ConsensusLogOptions,
  file: LogFile,
  contents: Contents,
  lock: FileLock,
): ConsensusLog {
  const { path, rewriteAboveBytes = REWRITE_ABOVE_BYTES } = options;
  const serially = createSerialQueue();
  let rewriteAbove = rewriteAboveBytes;
  let isClosed = false;

  const append = async (payloads: readonly Uint8Array[]): Promise<void> => {
    requireOpen();
    if (payloads.length === 0) return;
    const { bytes, chain } = encodeRecords(payloads, contents.chain);
    await file.append(bytes, contents.end);
    for (const payload of payloads) contents.payloads.push(payload.slice());
    contents.end += bytes.length;
    contents.chain = chain;
  };

  const retain = async (keep: (record: Uint8Array) => boolean): Promise<void> => {
    requireOpen();
    if (contents.end <= rewriteAbove) return;
    const payloads = contents.payloads.filter(keep);
    const header = encodeLogHeader(options);
    const { bytes, chain } = encodeRecords(payloads, chainOf(header));
    await file.replace(concatBytes(header, bytes));
    contents.payloads = payloads;
    contents.end = header.length + bytes.length;
    contents.chain = chain;
    // What is kept may itself be above the limit: rewriting it at every call would gain nothing.
    rewriteAbove = Math.max(rewriteAboveBytes, 2 * contents.end);
  };

  const requireOpen = (): void => {
    if (isClosed) throw storeError('STORE_CLOSED', path, 'the consensus log is closed');
  };

  return {
    records: () => contents.payloads.slice(),
    append: (records) => serially(() => append(records)),
    retain: (keep) => serially(() => retain(keep)),
    close: () =>
      serially(async () => {
        if (isClosed) return;
        isClosed = true;
        await file.close();
        await lock.release();
      }),
  };
}
