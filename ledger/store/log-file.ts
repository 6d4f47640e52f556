/** The file of the consensus log: how bytes get into it, and what is known when that fails. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { syncDirectoryOf, writeSynced } from './durable-file.ts';
import { storeError } from './store-error.ts';

export type LogFile = {
  /**
   * One write at the end and one fdatasync.
   * @throws CodedError `STORE_LOG_WRITE_FAILED`; then nothing was added, or else the file is given up
   */
  append(bytes: Uint8Array, end: number): Promise<void>;
  /** The whole file anew, or as it was: written aside, synced, renamed. @throws as `append` */
  replace(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
};

/** Takes over an open file. Once it is given up, every call throws what went wrong then. */
export function createLogFile(path: string, opened: FileHandle): LogFile {
  let file = opened;
  /** Set when it is no longer known what the disk holds: only opening the log again can tell. */
  let failure: Error | undefined;

  const failed = (fact: string, cause: unknown): Error =>
    storeError('STORE_LOG_WRITE_FAILED', path, fact, { cause });

  const requireKnown = (): void => {
    if (failure !== undefined) throw failure;
  };

  return {
    append: async (bytes, end) => {
      requireKnown();
      try {
        await writeAll(file, bytes, end);
      } catch (cause) {
        const error = failed('a record could not be written to the consensus log', cause);
        await file.truncate(end).catch(() => {
          failure = error;
        });
        throw error;
      }
      try {
        await file.datasync();
      } catch (cause) {
        // The kernel may have dropped the pages that it could not write: a second try would lie.
        failure = failed('the consensus log could not be synced', cause);
        throw failure;
      }
    },
    replace: async (bytes) => {
      requireKnown();
      const temporary = `${path}.tmp`;
      try {
        await writeSynced(temporary, bytes, 'w');
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => {});
        throw failed('the consensus log could not be rewritten', cause);
      }
      try {
        await rename(temporary, path);
        await syncDirectoryOf(path);
        await file.close();
        file = await open(path, 'r+');
      } catch (cause) {
        // A record added to a file whose name may not survive would not either.
        failure = failed('the rewritten consensus log could not be put in place', cause);
        throw failure;
      }
    },
    close: () => file.close(),
  };
}

/** A system call may write less than it is given; the next writes what it left. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const rest = bytes.length - written;
    const { bytesWritten } = await file.write(bytes, written, rest, position + written);
    written += bytesWritten;
  }
}
