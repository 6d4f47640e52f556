/**
 * Drops what blocks below a horizon alone need (L-31): values that were outdated by then, the records of what those
 * blocks changed, and, where that is asked for, bodies, receipts and indexes. Headers, hashes and the chain of
 * batches stay. Each step is one batch, with the new horizon in it.
 */
import { decodeBlock, type Height, invariant, keyOf } from '../model/index.ts';
import { type Batch, createBatch } from './batch.ts';
import { decodeChangedKeys } from './changed-keys.ts';
import type { Database, Reader } from './database.ts';
import { type Horizons, putHorizons } from './horizons.ts';
import { accountKey, hashKey, historyKey, logKey, numberKey, slotKey } from './keyspace.ts';
import { logRecords } from './log-places.ts';
import { decodeReceipts } from './receipt-record.ts';
import { decodeVersion, versionOfBlock } from './versions.ts';

/** Deletions of one batch, beyond the block with which they are reached: some milliseconds of the thread. */
const DELETIONS_A_BATCH = 2_000;

export type PruneStep = { readonly horizons: Horizons; readonly deleted: number };

/**
 * The next batch on the way from `from` to `to`, or undefined if there is nothing left to do. Of keys that a
 * release without records of changes wrote, versions stay until the key changes again.
 */
export function pruneBatch(
  database: Reader,
  from: Horizons,
  to: Horizons,
  most: number = DELETIONS_A_BATCH,
): { readonly batch: Batch; readonly step: PruneStep } | undefined {
  let { state, bodies } = from;
  if (state >= to.state && bodies >= to.bodies) return undefined;
  const batch = createBatch();
  const dropped = new Set<string>();
  const isFull = (): boolean => batch.writes().length >= most;
  while (state < to.state && !isFull()) {
    state += 1n;
    dropOutdated({ database, batch, dropped }, state);
  }
  while (bodies < to.bodies && !isFull()) {
    if (bodies > 0n) dropBody(database, batch, bodies);
    bodies += 1n;
  }
  const horizons = { state, bodies };
  const deleted = batch.writes().length;
  putHorizons(batch, horizons);
  return { batch, step: { horizons, deleted } };
}

type Pass = {
  readonly database: Reader;
  readonly batch: Batch;
  /** Versions that this batch drops, by `keyOf`. */
  readonly dropped: Set<string>;
};

/** The values that block `number` replaced: nobody asks for them once it is the oldest state. */
function dropOutdated(pass: Pass, number: Height): void {
  const { database, batch } = pass;
  if (number === 1n) batch.delete(numberKey('changed', 0n));
  const key = numberKey('changed', number);
  const record = database.get(key);
  if (record === undefined) return;
  for (const { address, isAccountChanged, slots } of decodeChangedKeys(record)) {
    if (isAccountChanged) dropVersionsBefore(pass, accountKey(address), number);
    for (const slot of slots) dropVersionsBefore(pass, slotKey(address, slot), number);
  }
  batch.delete(key);
}

function dropVersionsBefore(
  { database, batch, dropped }: Pass,
  key: Uint8Array,
  number: Height,
): void {
  const newest = decodeVersion(database.get(key));
  // A tombstone that an earlier step of this batch took away.
  if (newest === undefined) return;
  const own = versionOfBlock(database, key, newest, number);
  if (own === undefined) return;
  for (let version = own - 1; version >= 0; version -= 1) {
    const old = historyKey(key, version);
    const name = keyOf(old);
    if (dropped.has(name) || database.get(old) === undefined) break;
    dropped.add(name);
    batch.delete(old);
  }
  const isGone = newest.since === number && newest.value.length === 0;
  if (isGone) batch.delete(key);
}

function dropBody(database: Reader, batch: Batch, number: Height): void {
  const encoded = database.get(numberKey('block', number));
  const stored = database.get(numberKey('receipts', number));
  if (encoded !== undefined) {
    const decoded = decodeBlock(encoded);
    invariant(decoded.ok, 'a record that passes its checksum can be decoded');
    for (const { hash } of decoded.block.transactions) batch.delete(hashKey('transaction', hash));
  }
  const receipts = stored === undefined ? [] : decodeReceipts(stored);
  invariant(receipts !== undefined, 'a record that passes its checksum can be decoded');
  for (const { term } of logRecords(receipts)) batch.delete(logKey(term, number));
  for (const table of ['block', 'senders', 'receipts'] as const) {
    batch.delete(numberKey(table, number));
  }
}

/** Gives the room of what was deleted back to the file system. */
export async function compactPruned(database: Pick<Database, 'compact'>): Promise<void> {
  for (const table of [
    'block',
    'senders',
    'receipts',
    'transaction',
    'account',
    'slot',
    'accountHistory',
    'slotHistory',
    'log',
    'changed',
  ] as const) {
    await database.compact(table);
  }
}
