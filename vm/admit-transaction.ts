/** All that can be refused about a transaction in its block, in one order for every engine. */
import {
  type Account,
  type Address,
  type Gas,
  type Refusal,
  refuse,
  type Transaction,
} from '../ledger/model/index.ts';
import { checkBlobFee } from './blob-rules.ts';
import type { ChainRules, ForkName } from './chain-rules.ts';
import type { BlockEnvironment } from './engine.ts';
import { checkPermission, type SlotReader } from './permissions.ts';
import { checkAgainstState, checkForm } from './transaction-rules.ts';

export type Admission = {
  readonly rules: ChainRules;
  readonly fork: ForkName;
  readonly environment: BlockEnvironment;
  readonly sender: Address;
  /** Gas that the block has left. */
  readonly gasLeft: Gas;
  /** The sender's; undefined if it does not exist. */
  readonly account: Pick<Account, 'nonce' | 'balance'> | undefined;
  /** The sender's; undefined if it has none. */
  code(): Uint8Array | undefined;
  /** Any slot, as the transactions before this one in the block have left it. */
  readonly storage: SlotReader;
};

/** Undefined: nothing to refuse. */
export function checkTransaction(
  transaction: Transaction,
  { rules, fork, environment, sender, gasLeft, account, code, storage }: Admission,
): Refusal | undefined {
  if (transaction.gasLimit > gasLeft) {
    return refuse(
      'VM_BLOCK_GAS_EXCEEDED',
      `exceeds block gas limit: gas ${transaction.gasLimit}, left ${gasLeft}`,
    );
  }
  return (
    checkForm(transaction, rules, fork) ??
    (transaction.type === 3 ? checkBlobFee(transaction, environment, rules, fork) : undefined) ??
    checkPermission(transaction, sender, rules.permissions, environment.number, storage) ??
    checkAgainstState(transaction, account, code, environment.baseFeePerGas, fork)
  );
}
