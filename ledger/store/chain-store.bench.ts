/** What a block, a read and a log append cost, on the disk of the temporary directory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import {
  type AccountChange,
  type Address,
  asAddress,
  asHash,
  compareBytes,
  EMPTY_CODE_HASH,
  type ExecutedBlock,
  logsBloom,
  type Receipt,
  type Transaction,
} from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import type { ChainStore } from './chain-store.ts';
import { crc32c } from './checksum.ts';
import { createConsensusLog, openConsensusLog } from './consensus-log.ts';
import { openStore } from './open-store.ts';
import { ALICE, next, optionsAt } from './testkit/small-chain.ts';

const random = seededRandom('ledger/store/chain-store.bench');
const ACCOUNTS: readonly Address[] = Array.from({ length: 1000 }, () =>
  asAddress(random.bytes(20)),
);
const SLOTS: readonly Uint8Array[] = ACCOUNTS.map(() => random.bytes(32));
const VALUE = random.bytes(200);
const TRANSFERS = 100;

/** A block of ERC-20 transfers: each changes a sender's account and two slots, and logs an event. */
function transfers(store: ChainStore, count: number): ExecutedBlock {
  const { number } = store.head().header;
  const senders = ACCOUNTS.slice(0, count);
  const accounts: AccountChange[] = senders.map((address) => ({
    address,
    account: { nonce: number, balance: number, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: [],
  }));
  const storage = SLOTS.slice(0, 2 * count).map((slot) => ({ slot, value: random.bytes(16) }));
  storage.sort((a, b) => compareBytes(a.slot, b.slot));
  const account = { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH };
  accounts.push({ address: ALICE, account, storageCleared: false, storage });
  accounts.sort((a, b) => compareBytes(a.address, b.address));
  const transactions = senders.map(() => {
    const transaction = { type: 2, raw: random.bytes(180), hash: asHash(random.bytes(32)) };
    return transaction as unknown as Transaction;
  });
  const logs = [{ address: ALICE, topics: SLOTS.slice(0, 3).map(asHash), data: random.bytes(32) }];
  const receipt = { type: 2, status: 1, cumulativeGasUsed: 1n, logs, logsBloom: logsBloom(logs) };
  const receipts = senders.map(() => receipt as Receipt);
  const executed = next(store, accounts);
  return { ...executed, block: { ...executed.block, transactions }, senders, receipts };
}

export async function run(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'ehb-bench-'));
  const store = await openStore(optionsAt(join(directory, 'chain')));
  const options = {
    path: join(directory, 'consensus.log'),
    genesisHash: asHash(new Uint8Array(32)),
    validator: ALICE,
  };
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  for (let i = 0; i < 300; i += 1) await store.write(transfers(store, TRANSFERS));
  const past = store.stateAt(150n);
  const { hash } = store.head();
  let turn = 0;
  let block: ExecutedBlock = transfers(store, TRANSFERS);
  const bench = new Bench({ time: 1000 });
  const nextTurn = (): number => {
    turn = (turn + 1) % TRANSFERS;
    return turn;
  };
  bench
    .add(`write a block of ${TRANSFERS} ERC-20 transfers`, () => store.write(block), {
      // Said, because finding out would write the block once too often.
      async: true,
      beforeEach: () => {
        block = transfers(store, TRANSFERS);
      },
    })
    .add('write an empty block', () => store.write(block), {
      async: true,
      beforeEach: () => {
        block = transfers(store, 0);
      },
    })
    .add('read an account of the head', () => {
      store.state().account(ACCOUNTS[nextTurn()] as Address);
    })
    .add('read a slot of the head', () => {
      store.state().storage(ALICE, SLOTS[nextTurn()] as Uint8Array);
    })
    .add('read a slot 150 and more blocks back', () => {
      past?.storage(ALICE, SLOTS[nextTurn()] as Uint8Array);
    })
    .add('find a block by its hash', () => {
      store.numberOf(hash);
    })
    .add('checksum of 200 bytes', () => {
      crc32c(VALUE);
    })
    .add('append 200 bytes to the consensus log, synced', () => log.append([VALUE]));
  try {
    await bench.run();
  } finally {
    await log.close();
    await store.close();
    await rm(directory, { recursive: true });
  }
  return bench;
}
