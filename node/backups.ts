/** Backups of a running node, one at a time: taken from a snapshot, so that blocks go on meanwhile. */
import { CodedError, type Height, refuse, type Verdict } from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import type { Logger } from './logger.ts';

export type BackupState =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly file: string; readonly bytes: number }
  | {
      readonly state: 'done';
      readonly file: string;
      readonly bytes: number;
      readonly height: Height;
    }
  | {
      readonly state: 'failed';
      readonly file: string;
      readonly code: string;
      readonly message: string;
    };

export type Backups = {
  /** Begins one; `file` is a path on the machine of the node. */
  start(file: string): Verdict<object>;
  /** How the newest stands. */
  state(): BackupState;
};

export function createBackups(store: Pick<ChainStore, 'backup'>, logger: Logger): Backups {
  let state: BackupState = { state: 'none' };

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
