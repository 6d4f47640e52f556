/** LevelDB with a checksum on every value: what it reads is what was written under that key, or an error. */
import { Level } from 'level';
import { CodedError } from '../model/index.ts';
import { withChecksum, withoutChecksum } from './checksum.ts';
import { tableOf } from './keyspace.ts';

export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export type Database = {
  /** @throws CodedError `STORE_DAMAGED` */
  get(key: Uint8Array): Uint8Array | undefined;
  keys(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<Uint8Array[]>;
  /** All or nothing, on disk when it resolves. @throws CodedError `STORE_WRITE_FAILED` */
  write(writes: readonly Write[]): Promise<void>;
  close(): Promise<void>;
};

/** @throws CodedError `STORE_LOCKED`, `STORE_DAMAGED`, `STORE_NOT_WRITABLE` */
export async function openDatabase(path: string): Promise<Database> {
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  try {
    await level.open();
  } catch (error) {
    throw openFailure(path, error);
  }
  return {
    get: (key) => {
      const stored = level.getSync(key);
      if (stored === undefined) return undefined;
      const value = withoutChecksum(key, stored);
      if (value !== undefined) return value;
      throw new CodedError(`a value of the table "${tableOf(key)}" fails its checksum`, {
        code: 'STORE_DAMAGED',
        table: tableOf(key),
        path,
      });
    },
    keys: (range) => level.keys(range).all(),
    write: async (writes) => {
      const operations = writes.map((write) =>
        write.type === 'put' ? { ...write, value: withChecksum(write.key, write.value) } : write,
      );
      try {
        await level.batch(operations, { sync: true });
      } catch (error) {
        throw new CodedError(
          `a batch could not be written: ${path}`,
          { code: 'STORE_WRITE_FAILED', path },
          { cause: error },
        );
      }
    },
    close: () => level.close(),
  };
}

function openFailure(path: string, error: unknown): CodedError<{ code: string; path: string }> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as { code?: string; message: string };
  const failure = (name: string, reason: string): CodedError<{ code: string; path: string }> =>
    new CodedError(`${reason}: ${path}`, { code: name, path }, { cause: error });
  if (code === 'LEVEL_LOCKED') return failure('STORE_LOCKED', 'another process has it open');
  if (code === 'LEVEL_CORRUPTION') return failure('STORE_DAMAGED', message);
  return failure('STORE_NOT_WRITABLE', `cannot open the database (${message})`);
}
