import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../model/index.ts';
import { createBatch } from './batch.ts';
import { withoutChecksum } from './checksum.ts';
import type { Database } from './database.ts';
import { accountKey } from './keyspace.ts';
import { ALICE } from './testkit/small-chain.ts';
import { changeValue, newestValue, valueAt } from './versions.ts';

const test = suite('ledger/store/versions');
const KEY = accountKey(ALICE);

/** A database in memory that counts its reads. */
function createCounter(): { database: Database; reads(): number; keys(): number } {
  const records = new Map<string, Uint8Array>();
  let reads = 0;
  const get = (key: Uint8Array): Uint8Array | undefined => {
    reads += 1;
    const stored = records.get(bytesToHex(key));
    return stored && withoutChecksum(key, stored);
  };
  const database: Database = {
    get,
    require: (key) => {
      const value = get(key);
      if (value === undefined) throw new RangeError('a missing record was asked for');
      return value;
    },
    keys: async () => [],
    entries: async () => [],
    scan: async () => [],
    compact: async () => {},
    snapshot: () => {
      throw new RangeError('nobody asks');
    },
    write: async (writes) => {
      for (const { key, stored } of writes) if (stored) records.set(bytesToHex(key), stored);
    },
    close: async () => {},
  };
  const count = (): number => {
    const before = reads;
    reads = 0;
    return before;
  };
  return { database, reads: count, keys: () => records.size };
}

async function change(database: Database, number: number, value: number): Promise<void> {
  const batch = createBatch();
  changeValue(database, batch, KEY, Uint8Array.of(value), BigInt(number));
  await database.write(batch.writes());
}

test('L-6: a value that changes at every block is found with four reads, whatever its age', async () => {
  const { database, reads } = createCounter();
  for (let number = 0; number < 200; number += 1) await change(database, number, number);
  reads();
  for (let at = 0; at < 200; at += 1) {
    assert.equal([...valueAt(database, KEY, BigInt(at))], [at]);
    assert.ok(reads() <= 4, `block ${at}`);
  }
});

test('L-6: a value that changes rarely is found with reads by the logarithm of its changes', async () => {
  const { database, reads } = createCounter();
  for (let number = 0; number < 256; number += 1) await change(database, number * 1000, number);
  reads();
  for (let at = 0; at < 256_000; at += 499) {
    assert.equal([...valueAt(database, KEY, BigInt(at))], [Math.floor(at / 1000)]);
    assert.ok(reads() <= 17, `block ${at}`);
  }
});

test('a value written once, or again as it was, has no history', async () => {
  const { database, keys } = createCounter();
  await change(database, 5, 1);
  await change(database, 6, 1);
  assert.is(keys(), 1);
  assert.equal([...valueAt(database, KEY, 4n)], []);
  assert.equal([...valueAt(database, KEY, 5n)], [1]);
  assert.equal([...newestValue(database, KEY)], [1]);
});

test.run();
