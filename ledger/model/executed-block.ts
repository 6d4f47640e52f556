import type { Block } from './block.ts';
import type { Address } from './bytes.ts';
import type { Receipt } from './receipt.ts';
import type { StateChanges, StateCommitment } from './state.ts';

/** A block with everything that executing it gave: what the vote vouches for and the store writes. */
export type ExecutedBlock = {
  readonly block: Block;
  /** Sender of each transaction. */
  readonly senders: readonly Address[];
  readonly receipts: readonly Receipt[];
  readonly changes: StateChanges;
  readonly commitment: StateCommitment;
};
