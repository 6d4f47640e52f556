/** Takes blocks from a file into a ledger, each verified and executed as one from a peer is. */
import { type FileHandle, open } from 'node:fs/promises';
import { makeDirectory } from '../../genesis/index.ts';
import { CodedError, type Height } from '../../ledger/model/index.ts';
import { openStore } from '../../ledger/store/index.ts';
import type { EngineName } from '../../vm/index.ts';
import { blocksOf, type FileBlock } from './block-file.ts';
import { type LedgerPlace, storeOptionsOf } from './ledger-files.ts';
import { createLoneChain, type LoneChain } from './lone-chain.ts';

export type ImportOptions = LedgerPlace & {
  readonly file: string;
  /** Of a chain of ours; a reference chain is replayed by `@ethereumjs/vm`, whatever is named. */
  readonly engine: EngineName;
  /** Whether what reverted transactions return is stored; never for a reference chain. */
  readonly keepsRevertReasons: boolean;
  /** Stops between two blocks; what is imported stays. */
  readonly signal: AbortSignal;
};

export type ImportSummary = {
  readonly imported: number;
  /** Of the file's blocks, those that were there. */
  readonly known: number;
  readonly head: Height;
  readonly isComplete: boolean;
};

export type ImportProgress = {
  readonly head: Height;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};

/**
 * The node must not run. Interrupted in any way, it goes on from where it was.
 * @throws CodedError of the store, `NODE_IMPORT_REFUSED`, `NODE_BLOCK_FILE_DAMAGED`, `NODE_BLOCK_FILE_CUT`,
 *   `NODE_FILE_UNREADABLE`
 */
export async function importBlocks(
  options: ImportOptions,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportSummary> {
  const file = await openFile(options.file);
  try {
    const { size } = await file.stat();
    await makeDirectory(options.dataDir);
    const store = await openStore(storeOptionsOf(options));
    try {
      const head = (): Height => store.head().header.number;
      const chain = await createLoneChain(options, store);
      let imported = 0;
      let known = 0;
      let end = 0;
      for await (const block of blocksOf(file, options.file)) {
        if (options.signal.aborted) return { imported, known, head: head(), isComplete: false };
        if (await take(chain, block, options.file)) known += 1;
        else imported += 1;
        ({ end } = block);
        onProgress({ head: head(), bytesDone: end, bytesTotal: size });
      }
      if (end < size) {
        const message = `${options.file} ends within a block; all before byte ${end} is imported`;
        throw new CodedError(message, { code: 'NODE_BLOCK_FILE_CUT', path: options.file });
      }
      return { imported, known, head: head(), isComplete: true };
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

/** Whether the block was there already. */
async function take(
  chain: LoneChain,
  { encoded, start }: FileBlock,
  file: string,
): Promise<boolean> {
  const verdict = await chain.import(encoded);
  if (verdict.ok) return verdict.duplicate;
  const message = `${file}: the block at byte ${start} is refused: ${verdict.message}`;
  throw new CodedError(message, {
    code: 'NODE_IMPORT_REFUSED',
    path: file,
    offset: start,
    reason: verdict.code,
  });
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError(`${path}: ${reason}`, { code: 'NODE_FILE_UNREADABLE', path }, { cause });
  }
}
