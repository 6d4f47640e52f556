/** Writes blocks into a file; one that was begun is gone on with. */
import { type FileHandle, open } from 'node:fs/promises';
import {
  CodedError,
  decodeBlock,
  equalBytes,
  type Height,
  headerHash,
} from '../../ledger/model/index.ts';
import { type ChainStore, openStore } from '../../ledger/store/index.ts';
import { blocksOf } from './block-file.ts';
import { type LedgerPlace, storeOptionsOf } from './ledger-files.ts';

export type ExportOptions = LedgerPlace & {
  readonly file: string;
  readonly from: Height;
  /** The head if absent. */
  readonly to: Height | undefined;
};

export type ExportSummary = {
  readonly from: Height;
  readonly to: Height;
  /** In the file when this run began. */
  readonly found: number;
  readonly written: number;
};

/**
 * The node must not run.
 * @throws CodedError of the store, `NODE_EXPORT_RANGE`, `NODE_EXPORT_FOREIGN`, `NODE_BLOCK_FILE_DAMAGED`,
 *   `NODE_FILE_UNWRITABLE`
 */
export async function exportBlocks(
  options: ExportOptions,
  onProgress: (done: Height, to: Height) => void,
): Promise<ExportSummary> {
  const store = await openStore(storeOptionsOf(options));
  try {
    const head = store.head().header.number;
    const { from, to = head } = options;
    if (from > to || to > head) {
      const message = `blocks ${from} to ${to} are asked for, the chain has 0 to ${head}`;
      throw new CodedError(message, { code: 'NODE_EXPORT_RANGE' });
    }
    const file = await openFile(options.file);
    try {
      const found = await wholeBlocks(file, store, options);
      let next = from + BigInt(found);
      for (; next <= to; next += 1n) {
        await append(file, store.encodedBlock(next) as Uint8Array, options.file);
        onProgress(next, to);
      }
      await file.sync();
      const written = Number(to - from) + 1 - found;
      return { from, to, found, written: Math.max(0, written) };
    } finally {
      await file.close();
    }
  } finally {
    await store.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+', 0o644);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function append(file: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    await file.appendFile(bytes);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CodedError(`${path}: ${reason}`, { code: 'NODE_FILE_UNWRITABLE', path }, { cause });
}

/** How many blocks of this export the file has already; what a crash left of another is cut off. */
async function wholeBlocks(
  file: FileHandle,
  store: ChainStore,
  { file: path, from, genesis }: ExportOptions,
): Promise<number> {
  let found = 0;
  let end = 0;
  for await (const block of blocksOf(file, path)) {
    const decoded = decodeBlock(block.encoded);
    const header = decoded.ok ? decoded.block.header : undefined;
    const expected = store.hashOf(from + BigInt(found));
    const isOurs =
      header !== undefined &&
      expected !== undefined &&
      equalBytes(headerHash(header, genesis.hashRule), expected);
    if (!isOurs) {
      const message = `${path} holds at byte ${block.start} something else than block ${from + BigInt(found)}`;
      throw new CodedError(message, { code: 'NODE_EXPORT_FOREIGN', path });
    }
    found += 1;
    ({ end } = block);
  }
  await file.truncate(end);
  return found;
}
