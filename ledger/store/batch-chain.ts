/** The chain of batches: each block's batch names the one before, so that a lost one shows (L-7). */
import {
  asHash,
  concatBytes,
  equalBytes,
  type Hash,
  type Height,
  ZERO_HASH,
} from '../model/index.ts';
import { type Batch, digestOf } from './batch.ts';
import type { Reader } from './database.ts';
import { HEAD_KEY, numberBytes, numberFrom, numberKey } from './keyspace.ts';

export type HeadRecord = { readonly number: Height; readonly hash: Hash; readonly digest: Hash };

export type BatchRecord = {
  /** Digest of the batch before; zero for block 0. */
  readonly before: Hash;
  readonly digest: Hash;
  readonly blockHash: Hash;
  /** What the batch wrote. */
  readonly bytes: number;
};

/** Ends a batch: the record of the batch itself and the new head. Returns the head record. */
export function sealBatch(
  batch: Batch,
  block: { readonly number: Height; readonly hash: Hash },
  parent: HeadRecord | undefined,
): HeadRecord {
  const { number, hash } = block;
  const before = parent?.digest ?? ZERO_HASH;
  const digest = digestOf(before, batch.writes());
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, batch.size());
  batch.put(numberKey('batch', number), concatBytes(before, digest, hash, bytes));
  batch.put(HEAD_KEY, concatBytes(numberBytes(number), hash, digest));
  return { number, hash, digest };
}

export function readHead(database: Reader): HeadRecord | undefined {
  const record = database.get(HEAD_KEY);
  // Another length is that of a database which is not one of this format.
  if (record?.length !== 72) return undefined;
  return {
    number: numberFrom(record),
    hash: asHash(record.subarray(8, 40)),
    digest: asHash(record.subarray(40, 72)),
  };
}

export function readBatchRecord(database: Reader, number: Height): BatchRecord | undefined {
  const record = database.get(numberKey('batch', number));
  if (record === undefined) return undefined;
  return {
    before: asHash(record.subarray(0, 32)),
    digest: asHash(record.subarray(32, 64)),
    blockHash: asHash(record.subarray(64, 96)),
    bytes: new DataView(record.buffer, record.byteOffset, record.length).getUint32(96),
  };
}

/** Whether the head is the tip of the chain of batches. */
export function isTip(database: Reader, head: HeadRecord): boolean {
  const record = readBatchRecord(database, head.number);
  return (
    record !== undefined &&
    equalBytes(record.digest, head.digest) &&
    equalBytes(record.blockHash, head.hash) &&
    database.get(numberKey('batch', head.number + 1n)) === undefined
  );
}
