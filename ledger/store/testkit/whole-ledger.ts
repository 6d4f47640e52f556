/** A chain with something in every table: signed transactions, logs, code, slots that come and go, accounts too. */
import { keccak256 } from '#crypto';
import {
  type AccountChange,
  type Address,
  asAddress,
  asHash,
  combineBlooms,
  compareBytes,
  EMPTY_CODE_HASH,
  type ExecutedBlock,
  type Hash,
  logsBloom,
  type Receipt,
  receiptsRoot,
  recoverSender,
  type StateChanges,
  signTransaction,
  type Transaction,
  transactionsRoot,
} from '../../model/index.ts';
import { seededRandom, type TestRandom } from '../../model/testkit/seeded-random.ts';
import type { ChainStore } from '../chain-store.ts';
import { openStore, type StoreOptions } from '../open-store.ts';
import { verifyChain } from '../verify/verify-chain.ts';
import type { VerifyReport } from '../verify/verify-store.ts';
import { next, optionsAt } from './small-chain.ts';

const KEY: Uint8Array = new Uint8Array(32).fill(7);
const CODE: Uint8Array = Uint8Array.of(0x60, 0x01, 0x60, 0x02);
const CODE_HASH: Hash = keccak256(CODE);
export const LEDGER_ADDRESSES: readonly Address[] = Array.from({ length: 40 }, (_, index) =>
  asAddress(keccak256(Uint8Array.of(index)).slice(0, 20)),
);
export const LEDGER_SLOTS: readonly Uint8Array[] = Array.from({ length: 12 }, (_, index) =>
  new Uint8Array(32).fill(index),
);
const NONE: Uint8Array = new Uint8Array(0);

export function ledgerOptions(path: string): StoreOptions {
  return optionsAt(path, { accounts: [], codes: [] });
}

/** Verifies a store whose headers are taken as they are. */
export function verifyLedger({ path, genesis, hashRule }: StoreOptions): Promise<VerifyReport> {
  return verifyChain({
    path,
    genesisHash: genesis.hash,
    hashRule,
    createHeaderCheck: async () => async () => undefined,
    onProgress: () => {},
  });
}

/** Makes the store and closes it again. */
export async function growLedger(path: string, blocks: number): Promise<void> {
  const store = await openStore(ledgerOptions(path));
  const random = seededRandom('whole-ledger');
  for (let number = 0; number < blocks; number += 1) await store.write(wholeBlock(store, random));
  await store.close();
}

export function wholeBlock(store: ChainStore, random: TestRandom): ExecutedBlock {
  const touched = LEDGER_ADDRESSES.filter(() => random.below(5) === 0).sort(compareBytes);
  const changes: StateChanges = {
    accounts: touched.map((address) => randomChange(random, address)),
    codes: [{ codeHash: CODE_HASH, code: CODE }],
  };
  const commitment = store.state().commit(changes);
  const transactions = Array.from({ length: random.below(3) }, () => signedTransaction(random));
  const receipts = transactions.map(() => receiptOf(random));
  const senders = transactions.map((transaction) => recoverSender(transaction) as Address);
  const base = next(store, changes.accounts);
  const header = {
    ...base.block.header,
    stateRoot: commitment.stateRoot,
    transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
    receiptsRoot: receiptsRoot(receipts),
    logsBloom: combineBlooms(receipts.map((receipt) => receipt.logsBloom)),
  };
  const block = { header, transactions, ommers: [] };
  return { block, senders, receipts, changes, commitment };
}

function randomChange(random: TestRandom, address: Address): AccountChange {
  const fate = random.below(12);
  if (fate === 0) return { address, account: undefined, storageCleared: true, storage: [] };
  const codeHash = fate === 1 ? CODE_HASH : EMPTY_CODE_HASH;
  return {
    address,
    account: { nonce: BigInt(random.below(9)), balance: BigInt(random.below(99)), codeHash },
    storageCleared: fate === 2,
    storage: LEDGER_SLOTS.filter(() => random.below(4) === 0).map((slot) => ({
      slot,
      value: random.below(4) === 0 ? NONE : Uint8Array.of(1 + random.below(200)),
    })),
  };
}

function signedTransaction(random: TestRandom): Transaction {
  return signTransaction(
    {
      type: 2,
      chainId: 1n,
      nonce: BigInt(random.below(1e9)),
      gasLimit: 21_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 0n,
      to: LEDGER_ADDRESSES[0] as Address,
      value: BigInt(random.below(1e9)),
      data: random.bytes(random.below(60)),
      accessList: [],
    },
    KEY,
  );
}

function receiptOf(random: TestRandom): Receipt {
  const logs = Array.from({ length: random.below(3) }, () => ({
    address: LEDGER_ADDRESSES[random.below(3)] as Address,
    topics: [asHash(new Uint8Array(32).fill(random.below(5)))],
    data: random.bytes(random.below(50)),
  }));
  return { type: 2, status: 1, cumulativeGasUsed: 1n, logs, logsBloom: logsBloom(logs) };
}
