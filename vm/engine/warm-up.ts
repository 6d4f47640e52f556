/**
 * Work that makes a fresh engine as fast as one that has run for a while: compilers optimise what they have
 * seen run, so it is shown what blocks are made of before the first one comes.
 */
import {
  type Account,
  type Address,
  asAddress,
  asHash,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  hexToBytes,
  type StateReader,
  type Transaction,
} from '../../ledger/model/index.ts';
import type { BlockEnvironment, Engine, SignedTransaction } from '../engine.ts';

const ROUNDS = 12;
const TRANSACTIONS_A_ROUND = 100;
const SENDER: Address = asAddress(new Uint8Array(20).fill(0xaa));
const CONTRACT: Address = asAddress(new Uint8Array(20).fill(0xbb));
const CODE_HASH = asHash(new Uint8Array(32).fill(0xcc));

/**
 * Loops 40 times over arithmetic and memory; hashes two words, adds 1 to the slot of the hash, emits a log
 * with two topics, calls the identity precompile and returns a word.
 */
const CODE = hexToBytes(
  `0x${[
    '60005b600101', // i = 0; do { i += 1
    '8080026003900660205260205150', // memory[32] = i * i % 3
    '8060281160025750', // } while (40 > i)
    '600035600052604060002080546001019055', // storage[keccak(memory[0..64])] += 1
    '60003560205160206000a2', // log
    '60206000602060006000600461fffff150', // call
    '60206000f3',
  ].join('')}`,
);

/** Runs some hundred transactions on a state of their own. Takes a few hundred milliseconds at most. */
export async function warmUp(engine: Engine, environment: BlockEnvironment): Promise<void> {
  const transactions = Array.from({ length: TRANSACTIONS_A_ROUND }, (_, i) => transactionOf(i));
  const input = {
    environment: { ...environment, gasLimit: 10n ** 9n, baseFeePerGas: 0n },
    transactions,
    mode: 'build',
  } as const;
  for (let round = 0; round < ROUNDS; round += 1) await engine.executeBlock(input, STATE);
}

const CONTRACT_ACCOUNT: Account = {
  nonce: 1n,
  balance: 0n,
  storageRoot: EMPTY_ROOT,
  codeHash: CODE_HASH,
};
const SENDER_ACCOUNT: Account = {
  nonce: 0n,
  balance: 10n ** 18n,
  storageRoot: EMPTY_ROOT,
  codeHash: EMPTY_CODE_HASH,
};

const STATE: StateReader = {
  account(address) {
    if (address[0] === CONTRACT[0] && address[19] === CONTRACT[19]) return CONTRACT_ACCOUNT;
    return address[0] === SENDER[0] && address[19] === SENDER[19] ? SENDER_ACCOUNT : undefined;
  },
  storage: () => new Uint8Array(0),
  code: () => CODE,
  blockHash: () => undefined,
};

function transactionOf(index: number): SignedTransaction {
  const transaction: Transaction = {
    type: 0,
    chainId: undefined,
    nonce: BigInt(index),
    gasLimit: 300_000n,
    gasPrice: 0n,
    to: CONTRACT,
    value: 0n,
    data: new Uint8Array(32).fill(index + 1),
    signature: new Uint8Array(64),
    yParity: 0,
    raw: new Uint8Array(0),
    hash: asHash(new Uint8Array(32)),
    signingHash: asHash(new Uint8Array(32)),
  };
  return { transaction, sender: SENDER };
}
