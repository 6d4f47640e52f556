/**
 * The hot paths of the ledger model, against @ethereumjs where it does the same.
 *
 * The line to hold: decoding a transfer of type 2 with both hashes in 6 us.
 */
import { createTxFromRLP } from '@ethereumjs/tx';
import { Bench } from 'tinybench';
import { keccak256, recoverAddress } from '#crypto';
import { decodeBlock, encodeBlock } from './block-codec.ts';
import { transactionsRoot } from './block-roots.ts';
import { logsBloom } from './bloom.ts';
import { type Address, asAddress, bigintToBytes, compareBytes, keyOf } from './bytes.ts';
import { EMPTY_CODE_HASH, EMPTY_OMMERS_HASH, EMPTY_ROOT, ZERO_HASH } from './constants.ts';
import { encodeExtraData } from './extra-data.ts';
import type { BlockHeader } from './header.ts';
import { commitSealHash } from './header-hash.ts';
import { encodeReceipt } from './receipt-codec.ts';
import type { Account, AccountChange } from './state.ts';
import { commitState, type StateBefore } from './state-root.ts';
import { seededRandom } from './testkit/seeded-random.ts';
import { decodeTransaction } from './transaction-decoder.ts';
import { signTransaction } from './transaction-signer.ts';

const ACCOUNTS = 20_000;
const TRANSFERS = 200;
const random = seededRandom('model.bench');
const KEY = new Uint8Array(32).fill(7);

export async function run(): Promise<Bench> {
  const bench = new Bench({ time: 500, warmupTime: 200 });
  addTransactions(bench);
  addBlocks(bench);
  addStateRoot(bench);
  await bench.run();
  return bench;
}

function tokenTransfer(nonce: number): Uint8Array {
  const fields = {
    type: 2,
    chainId: 1n,
    nonce: BigInt(nonce),
    maxPriorityFeePerGas: 1_000_000_000n,
    maxFeePerGas: 3_000_000_000n,
    gasLimit: 65_000n,
    to: asAddress(random.bytes(20)),
    value: 0n,
    data: random.bytes(68),
    accessList: [],
  } as const;
  return signTransaction(fields, KEY).raw;
}

function addTransactions(bench: Bench): void {
  const raw = tokenTransfer(1);
  const decoded = decodeTransaction(raw);
  if (!decoded.ok) throw new TypeError(decoded.message);
  const { signingHash, signature, yParity } = decoded.transaction;
  const bytes = random.bytes(100);
  const address = random.bytes(20);
  bench
    .add('transaction: decode and both hashes', () => decodeTransaction(raw))
    .add('transaction: the same by @ethereumjs/tx', () => {
      const transaction = createTxFromRLP(raw);
      transaction.hash();
      transaction.getHashedMessageToSign();
    })
    .add('recover a sender', () => recoverAddress(signingHash, signature, yParity))
    .add('keccak of 100 bytes', () => keccak256(bytes))
    .add('key of an address', () => keyOf(address));
}

function addBlocks(bench: Bench): void {
  const raws = Array.from({ length: TRANSFERS }, (_, nonce) => tokenTransfer(nonce));
  const transactions = raws.map((raw) => {
    const decoded = decodeTransaction(raw);
    if (!decoded.ok) throw new TypeError(decoded.message);
    return decoded.transaction;
  });
  const header = benchHeader();
  const encoded = encodeBlock({ header, transactions, ommers: [] });
  const topics = [keccak256(raws[0] as Uint8Array), keccak256(raws[1] as Uint8Array)];
  const logs = [{ address: asAddress(random.bytes(20)), topics, data: random.bytes(32) }];
  bench
    .add(`block of ${TRANSFERS}: decode, with hashes`, () => decodeBlock(encoded))
    .add(`block of ${TRANSFERS}: encode`, () => encodeBlock({ header, transactions, ommers: [] }))
    .add(`block of ${TRANSFERS}: transactions root`, () => transactionsRoot(raws))
    .add('receipt with one log: bloom and encoding', () =>
      encodeReceipt({
        type: 2,
        status: 1,
        cumulativeGasUsed: 1n,
        logsBloom: logsBloom(logs),
        logs,
      }),
    )
    .add('header: commit-seal hash', () => commitSealHash(header));
}

function benchHeader(): BlockHeader {
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: asAddress(random.bytes(20)),
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 1n,
    number: 7n,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: 1_700_000_000n,
    extraData: encodeExtraData({
      vanity: ZERO_HASH,
      validators: Array.from({ length: 4 }, () => asAddress(random.bytes(20))),
      vote: undefined,
      round: 0,
      seals: Array.from({ length: 3 }, () => random.bytes(65)),
    }),
    mixHash: ZERO_HASH,
    nonce: new Uint8Array(8),
    baseFeePerGas: 0n,
  };
}

/** A block of token transfers: each changes its sender's account and two slots of one contract. */
function addStateRoot(bench: Bench): void {
  const token = asAddress(random.bytes(20));
  const holders = Array.from({ length: ACCOUNTS }, () => asAddress(random.bytes(20)));
  const state = createState([
    accountChange(token, holders.map(slotOf)),
    ...holders.map((holder) => accountChange(holder, [])),
  ]);
  const senders = holders.slice(0, TRANSFERS);
  const slots = holders.slice(0, 2 * TRANSFERS).map(slotOf);
  const accounts = [
    accountChange(token, slots),
    ...senders.map((sender) => accountChange(sender, [])),
  ];
  bench.add(`state root after ${TRANSFERS} token transfers among ${ACCOUNTS}`, () =>
    commitState(state, { accounts, codes: [] }),
  );
}

function slotOf(holder: Address): { slot: Uint8Array; value: Uint8Array } {
  return { slot: keccak256(holder), value: bigintToBytes(BigInt(random.below(1e9)) + 1n) };
}

function accountChange(address: Address, storage: AccountChange['storage']): AccountChange {
  const sorted = [...storage].sort((a, b) => compareBytes(a.slot, b.slot));
  const account = { nonce: 1n, balance: BigInt(random.below(1e9)), codeHash: EMPTY_CODE_HASH };
  return { address, account, storageCleared: false, storage: sorted };
}

function createState(changes: readonly AccountChange[]): StateBefore {
  const nodes = new Map<string, Uint8Array>();
  const accounts = new Map<string, Account>();
  const keyFor = (owner: Uint8Array | undefined, path: Uint8Array): string =>
    (owner === undefined ? '' : keyOf(owner)) + keyOf(path);
  const empty: StateBefore = {
    stateRoot: EMPTY_ROOT,
    account: () => undefined,
    node: () => undefined,
  };
  const commitment = commitState(empty, { accounts: changes, codes: [] });
  for (const { owner, path, node } of commitment.nodes) {
    if (node !== undefined) nodes.set(keyFor(owner, path), node);
  }
  for (const { address, account } of changes) {
    const storageRoot = commitment.storageRoots.get(keyOf(address));
    if (account === undefined || storageRoot === undefined) continue;
    accounts.set(keyOf(address), { ...account, storageRoot });
  }
  return {
    stateRoot: commitment.stateRoot,
    account: (address) => accounts.get(keyOf(address)),
    node: (owner, path) => nodes.get(keyFor(owner, path)),
  };
}
