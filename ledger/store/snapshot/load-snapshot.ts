/**
 * Makes a store from a snapshot, trusting nobody (L-33): headers follow one another from block 0 and pass the check
 * of their seals; each part of the state gives, with its proof, the root in the header of the block; what an account
 * refers to is there. After a failure what was made is taken away.
 */
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockHeader } from '../../model/index.ts';
import { type ByteSource, chunksOf } from '../chunk-file.ts';
import { openDatabase } from '../database.ts';
import { mark, requireNothingToLose, versionOf } from '../identity.ts';
import type { StoreOptions } from '../open-store.ts';
import { codeOf, storeError } from '../store-error.ts';
import type { VerifiedView } from '../verify/verify-chain.ts';
import type { SnapshotProgress, SnapshotSummary } from './create-snapshot.ts';
import { decodePiece } from './pieces.ts';
import { openSnapshot, readSnapshotHeader, SNAPSHOT_HEADER_LENGTH } from './snapshot-file.ts';
import { createStoreMaker } from './store-maker.ts';

export type LoadOptions = Pick<StoreOptions, 'path' | 'genesis' | 'hashRule'> & {
  /** Its path, or what to call `source` in a message. */
  readonly file: string;
  /** Read in place of the file. */
  readonly source?: ByteSource;
  /** Of headers, in order: answers what is wrong with one. */
  readonly createHeaderCheck: (
    view: VerifiedView,
  ) => Promise<(header: BlockHeader) => Promise<string | undefined>>;
};

/** In the directory of a store that is being made: what a process that died has left is begun anew. */
const LOADING = 'EHB-LOADING';

/**
 * Makes the store at `path`, where there must be none; its parent must be there.
 * @throws CodedError `STORE_NOT_EMPTY`, `STORE_SNAPSHOT_INVALID`, `STORE_SNAPSHOT_FOREIGN`, `STORE_UNKNOWN_VERSION`
 */
export async function loadSnapshot(
  options: LoadOptions,
  onProgress: SnapshotProgress,
): Promise<SnapshotSummary> {
  if (options.source !== undefined) return await loadFrom(options.source, options, onProgress);
  const handle = await openSnapshot(options.file);
  try {
    return await loadFrom(handle, options, onProgress);
  } finally {
    await handle.close();
  }
}

async function loadFrom(
  source: ByteSource,
  options: LoadOptions,
  onProgress: SnapshotProgress,
): Promise<SnapshotSummary> {
  const { file, path, genesis } = options;
  const header = await readSnapshotHeader(source, file, genesis.hash);
  await makePlace(options);
  try {
    const summary = await load(source, header, options, onProgress);
    await mark(path, genesis.hash);
    await rm(join(path, LOADING));
    return summary;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

async function load(
  source: ByteSource,
  header: Awaited<ReturnType<typeof readSnapshotHeader>>,
  options: LoadOptions,
  onProgress: SnapshotProgress,
): Promise<SnapshotSummary> {
  const { file, path } = options;
  const invalid = (fact: string): Error => storeError('STORE_SNAPSHOT_INVALID', file, fact);
  const database = await openDatabase(path, true);
  try {
    const maker = await createStoreMaker(database, header, { ...options, invalid });
    let bytes = SNAPSHOT_HEADER_LENGTH;
    const chunks = chunksOf(source, { seed: header.crc, start: bytes }, invalid);
    for await (const { payload, end } of chunks) {
      bytes = end;
      if (payload.length === 0) continue;
      const piece = decodePiece(payload);
      if (piece === undefined) throw invalid(`there is no piece at byte ${end - payload.length}`);
      await maker.take(piece);
      onProgress({ task: piece.kind, bytes });
    }
    const accounts = await maker.finish();
    return { height: header.number, hash: header.hash, accounts, bytes };
  } finally {
    await database.close();
  }
}

async function makePlace({ path, genesis }: LoadOptions): Promise<void> {
  if ((await versionOf(path, genesis.hash)) !== undefined) {
    throw storeError('STORE_NOT_EMPTY', path, 'there is a store already');
  }
  if (await exists(join(path, LOADING))) await rm(path, { recursive: true });
  await requireNothingToLose(path);
  if (await exists(join(path, 'CURRENT'))) {
    throw storeError('STORE_NOT_EMPTY', path, 'there is a database already');
  }
  try {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, LOADING), '');
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the directory cannot be written', { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return false;
    throw storeError('STORE_NOT_WRITABLE', path, 'the directory cannot be read', { cause });
  }
}
