/**
 * A lock that dies with its process, `kill -9` included.
 *
 * Node has no file locks, and a file with a process id in it cannot be taken over without a race. An
 * empty LevelDB holds a kernel lock on its directory for as long as its process has it open, on every
 * platform that the store runs on, and refuses a second opener in the same process as well.
 */
import { Level } from 'level';
import { codeOf, innermost, storeError } from './store-error.ts';

export type FileLock = { release(): Promise<void> };

/**
 * Locks by means of a directory at `path`, which is left there when the lock is released.
 * @throws CodedError `STORE_LOCKED` if it is held, `STORE_NOT_WRITABLE` if it cannot be made
 */
export async function acquireLock(path: string): Promise<FileLock> {
  const holder = new Level(path);
  try {
    await holder.open();
  } catch (error) {
    const cause = innermost(error);
    if (codeOf(cause) === 'LEVEL_LOCKED') {
      throw storeError('STORE_LOCKED', path, 'another process holds the lock', { cause });
    }
    throw storeError('STORE_NOT_WRITABLE', path, 'the lock cannot be taken', { cause });
  }
  return { release: () => holder.close() };
}
