import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../model/index.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { RECORDS_PER_AUTHOR } from './evidence-book.ts';
import { openStore } from './open-store.ts';
import { ALICE, BOB, funds, next, optionsAt } from './testkit/small-chain.ts';

type Context = { directory: string; path: string };
const test = suite<Context>('ledger/store/evidence-book');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

const bundle = (byte: number): Uint8Array => new Uint8Array(300).fill(byte);

test('E-7: a record is there after a restart, between blocks, and the chain is whole', async ({
  path,
}) => {
  const options = optionsAt(path);
  const store = await openStore(options);
  const record = { author: ALICE, height: 1n, kind: 0x13, bundle: bundle(1) };
  assert.ok(await store.evidence.add(record));
  const [, added] = await Promise.all([
    store.write(next(store, [funds(BOB, 1n)])),
    store.evidence.add({ ...record, height: 2n }),
  ]);
  assert.ok(added);
  await store.close();
  const again = await openStore(options);
  assert.is(again.head().header.number, 1n);
  const list = await again.evidence.list();
  assert.equal(
    list.map(({ author, height, kind }) => [bytesToHex(author), height, kind]),
    [
      [bytesToHex(ALICE), 1n, 0x13],
      [bytesToHex(ALICE), 2n, 0x13],
    ],
  );
  assert.equal(list[0]?.bundle, bundle(1));
  await again.close();
});

test('E-7: of one author, height and kind the first record stays', async ({ path }) => {
  const store = await openStore(optionsAt(path));
  const record = { author: ALICE, height: 7n, kind: 0x13, bundle: bundle(1) };
  const both = await Promise.all([
    store.evidence.add(record),
    store.evidence.add({ ...record, bundle: bundle(2) }),
  ]);
  assert.equal(both, [true, false]);
  assert.ok(await store.evidence.add({ ...record, kind: 0x14 }));
  assert.ok(await store.evidence.add({ ...record, author: BOB }));
  assert.is((await store.evidence.list()).length, 3);
  const ofAlice = await store.evidence.list(ALICE);
  assert.equal(
    ofAlice.map(({ kind }) => kind),
    [0x13, 0x14],
  );
  assert.equal(ofAlice[0]?.bundle, bundle(1));
  await store.close();
});

test('E-7: an author fills its own share and nobody else’s', async ({ path }) => {
  const store = await openStore(optionsAt(path));
  for (let height = 1n; height <= RECORDS_PER_AUTHOR; height += 1n) {
    assert.ok(await store.evidence.add({ author: ALICE, height, kind: 0x13, bundle: bundle(1) }));
  }
  const more = { height: 1_000n, kind: 0x13, bundle: bundle(2) };
  assert.not(await store.evidence.add({ author: ALICE, ...more }));
  assert.ok(await store.evidence.add({ author: BOB, ...more }));
  assert.is((await store.evidence.list()).length, RECORDS_PER_AUTHOR + 1);
  await store.close();
});

test.run();
