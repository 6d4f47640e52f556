/**
 * A lock that dies with its process, `kill -9` included.
 *
 * Node has no file locks, and a file with a process id in it cannot be taken over without a race. An
 * empty LevelDB holds a kernel lock on its directory for as long as its process has it open, on every
 * platform that the store runs on, and refuses a second opener in the same process as well.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { codeOf, innermost, storeError } from './store-error.ts';

export type FileLock = { release(): Promise<void> };

/**
 * Locks by means of a directory at `path`, which is left there when the lock is released.
 * @throws CodedError `STORE_LOCKED` if it is held, `STORE_NOT_WRITABLE` if it cannot be made
 */
export async function acquireLock(path: string): Promise<FileLock> {
  try {
    return await hold(path);
  } catch (error) {
    requireFree(path, error);
  }
  try {
    await clear(path);
    return await hold(path);
  } catch (error) {
    requireFree(path, error);
    const cause = innermost(error);
    throw storeError('STORE_NOT_WRITABLE', path, 'the lock cannot be taken', { cause });
  }
}

async function hold(path: string): Promise<FileLock> {
  const holder = new Level(path);
  await holder.open();
  return { release: () => holder.close() };
}

/** LevelDB takes its lock before it reads anything, so any other failure is not about the lock. */
function requireFree(path: string, error: unknown): void {
  const cause = innermost(error);
  if (codeOf(cause) === 'LEVEL_LOCKED') {
    throw storeError('STORE_LOCKED', path, 'another process holds the lock', { cause });
  }
}

/**
 * A loss of power can leave a database of which a name is there and the contents are not; this one holds
 * nothing. The file `LOCK` stays: another process may have just taken it.
 */
async function clear(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== 'LOCK') await rm(join(path, name), { force: true, recursive: true });
  }
}
