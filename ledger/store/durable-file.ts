/** Files that are there after a power failure: contents synced first, then the name. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storeError } from './store-error.ts';

/** Makes names in the directory of `path` durable: creations, renames and removals. */
export async function syncDirectoryOf(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Creates a file that must not be there yet. @throws the `EEXIST` of the file system if it is */
export async function createDurably(path: string, bytes: Uint8Array): Promise<void> {
  await writeSynced(path, bytes, 'wx');
  await syncDirectoryOf(path);
}

/**
 * Puts a file in place whole or not at all, by way of `path.tmp`.
 * @throws CodedError `STORE_NOT_WRITABLE`, or what is wrong with the disk
 */
export async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeSynced(temporary, bytes, 'w');
    await rename(temporary, path);
    await syncDirectoryOf(path);
  } catch (cause) {
    throw storeError('STORE_NOT_WRITABLE', path, 'the file cannot be written', { cause });
  }
}

/** Writes a whole file and syncs its contents; its name is the caller's. */
export async function writeSynced(
  path: string,
  bytes: Uint8Array,
  flags: 'w' | 'wx',
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
