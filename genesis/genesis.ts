/** What a genesis file means: the first block, its state, the rules of the chain. */
import type { QbftOptions } from '../consensus/index.ts';
import type { Address, Block, Hash, HeaderHashRule, StateChanges } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';

export type Genesis = {
  readonly chainId: bigint;
  readonly rules: ChainRules;
  readonly hashRule: HeaderHashRule;
  readonly qbft: QbftOptions;
  /** Block 0. */
  readonly block: Block;
  readonly hash: Hash;
  /** The state of block 0. */
  readonly accounts: StateChanges;
  /** Who seals block 1, ascending; nobody where a contract names them. */
  readonly validators: readonly Address[];
};
