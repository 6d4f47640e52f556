/** Backups of a ledger while no node runs on it, and a ledger made from a backup. */
import { makeDirectory } from '../../genesis/index.ts';
import { type BackupSummary, openStore, restoreBackup } from '../../ledger/store/index.ts';
import { chainPath, type LedgerPlace, storeOptionsOf } from './ledger-files.ts';

type Progress = (done: { readonly records: number; readonly bytes: number }) => void;

/** @throws CodedError of the store */
export async function backUpLedger(
  place: LedgerPlace & { readonly file: string },
  onProgress: Progress,
): Promise<BackupSummary> {
  const store = await openStore(storeOptionsOf(place));
  try {
    return await store.backup(place.file, onProgress);
  } finally {
    await store.close();
  }
}

/**
 * Makes the ledger, then opens it as a node would. The consensus log is not restored: a validator has to stay lost.
 * @throws CodedError of the store
 */
export async function restoreLedger(
  place: LedgerPlace & { readonly file: string },
  onProgress: Progress,
): Promise<BackupSummary> {
  const { dataDir, genesis, file } = place;
  await makeDirectory(dataDir);
  const options = { file, path: chainPath(dataDir), genesisHash: genesis.hash };
  const summary = await restoreBackup(options, onProgress);
  await (await openStore(storeOptionsOf(place))).close();
  return summary;
}
