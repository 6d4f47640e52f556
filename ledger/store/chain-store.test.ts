import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asHash,
  bytesToHex,
  decodeBlock,
  InvariantError,
  logsBloom,
  type Receipt,
  type Transaction,
} from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { openStore } from './open-store.ts';
import { encodeReceipts } from './receipt-record.ts';
import { ALICE, BOB, funds, next, optionsAt, SLOT } from './testkit/small-chain.ts';

type Context = { directory: string; path: string };
const test = suite<Context>('ledger/store/chain-store');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

test('a new store holds block 0 and its accounts; what was written is there again', async ({
  path,
}) => {
  const options = optionsAt(path);
  const store = await openStore(options);
  assert.equal(store.head().hash, options.genesis.hash);
  assert.is(store.state().account(ALICE)?.balance, 100n);
  await store.write(next(store, [funds(ALICE, 60n), funds(BOB, 40n, [[SLOT, 5]])]));
  const { hash } = store.head();
  await store.close();
  const again = await openStore(options);
  assert.equal(again.head().hash, hash);
  assert.is(again.state().account(BOB)?.balance, 40n);
  assert.equal([...again.state().storage(BOB, SLOT)], [5]);
  assert.is(again.numberOf(hash), 1n);
  assert.equal(again.hashOf(0n), options.genesis.hash);
  assert.equal(again.hashOf(1n), hash);
  assert.is(again.hashOf(2n), undefined);
  assert.is(again.block(1n)?.header.number, 1n);
  assert.equal(again.receipts(1n), []);
  await again.close();
});

test('L-6: any past state can be read, and stays readable while the chain grows', async ({
  path,
}) => {
  const store = await openStore(optionsAt(path));
  await store.write(next(store, [funds(ALICE, 90n), funds(BOB, 10n, [[SLOT, 1]])]));
  const first = store.stateAt(1n);
  await store.write(next(store, [funds(ALICE, 80n)]));
  await store.write(
    next(store, [
      { address: BOB, account: undefined, storageCleared: true, storage: [] },
      funds(ALICE, 70n),
    ]),
  );
  await store.write(next(store, [funds(BOB, 1n, [[SLOT, 9]])]));
  const balances = [0n, 1n, 2n, 3n, 4n].map((number) => [
    store.stateAt(number)?.account(ALICE)?.balance,
    store.stateAt(number)?.account(BOB)?.balance,
    [...(store.stateAt(number)?.storage(BOB, SLOT) ?? [])],
  ]);
  assert.equal(balances, [
    [100n, undefined, []],
    [90n, 10n, [1]],
    [80n, 10n, [1]],
    [70n, undefined, []],
    [70n, 1n, [9]],
  ]);
  assert.is(first?.account(ALICE)?.balance, 90n);
  assert.is(first?.blockHash(2n), undefined);
  assert.equal(first?.blockHash(1n), store.hashOf(1n));
  assert.is(store.stateAt(5n), undefined);
  assert.is(store.stateAt(-1n), undefined);
  await store.close();
});

test('L-2: an account that is made anew with storage has only its new slots', async ({ path }) => {
  const store = await openStore(optionsAt(path));
  const other = new Uint8Array(32).fill(2);
  await store.write(
    next(store, [
      funds(BOB, 1n, [
        [SLOT, 1],
        [other, 2],
      ]),
    ]),
  );
  await store.write(next(store, [{ ...funds(BOB, 2n, [[other, 3]]), storageCleared: true }]));
  const fresh = next(store, [funds(ALICE, 1n)]);
  await store.write(fresh);
  assert.equal([...store.state().storage(BOB, SLOT)], []);
  assert.equal([...store.state().storage(BOB, other)], [3]);
  assert.equal([...(store.stateAt(1n)?.storage(BOB, SLOT) ?? [])], [1]);
  await store.close();
});

test('L-18: a revert reason is stored behind its receipt, and a record without any is as it always was', async ({
  path,
}) => {
  const options = optionsAt(path);
  const store = await openStore(options);
  const failed: Receipt = {
    type: 2,
    status: 0,
    cumulativeGasUsed: 30_000n,
    logs: [],
    logsBloom: logsBloom([]),
  };
  const log = { address: BOB, topics: [], data: Uint8Array.of(9) };
  const last = { ...failed, status: 1 as const, logs: [log], logsBloom: logsBloom([log]) };
  const receipts: Receipt[] = [
    { ...failed, revertReason: Uint8Array.of(8, 195, 121, 160) },
    { ...failed, revertReason: new Uint8Array(0) },
    failed,
    last,
  ];
  const transactions = receipts.map(
    (_, byte) =>
      ({
        type: 0,
        raw: Uint8Array.of(0xc1, byte),
        hash: asHash(new Uint8Array(32).fill(byte)),
      }) as unknown as Transaction,
  );
  const empty = next(store, [funds(ALICE, 1n)]);
  const senders = receipts.map(() => ALICE);
  await store.write({
    ...empty,
    block: { ...empty.block, transactions },
    senders,
    receipts,
  });
  await store.close();
  const again = await openStore(options);
  assert.equal(again.receipts(1n), receipts);
  const found = await again.findLogs(
    { addresses: [BOB], topics: [] },
    { from: 1n, to: 1n, limit: 9 },
  );
  assert.equal(
    found.logs.map(({ transactionIndex }) => transactionIndex),
    [3],
    'logs behind receipts with reasons are found',
  );
  await again.close();
  assert.is(
    bytesToHex(encodeReceipts([failed, last])),
    '0xe6c6028082' + '7530c0' + 'de0201827530d8d7' + '94' + 'b0'.repeat(20) + 'c0' + '09',
  );
});

test('a block comes back with its transactions, senders, receipts and places', async ({ path }) => {
  const options = optionsAt(path);
  const store = await openStore(options);
  const transactions = [1, 2].map(
    (byte) =>
      ({
        type: 0,
        raw: Uint8Array.of(0xc1, byte),
        hash: asHash(new Uint8Array(32).fill(byte)),
      }) as unknown as Transaction,
  );
  const log = { address: BOB, topics: [asHash(SLOT)], data: Uint8Array.of(1, 2, 3) };
  const root = asHash(new Uint8Array(32).fill(8));
  const receipts: Receipt[] = [
    { type: 2, status: 1, cumulativeGasUsed: 21_000n, logs: [log], logsBloom: logsBloom([log]) },
    { type: 0, status: root, cumulativeGasUsed: 2n ** 40n, logs: [], logsBloom: logsBloom([]) },
  ];
  const empty = next(store, [funds(ALICE, 1n)]);
  const block = { ...empty.block, transactions };
  await store.write({ ...empty, block, senders: [ALICE, BOB], receipts });
  assert.is(store.block(1n)?.transactions.length, 2);
  await store.close();
  const again = await openStore(options);
  assert.equal(again.receipts(1n), receipts);
  assert.equal(again.senders(1n), [ALICE, BOB]);
  assert.equal(again.transactionPlace(asHash(new Uint8Array(32).fill(2))), {
    number: 1n,
    index: 1,
  });
  assert.is(again.transactionPlace(root), undefined);
  assert.is(decodeBlock(again.encodedBlock(0n) ?? new Uint8Array(0)).ok, true);
  for (const number of [-1n, 2n]) {
    assert.is(again.block(number), undefined);
    assert.is(again.header(number), undefined);
    assert.is(again.receipts(number), undefined);
    assert.is(again.senders(number), undefined);
    assert.is(again.hashOf(number), undefined);
  }
  await again.close();
});

test('L-1: blocks are written in the order of the calls, and only onto the head', async ({
  path,
}) => {
  const store = await openStore(optionsAt(path));
  const block = next(store, [funds(ALICE, 1n)]);
  const results = await Promise.allSettled([store.write(block), store.write(block)]);
  assert.equal(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.ok(results[1]?.status === 'rejected' && results[1].reason instanceof InvariantError);
  assert.is(store.head().header.number, 1n);
  await store.write(next(store, [funds(ALICE, 2n)]));
  assert.is(store.head().header.number, 2n);
  await store.close();
});

test('closing waits for the writes before it; after it the store says that it is closed', async ({
  path,
}) => {
  const store = await openStore(optionsAt(path));
  const writing = store.write(next(store, [funds(ALICE, 1n)]));
  await store.close();
  await writing;
  assert.is(await refusalOf((async () => store.numberOf(store.head().hash))()), 'STORE_CLOSED');
  const again = await openStore(optionsAt(path));
  assert.is(again.head().header.number, 1n);
  await again.close();
});

test.run();
