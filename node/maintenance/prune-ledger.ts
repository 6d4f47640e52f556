/** Drops old states and bodies from the ledger of a node that does not run, and gives their room back. */
import type { Height } from '../../ledger/model/index.ts';
import { openStore } from '../../ledger/store/index.ts';
import { horizonsFor, type Retention } from '../pruner.ts';
import { type LedgerPlace, storeOptionsOf } from './ledger-files.ts';

export type PruneOptions = LedgerPlace & {
  readonly keep: Retention;
  /** Stops between two batches; what is pruned stays so. */
  readonly signal: AbortSignal;
};

export type PruneSummary = {
  readonly head: Height;
  readonly deleted: number;
  /** The oldest block after which the state is kept. */
  readonly states: Height;
  /** The oldest block, beside block 0, with body, receipts and indexes. */
  readonly bodies: Height;
  readonly isComplete: boolean;
};

/**
 * The node must not run. Interrupted in any way, it goes on from where it was.
 * @throws CodedError of the store
 */
export async function pruneLedger(
  options: PruneOptions,
  onProgress: (done: { readonly deleted: number; readonly at: Height }) => void,
): Promise<PruneSummary> {
  const store = await openStore(storeOptionsOf(options));
  try {
    const head = store.head().header.number;
    let deleted = 0;
    await store.prune(horizonsFor(head, options.keep), (step) => {
      deleted += step.deleted;
      const { state, bodies } = step.horizons;
      onProgress({ deleted, at: state > bodies ? state : bodies });
      return !options.signal.aborted;
    });
    if (!options.signal.aborted) await store.compact();
    const { state: states, bodies } = store.oldest();
    return { head, deleted, states, bodies, isComplete: !options.signal.aborted };
  } finally {
    await store.close();
  }
}
