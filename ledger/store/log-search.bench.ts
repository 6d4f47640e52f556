/** What finding a thousand logs costs in a chain of a hundred thousand blocks, each of which has logs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import { keccak256 } from '#crypto';
import {
  asAddress,
  asHash,
  EMPTY_ROOT,
  type ExecutedBlock,
  headerHash,
  type LogCriteria,
  logsBloom,
  type Receipt,
  type Transaction,
  ZERO_HASH,
} from '../model/index.ts';
import { createBatch, type Write } from './batch.ts';
import { readHead, sealBatch } from './batch-chain.ts';
import { putBlock } from './block-writes.ts';
import { readHeader } from './check-store.ts';
import { openDatabase } from './database.ts';
import { openStore } from './open-store.ts';
import { optionsAt } from './testkit/small-chain.ts';

const BLOCKS = 100_000n;
const EVERY = 100n;
const BLOCKS_A_BATCH = 1_000n;

const COMMON = asAddress(new Uint8Array(20).fill(1));
const RARE = asAddress(new Uint8Array(20).fill(2));
const EVENT = asHash(new Uint8Array(32).fill(3));

/** Many blocks by one synced write: the store would sync each of them. */
async function fill(path: string): Promise<void> {
  await (await openStore(optionsAt(path))).close();
  const database = await openDatabase(path, false);
  let head = readHead(database);
  const genesis = readHeader(database, 0n);
  if (head === undefined || genesis === undefined) throw new RangeError('a store has block 0');
  for (let number = 1n; number <= BLOCKS; ) {
    const writes: Write[] = [];
    const end = number + BLOCKS_A_BATCH;
    for (; number < end; number += 1n) {
      const header = { ...genesis, number, parentHash: head.hash };
      const raw = keccak256(header.parentHash);
      const transaction = { type: 2, raw, hash: keccak256(raw) } as unknown as Transaction;
      const address = number % EVERY === 0n ? RARE : COMMON;
      const logs = [{ address, topics: [EVENT], data: ZERO_HASH }];
      const receipt: Receipt = {
        type: 2,
        status: 1,
        cumulativeGasUsed: 1n,
        logs,
        logsBloom: logsBloom(logs),
      };
      const executed: ExecutedBlock = {
        block: { header, transactions: [transaction], ommers: [] },
        senders: [COMMON],
        receipts: [receipt],
        changes: { accounts: [], codes: [] },
        commitment: {
          stateRoot: EMPTY_ROOT,
          nodes: [],
          clearedOwners: [],
          storageRoots: new Map(),
        },
      };
      const hash = headerHash(header, 'plain');
      const batch = createBatch();
      await putBlock(database, batch, executed, hash);
      head = sealBatch(batch, { number, hash }, head);
      writes.push(...batch.writes());
    }
    await database.write(writes);
  }
  await database.close();
}

type Fact = { readonly name: string; readonly value: number; readonly unit: string };

const measured: Fact[] = [];

/** Processor time of all threads: other programs may share the machine. Asked after `run`. */
export function facts(): readonly Fact[] {
  return measured;
}

type Query = {
  readonly name: string;
  readonly criteria: LogCriteria;
  readonly limit: number;
};

const QUERIES: readonly Query[] = [
  {
    name: '1000 logs of a rare address in 100000 blocks',
    criteria: { addresses: [RARE], topics: [] },
    limit: 2_000,
  },
  {
    name: 'the same, and an event that is in every block',
    criteria: { addresses: [RARE], topics: [[EVENT]] },
    limit: 2_000,
  },
  {
    name: 'the first 1000 logs of a common address',
    criteria: { addresses: [COMMON], topics: [] },
    limit: 1_000,
  },
];
const REPEATS = 20;

export async function run(): Promise<Bench> {
  measured.length = 0;
  const directory = await mkdtemp(join(tmpdir(), 'ehb-bench-'));
  const path = join(directory, 'chain');
  await fill(path);
  const store = await openStore(optionsAt(path));
  const ask = async ({ criteria, limit }: Query): Promise<void> => {
    const { logs } = await store.findLogs(criteria, { from: 0n, to: BLOCKS, limit });
    if (logs.length !== 1_000) throw new RangeError(`${logs.length} logs found`);
  };
  const bench = new Bench({ time: 1000 });
  for (const query of QUERIES) bench.add(query.name, () => ask(query));
  try {
    await bench.run();
    for (const query of QUERIES) {
      const before = process.cpuUsage();
      for (let i = 0; i < REPEATS; i += 1) await ask(query);
      const { user, system } = process.cpuUsage(before);
      const value = (user + system) / 1_000 / REPEATS;
      measured.push({ name: query.name, value, unit: 'ms of CPU' });
    }
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
  return bench;
}
