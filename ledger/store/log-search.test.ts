import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { keccak256 } from '#crypto';
import {
  asAddress,
  asHash,
  type ExecutedBlock,
  encodeRlp,
  type Log,
  type LogCriteria,
  logsBloom,
  matchesLog,
  type Receipt,
  type Transaction,
} from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { createBatch } from './batch.ts';
import type { ChainStore } from './chain-store.ts';
import { crc32c } from './checksum.ts';
import { openDatabase } from './database.ts';
import { keysFrom } from './keyspace.ts';
import { decodePlaces, logRecords } from './log-places.ts';
import { openStore } from './open-store.ts';
import { next, optionsAt } from './testkit/small-chain.ts';

const test = suite<{ directory: string; path: string }>('ledger/store/log-search');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

const ADDRESSES = [1, 2, 3].map((byte) => asAddress(new Uint8Array(20).fill(byte)));
const TOPICS = [4, 5, 6, 7].map((byte) => asHash(new Uint8Array(32).fill(byte)));

function pick<T>(random: TestRandom, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

function randomLog(random: TestRandom): Log {
  const topics = Array.from({ length: random.below(5) }, () => pick(random, TOPICS));
  return { address: pick(random, ADDRESSES), topics, data: random.bytes(random.below(40)) };
}

/** A block of transactions of both shapes, with up to three logs each; many blocks have none. */
function withLogs(executed: ExecutedBlock, random: TestRandom): ExecutedBlock {
  const count = random.below(3) === 0 ? random.below(6) : 0;
  const transactions = Array.from({ length: count }, () => {
    const isLegacy = random.below(2) === 0;
    const raw = isLegacy ? encodeRlp([random.bytes(random.below(90))]) : random.bytes(100);
    return { type: isLegacy ? 0 : 2, raw, hash: keccak256(raw) } as unknown as Transaction;
  });
  const receipts = transactions.map((): Receipt => {
    const logs = Array.from({ length: random.below(4) }, () => randomLog(random));
    return { type: 2, status: 1, cumulativeGasUsed: 1n, logs, logsBloom: logsBloom(logs) };
  });
  const senders = transactions.map(() => ADDRESSES[0] as (typeof ADDRESSES)[0]);
  return { ...executed, block: { ...executed.block, transactions }, receipts, senders };
}

type Known = { number: bigint; transactionIndex: number; logIndex: number; hash: string; log: Log };

async function grow(store: ChainStore, random: TestRandom, blocks: number): Promise<Known[]> {
  const known: Known[] = [];
  for (let i = 0; i < blocks; i += 1) {
    const executed = withLogs(next(store, []), random);
    await store.write(executed);
    let logIndex = 0;
    for (const [transactionIndex, { logs }] of executed.receipts.entries()) {
      const hash = String(executed.block.transactions[transactionIndex]?.hash);
      for (const log of logs) {
        const { number } = executed.block.header;
        known.push({ number, transactionIndex, logIndex, hash, log });
        logIndex += 1;
      }
    }
  }
  return known;
}

function randomCriteria(random: TestRandom): LogCriteria {
  const some = <T>(list: readonly T[]): readonly T[] =>
    random.below(2) === 0
      ? []
      : Array.from({ length: 1 + random.below(2) }, () => pick(random, list));
  return {
    addresses: some(ADDRESSES),
    topics: Array.from({ length: random.below(4) }, () => some(TOPICS)),
  };
}

async function ask(
  store: ChainStore,
  criteria: LogCriteria,
  from: bigint,
  to: bigint,
  limit: number,
) {
  const found: Known[] = [];
  let after: { number: bigint; logIndex: number } | undefined;
  for (;;) {
    const bounds = { from, to, limit, ...(after === undefined ? {} : { after }) };
    const { logs, isComplete } = await store.findLogs(criteria, bounds);
    assert.ok(logs.length <= limit);
    for (const { header, blockHash, transactionHash, transactionIndex, logIndex, log } of logs) {
      const { number } = header;
      assert.deepEqual(blockHash, store.hashOf(number));
      found.push({ number, transactionIndex, logIndex, hash: String(transactionHash), log });
    }
    const last = found.at(-1);
    if (isComplete || last === undefined) return found;
    after = { number: last.number, logIndex: last.logIndex };
  }
}

async function compareWithScan(store: ChainStore, known: readonly Known[], random: TestRandom) {
  const head = Number(store.head().header.number);
  for (let query = 0; query < 150; query += 1) {
    const criteria = randomCriteria(random);
    const from = BigInt(random.below(head + 1));
    const to = from + BigInt(random.below(head + 1 - Number(from)));
    const expected = known.filter(
      ({ number, log }) => number >= from && number <= to && matchesLog(log, criteria),
    );
    const limit = 1 + random.below(expected.length + 2);
    assert.deepEqual(await ask(store, criteria, from, to, limit), expected, random.rerun);
  }
}

test('L-10: random queries find what a scan finds, page by page, also beyond a page of the index', async ({
  path,
}) => {
  const random = seededRandom('log-search');
  const store = await openStore(optionsAt(path));
  await compareWithScan(store, await grow(store, random, 900), random);
  await store.close();
});

test('a search ends when its signal aborts', async ({ path }) => {
  const random = seededRandom('log-search-abort');
  const store = await openStore(optionsAt(path));
  await grow(store, random, 20);
  const bounds = { from: 0n, to: 20n, limit: 10, signal: AbortSignal.abort(new TypeError('late')) };
  await assert.rejects(store.findLogs({ addresses: [], topics: [] }, bounds), TypeError);
  await store.close();
});

test('L-11: a store without the index gets it when it is opened, also after an interruption', async ({
  path,
}) => {
  const random = seededRandom('log-migration');
  const before = await openStore(optionsAt(path));
  const known = await grow(before, random, 600);
  await before.close();
  await makeFirstVersion(path);
  const interrupted = openStore({
    ...optionsAt(path),
    onMigration: ({ done }) => {
      if (done >= 256n) throw new RangeError('the power fails');
    },
  });
  await assert.rejects(interrupted, RangeError);
  const told: string[] = [];
  const store = await openStore({
    ...optionsAt(path),
    onMigration: ({ task, done, total }) => told.push(`${task} ${done}/${total}`),
  });
  assert.deepEqual(
    told,
    ['256', '512', '601'].map((done) => `index of logs ${done}/601`),
  );
  await compareWithScan(store, known, random);
  await store.close();
  const opened = await openStore({ ...optionsAt(path), onMigration: () => assert.fail('again') });
  await opened.close();
});

/** Takes a store back to format 1. */
async function makeFirstVersion(path: string): Promise<void> {
  const database = await openDatabase(path, false);
  const batch = createBatch();
  for (const key of await database.keys(keysFrom('log', new Uint8Array(0)))) batch.delete(key);
  await database.write(batch.writes());
  await database.close();
  const mark = await readFile(join(path, 'EHB-STORE'));
  mark.writeUInt32BE(1, 8);
  mark.writeUInt32BE(crc32c(mark.subarray(0, 44)), 44);
  await writeFile(join(path, 'EHB-STORE'), mark);
}

test('places come back from their record, however many and however far apart', () => {
  const random = seededRandom('log-places');
  const receipts = Array.from({ length: 700 }, (): Receipt => {
    const logs = Array.from({ length: random.below(30) === 0 ? 150 : random.below(3) }, () =>
      randomLog(random),
    );
    return { type: 2, status: 1, cumulativeGasUsed: 1n, logs, logsBloom: logsBloom(logs) };
  });
  const [all] = logRecords(receipts);
  let logIndex = 0;
  const expected = receipts.flatMap(({ logs }, transactionIndex) =>
    logs.map((_, indexInReceipt) => ({ transactionIndex, logIndex: logIndex++, indexInReceipt })),
  );
  assert.deepEqual(decodePlaces((all as { record: Uint8Array }).record), expected);
});

test.run();
