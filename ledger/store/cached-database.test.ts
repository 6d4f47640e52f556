import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { bytesToHex, encodeRlp, keyOf } from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import type { Write } from './batch.ts';
import { createBatch } from './batch.ts';
import { createCachedDatabase } from './cached-database.ts';
import { withoutChecksum } from './checksum.ts';
import type { Database } from './database.ts';
import { accountKey, HEAD_KEY, nodeKey, slotKey } from './keyspace.ts';
import { ALICE } from './testkit/small-chain.ts';

const test = suite('ledger/store/cached-database');

/** A database in memory that counts its reads and can be told to fail a write. */
function createCountingDatabase() {
  const stored = new Map<string, Uint8Array>();
  const counts = { reads: 0, failNext: false };
  const database: Database = {
    get: (key) => {
      counts.reads += 1;
      const value = stored.get(keyOf(key));
      return value && withoutChecksum(key, value);
    },
    require: () => assert.fail('nobody asks'),
    keys: () => assert.fail('nobody asks'),
    entries: () => assert.fail('nobody asks'),
    scan: () => assert.fail('nobody asks'),
    compact: () => assert.fail('nobody asks'),
    snapshot: () => assert.fail('nobody asks'),
    write: async (writes: readonly Write[]) => {
      if (counts.failNext) throw new RangeError('the disk is full');
      for (const write of writes) {
        if (write.stored === undefined) stored.delete(keyOf(write.key));
        else stored.set(keyOf(write.key), write.stored);
      }
    },
    close: async () => {},
  };
  return { database, counts };
}

function put(key: Uint8Array, value: Uint8Array): readonly Write[] {
  const batch = createBatch();
  batch.put(key, value);
  return batch.writes();
}

test('random reads and writes see what the database holds, however small the memory', async () => {
  const random = seededRandom('cached-database');
  for (const capacity of [0, 2_000, 20_000, 10_000_000]) {
    const { database } = createCountingDatabase();
    const cached = createCachedDatabase(database, capacity);
    const keys = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0
        ? nodeKey(undefined, random.bytes(4))
        : index % 3 === 1
          ? slotKey(ALICE, random.bytes(32))
          : accountKey(ALICE.map((byte) => byte ^ index) as typeof ALICE),
    );
    for (let step = 0; step < 2_000; step += 1) {
      const key = keys[random.below(keys.length)] as Uint8Array;
      if (random.below(3) === 0) {
        const batch = createBatch();
        if (random.below(4) === 0) batch.delete(key);
        else batch.put(key, random.bytes(random.below(300)));
        await cached.write(batch.writes());
      }
      const inMemory = cached.inMemory(key);
      const expected = database.get(key);
      if (inMemory !== undefined) assert.deepEqual(inMemory, expected, random.rerun);
      assert.deepEqual(cached.get(key), expected, random.rerun);
    }
  }
});

test('what was read or written once is not read again, and that nothing is there neither', async () => {
  const { database, counts } = createCountingDatabase();
  const cached = createCachedDatabase(database, 1_000_000);
  const key = accountKey(ALICE);
  assert.equal(cached.get(key), undefined);
  assert.equal(cached.get(key), undefined);
  assert.equal(counts.reads, 1);
  await cached.write(put(key, Uint8Array.of(7)));
  assert.deepEqual(cached.get(key), Uint8Array.of(7));
  assert.equal(counts.reads, 1);
  cached.get(HEAD_KEY);
  cached.get(HEAD_KEY);
  assert.equal(counts.reads, 3, 'only state and nodes are kept');
});

test('a batch that was not written changes nothing', async () => {
  const { database, counts } = createCountingDatabase();
  const cached = createCachedDatabase(database, 1_000_000);
  const key = accountKey(ALICE);
  await cached.write(put(key, Uint8Array.of(1)));
  counts.failNext = true;
  await assert.rejects(cached.write(put(key, Uint8Array.of(2))));
  assert.equal(bytesToHex(cached.get(key) as Uint8Array), '0x01');
});

test('an account that was handed out stays as it was when another value is written', async () => {
  const { database } = createCountingDatabase();
  const cached = createCachedDatabase(database, 1_000_000);
  const key = accountKey(ALICE);
  await cached.write(put(key, Uint8Array.of(1, 2, 3)));
  const read = cached.get(key);
  await cached.write(put(key, Uint8Array.of(4, 5, 6)));
  assert.deepEqual(read, Uint8Array.of(1, 2, 3));
  assert.deepEqual(cached.get(key), Uint8Array.of(4, 5, 6));
});

test('leaves of the tries are not kept: they follow from the state', async () => {
  const { database } = createCountingDatabase();
  const cached = createCachedDatabase(database, 1_000_000);
  const place = nodeKey(undefined, Uint8Array.of(1, 2));
  const leaf = encodeRlp([Uint8Array.of(0x20, 7), new Uint8Array(70)]);
  const branch = encodeRlp([
    ...new Array(2).fill(new Uint8Array(32)),
    ...new Array(15).fill(new Uint8Array(0)),
  ]);
  await cached.write(put(place, branch));
  assert.deepEqual(cached.inMemory(place), branch);
  await cached.write(put(place, leaf));
  assert.equal(cached.inMemory(place), undefined);
  assert.deepEqual(cached.get(place), leaf);
  assert.equal(cached.inMemory(place), undefined);
});

test.run();
