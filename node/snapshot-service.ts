/** The snapshot that a running node gives its peers: a file, made when the node starts if it is not there. */
import { existsSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Genesis } from '../genesis/index.ts';
import { type ChainStore, describeSnapshot } from '../ledger/store/index.ts';
import type { Logger } from './logger.ts';

export type SnapshotService = {
  /** Some bytes behind an offset; undefined while there is no snapshot, empty at its end. */
  serve(offset: bigint): Uint8Array | undefined;
  /** Resolves when it is served, or is known not to be. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
};

const PART_BYTES: number = 1024 * 1024;

/** A file that cannot be made or is none of this chain is logged and not served: the node goes on without. */
export function createSnapshotService(
  file: string,
  modules: {
    readonly store: Pick<ChainStore, 'head' | 'snapshot'>;
    readonly genesis: Pick<Genesis, 'hash'>;
    readonly logger: Logger;
  },
): SnapshotService {
  const { store, genesis, logger } = modules;
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  let isClosed = false;

  const prepare = async (): Promise<void> => {
    if (!existsSync(file)) {
      if (store.head().header.number === 0n) return;
      await store.snapshot(file, () => {});
    }
    const { number } = await describeSnapshot(file, genesis.hash);
    if (isClosed) return;
    handle = await open(file, 'r');
    logger.info('a snapshot is served to peers', { file, block: number.toString() });
  };

  const ready = prepare().catch((error: unknown) =>
    logger.error('no snapshot is served to peers', { file, error }),
  );
  return {
    ready,
    serve: (offset) => {
      if (handle === undefined) return undefined;
      if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return new Uint8Array(0);
      const bytes = new Uint8Array(PART_BYTES);
      const read = readSync(handle.fd, bytes, 0, PART_BYTES, Number(offset));
      return bytes.subarray(0, read);
    },
    close: async () => {
      isClosed = true;
      await ready;
      await handle?.close();
      handle = undefined;
    },
  };
}
