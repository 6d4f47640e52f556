/**
 * Stores of earlier formats, brought to the one of this release (L-11): numbered steps, forward only.
 * Each can be run again from where it was interrupted; the version in `EHB-STORE` changes when all is durable.
 */
import { type Height, invariant } from '../model/index.ts';
import { type Batch, createBatch } from './batch.ts';
import { readHead } from './batch-chain.ts';
import { putLogs } from './block-writes.ts';
import type { Database } from './database.ts';
import { MIGRATION_KEY, numberBytes, numberFrom, numberKey } from './keyspace.ts';
import { decodeReceipts } from './receipt-record.ts';

export type MigrationProgress = {
  /** What is made, for a person. */
  readonly task: string;
  readonly done: Height;
  readonly total: Height;
};

type Migration = {
  /** The version that it leads to. */
  readonly version: number;
  readonly task: string;
  /** What it adds for one block. */
  readonly migrateBlock: (database: Database, batch: Batch, number: Height) => void;
};

const MIGRATIONS: readonly Migration[] = [
  { version: 2, task: 'index of logs', migrateBlock: indexLogs },
];

/** Blocks of one batch. */
const BLOCKS_A_BATCH = 256n;

/** Brings a database from format `version` to the newest. */
export async function migrate(
  database: Database,
  version: number,
  onProgress: (progress: MigrationProgress) => void,
): Promise<void> {
  const head = readHead(database);
  if (head === undefined) return;
  for (const migration of MIGRATIONS.filter((step) => step.version > version)) {
    await run(database, migration, head.number, onProgress);
  }
}

async function run(
  database: Database,
  { version, task, migrateBlock }: Migration,
  head: Height,
  onProgress: (progress: MigrationProgress) => void,
): Promise<void> {
  let next = nextBlock(database, version);
  while (next <= head) {
    onProgress({ task, done: next, total: head + 1n });
    const batch = createBatch();
    const end = next + BLOCKS_A_BATCH;
    for (; next < end && next <= head; next += 1n) migrateBlock(database, batch, next);
    batch.put(MIGRATION_KEY, Uint8Array.of(version, ...numberBytes(next)));
    await database.write(batch.writes());
  }
  onProgress({ task, done: head + 1n, total: head + 1n });
}

/** Where an interrupted run of this step stopped. */
function nextBlock(database: Database, version: number): Height {
  const record = database.get(MIGRATION_KEY);
  return record === undefined || record[0] !== version ? 0n : numberFrom(record, 1);
}

function indexLogs(database: Database, batch: Batch, number: Height): void {
  const receipts = decodeReceipts(database.require(numberKey('receipts', number)));
  invariant(receipts !== undefined, 'a record that passes its checksum can be decoded');
  putLogs(batch, number, receipts);
}
