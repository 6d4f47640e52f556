/** Snapshots: the head of a ledger and its state in a file that proves itself, and a ledger made from one. */
import { type Genesis, makeDirectory } from '../../genesis/index.ts';
import { CodedError } from '../../ledger/model/index.ts';
import { loadSnapshot, openStore, type SnapshotSummary } from '../../ledger/store/index.ts';
import { type LedgerPlace, storeOptionsOf } from './ledger-files.ts';
import { createHeaderCheck, isAnyByContract } from './verify-ledger.ts';

type SnapshotPlace = LedgerPlace<Genesis> & { readonly file: string };
type Progress = (done: { readonly task: string; readonly bytes: number }) => void;

/**
 * The node must not run.
 * @throws CodedError of the store, `NODE_SNAPSHOT_BY_CONTRACT`
 */
export async function takeSnapshot(
  place: SnapshotPlace,
  onProgress: Progress,
): Promise<SnapshotSummary> {
  requireHeaderMode(place.genesis);
  const store = await openStore(storeOptionsOf(place));
  try {
    return await store.snapshot(place.file, onProgress);
  } finally {
    await store.close();
  }
}

/**
 * Makes the ledger, then opens it as a node would. Whoever hands the file on needs no trust: every header is checked
 * by its seals from the genesis on, every part of the state by the root in the last of them.
 * @throws CodedError of the store, `NODE_SNAPSHOT_BY_CONTRACT`
 */
export async function restoreSnapshot(
  place: SnapshotPlace,
  onProgress: Progress,
): Promise<SnapshotSummary> {
  const { dataDir, genesis, file } = place;
  requireHeaderMode(genesis);
  await makeDirectory(dataDir);
  const createCheck = (view: Parameters<typeof createHeaderCheck>[1]) =>
    createHeaderCheck(genesis, view);
  const options = { ...storeOptionsOf(place), file, createHeaderCheck: createCheck };
  const summary = await loadSnapshot(options, onProgress);
  await (await openStore(storeOptionsOf(place))).close();
  return summary;
}

/** Whom a contract named is in states that a snapshot does not have. @throws CodedError `NODE_SNAPSHOT_BY_CONTRACT` */
export function requireHeaderMode({ qbft }: Genesis): void {
  if (!isAnyByContract(qbft)) return;
  const message =
    'a contract names the validators of this chain, so its headers alone do not tell who may seal them';
  throw new CodedError(message, { code: 'NODE_SNAPSHOT_BY_CONTRACT' });
}
