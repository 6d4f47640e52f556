/** What a genesis file means: the first block, its state, the rules of the chain. */
import type { QbftOptions } from '../consensus/index.ts';
import type { Address, Block, Hash, HeaderHashRule, StateChanges } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';

/** What a ledger begins with, whoever makes its blocks. */
type FirstBlock = {
  readonly chainId: bigint;
  readonly rules: ChainRules;
  readonly hashRule: HeaderHashRule;
  /** Block 0. */
  readonly block: Block;
  readonly hash: Hash;
  /** The state of block 0. */
  readonly accounts: StateChanges;
};

/** A chain of ours. */
export type Genesis = FirstBlock & {
  readonly qbft: QbftOptions;
  /** Who seals block 1, ascending; nobody where a contract names them. */
  readonly validators: readonly Address[];
};

/** G-20: a chain of Ethereum, which is replayed and served and never run. */
export type ReferenceGenesis = FirstBlock & { readonly qbft: undefined };
