/** Backups of a running node, one at a time: taken from a snapshot, so that blocks go on meanwhile. */
import { CodedError, refuse } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { BackupPort, BackupReport } from '../rpc/index.ts';
import type { Logger } from './logger.ts';

export function createBackups(store: Pick<ChainStore, 'backup'>, logger: Logger): BackupPort {
  let state: BackupReport = { state: 'none' };

  const run = async (file: string): Promise<void> => {
    try {
      const { height, bytes } = await store.backup(file, (done) => {
        state = { state: 'running', file, bytes: done.bytes };
      });
      state = { state: 'done', file, bytes, height };
      logger.info('backup written', { file, bytes, height: height.toString() });
    } catch (error) {
      const code = error instanceof CodedError ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : String(error);
      state = { state: 'failed', file, code, message };
      logger.error('backup failed', { file, error });
    }
  };

  return {
    start: (file) => {
      if (state.state === 'running') {
        return refuse('NODE_BACKUP_RUNNING', `a backup to ${state.file} is being written`);
      }
      state = { state: 'running', file, bytes: 0 };
      void run(file);
      return { ok: true };
    },
    state: () => state,
  };
}
