/** One case of the differential fuzzer: a small world, a block of transactions and some calls. */
import {
  type Address,
  concatBytes,
  equalBytes,
  keyOf,
  type StateOverride,
  signTransaction,
  type TransactionFields,
} from '../../../ledger/model/index.ts';
import type { Party } from '../../../ledger/model/testkit/party.ts';
import type { ChainRules, ForkName } from '../../chain-rules.ts';
import type { BlockEnvironment, CallRequest, SignedTransaction } from '../../engine.ts';
import type { Allocation } from '../memory-state.ts';
import { SIGNERS } from './pool.ts';
import type { Program } from './program.ts';

export type FuzzContract = {
  readonly address: Address;
  readonly program: Program;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly storage: readonly { readonly slot: Uint8Array; readonly value: Uint8Array }[];
};

/** A transaction before it has a nonce: minimising leaves some out, so nonces are counted at the end. */
export type FuzzTransaction = {
  readonly from: Party;
  readonly fields: TransactionFields;
  /** Not zero: a nonce that is wrong by so much. */
  readonly nonceOffset: bigint;
};

/** A call with what it supposes about the state. */
export type FuzzCall = CallRequest & { readonly overrides?: readonly StateOverride[] };

export type FuzzCase = {
  readonly fork: ForkName;
  readonly rules: ChainRules;
  readonly environment: BlockEnvironment;
  readonly contracts: readonly FuzzContract[];
  readonly transactions: readonly FuzzTransaction[];
  readonly calls: readonly FuzzCall[];
};

/** The accounts that the case starts with. */
export function allocationsOf({ contracts }: FuzzCase): readonly Allocation[] {
  const signers = SIGNERS.filter(
    ({ address }) => !contracts.some((contract) => equalBytes(contract.address, address)),
  );
  return [
    ...signers.map(({ address }) => ({ address, balance: 10n ** 18n })),
    ...contracts.map(({ program, ...account }) => ({ ...account, code: concatBytes(...program) })),
  ];
}

/** The block's transactions, each sender's nonces counting up. */
export function signedOf({ transactions }: FuzzCase): readonly SignedTransaction[] {
  const nonces = new Map<string, bigint>();
  return transactions.map(({ from, fields, nonceOffset }) => {
    const key = keyOf(from.address);
    const nonce = nonces.get(key) ?? 0n;
    nonces.set(key, nonce + 1n);
    const wrong = nonce + nonceOffset;
    const transaction = signTransaction({ ...fields, nonce: wrong < 0n ? 0n : wrong }, from.key);
    return { transaction, sender: from.address };
  });
}
