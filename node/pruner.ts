/** Prunes the ledger of a running node as its head goes on, in small batches between the blocks. */
import type { Height } from '../ledger/model/index.ts';
import type { ChainStore, Horizons } from '../ledger/store/index.ts';
import type { Logger } from './logger.ts';

/** How much is kept; what is absent is kept whole. */
export type Retention = {
  /** States after the newest so many blocks. */
  readonly states?: number | undefined;
  /** Bodies, receipts and indexes of the newest so many blocks. */
  readonly bodies?: number | undefined;
};

/** Blocks that a horizon moves at once: pruning each block by itself would cost a synced batch each. */
const STRIDE = 32n;

export type Pruner = { close(): Promise<void> };

/** The horizons that leave what is to be kept below `head`. */
export function horizonsFor(head: Height, { states, bodies }: Retention): Horizons {
  const from = (count: number | undefined): Height =>
    count === undefined || BigInt(count) > head ? 0n : head + 1n - BigInt(count);
  return { state: from(states), bodies: from(bodies) };
}

/** Begins at once with what is below the horizon already. */
export function createPruner(
  retention: Retention,
  modules: {
    readonly store: Pick<ChainStore, 'head' | 'oldest' | 'prune' | 'compact'>;
    /** Calls the listener for each new block; returns what ends that. */
    readonly onBlock: (listener: () => void) => () => void;
    readonly onFatal: (error: unknown) => void;
    readonly logger: Logger;
  },
): Pruner {
  const { store, logger } = modules;
  let isClosed = false;
  let running: Promise<void> | undefined;

  const isDue = (): boolean => {
    const target = horizonsFor(store.head().header.number, retention);
    const { state, bodies } = store.oldest();
    return target.state >= state + STRIDE || target.bodies >= bodies + STRIDE;
  };

  const run = async (isFirst: boolean): Promise<void> => {
    let deleted = 0;
    const target = horizonsFor(store.head().header.number, retention);
    await store.prune(target, (step) => {
      deleted += step.deleted;
      return !isClosed;
    });
    const { state, bodies } = store.oldest();
    const kept = { states: state.toString(), bodies: bodies.toString(), deleted };
    logger.debug('the ledger was pruned', kept);
    // Later on LevelDB gives the room back by itself, as it does with what is overwritten.
    if (isFirst && deleted > 0 && !isClosed) await store.compact();
  };

  const look = (isFirst: boolean): void => {
    if (isClosed || running !== undefined || !isDue()) return;
    running = run(isFirst)
      .catch(modules.onFatal)
      .finally(() => {
        running = undefined;
      });
  };

  const end = modules.onBlock(() => look(false));
  look(true);
  return {
    close: async () => {
      isClosed = true;
      end();
      await running;
    },
  };
}
