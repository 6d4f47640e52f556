/** Small files of a node's directory: read at start, replaced whole and durably. */
import { readFile } from 'node:fs/promises';
import { CodedError } from '../ledger/model/index.ts';
import { replaceDurably } from '../ledger/store/index.ts';

export type SmallFile = {
  /** For messages. */
  readonly path: string;
  /** Undefined if it is not there. @throws CodedError `NODE_FILE_UNREADABLE` */
  read(): Promise<string | undefined>;
  /** Resolves when it is durable. */
  replace(text: string): Promise<void>;
};

export function smallFileAt(path: string): SmallFile {
  return {
    path,
    read: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
        throw new CodedError(
          `${path} cannot be read`,
          { code: 'NODE_FILE_UNREADABLE', path },
          { cause },
        );
      }
    },
    replace: (text) => replaceDurably(path, new TextEncoder().encode(text)),
  };
}

/** For nodes without a disk. */
export function smallFileInMemory(path: string): SmallFile {
  let text: string | undefined;
  return {
    path,
    read: async () => text,
    replace: async (next) => {
      text = next;
    },
  };
}
