/** Blocks: a header, its transactions and what old or foreign chains add. */
import type { Address, Gas } from './bytes.ts';
import type { BlockHeader } from './header.ts';
import type { Transaction } from './transaction.ts';

/** EIP-4895; always an empty list on our chains. */
export type Withdrawal = {
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Address;
  /** In Gwei. */
  readonly amount: Gas;
};

export type Block = {
  readonly header: BlockHeader;
  readonly transactions: readonly Transaction[];
  readonly ommers: readonly BlockHeader[];
  /** Present from Shanghai on. */
  readonly withdrawals?: readonly Withdrawal[];
};
