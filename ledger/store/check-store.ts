/**
 * What is checked at every open (L-8): that the newest blocks are there, whole, and linked.
 *
 * LevelDB reads its log up to a damaged record, drops it, and goes on behind it. So as many batches
 * are checked as its log can hold; older ones lie in tables, whose values are checked when read.
 */
import { keccak256 } from '#crypto';
import {
  type BlockHeader,
  decodeHeader,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  type Height,
  headerHash,
} from '../model/index.ts';
import { type BatchRecord, type HeadRecord, isTip, readBatchRecord } from './batch-chain.ts';
import { type Reader, WRITE_BUFFER_BYTES } from './database.ts';
import { isBodyPruned, readHorizons } from './horizons.ts';
import { hashKey, nodeKey, numberFrom, numberKey } from './keyspace.ts';
import { storeError } from './store-error.ts';

/** LevelDB's log and the one before it, and as much again for what its estimate leaves out. */
const CHECKED_BYTES: number = 4 * WRITE_BUFFER_BYTES;

/**
 * The header of the head, once everything fits.
 * @throws CodedError `STORE_DAMAGED`
 */
export function checkNewestBlocks(
  database: Reader,
  head: HeadRecord,
  options: { readonly path: string; readonly hashRule: HeaderHashRule },
): BlockHeader {
  const fail = (number: Height, fact: string): Error =>
    storeError('STORE_DAMAGED', options.path, `block ${number}: ${fact}`);
  if (!isTip(database, head)) throw fail(head.number, 'the head is not the newest block written');
  const newest = readHeader(database, head.number);
  const root = database.get(nodeKey(undefined, new Uint8Array(0)));
  const stateRoot = root === undefined ? EMPTY_ROOT : keccak256(root);
  if (newest === undefined || !equalBytes(stateRoot, newest.stateRoot)) {
    throw fail(head.number, 'the state is not the one that the header commits to');
  }
  let expected: { readonly hash: Hash; readonly digest: Hash } = head;
  const horizons = readHorizons(database);
  let bytes = 0;
  for (let number = head.number; number >= 0n && bytes < CHECKED_BYTES; number -= 1n) {
    const record = readBatchRecord(database, number);
    const header = readHeader(database, number);
    if (record === undefined || header === undefined) throw fail(number, 'its batch is lost');
    const isPruned = isBodyPruned(horizons, number);
    if (!isWhole(database, header, record, expected, { ...options, isPruned })) {
      throw fail(number, 'its records do not fit together');
    }
    expected = { hash: header.parentHash, digest: record.before };
    bytes += record.bytes;
  }
  return newest;
}

export function readHeader(database: Reader, number: Height): BlockHeader | undefined {
  const bytes = database.get(numberKey('header', number));
  if (bytes === undefined) return undefined;
  const decoded = decodeHeader(bytes);
  return decoded.ok ? decoded.header : undefined;
}

function isWhole(
  database: Reader,
  header: BlockHeader,
  record: BatchRecord,
  expected: { readonly hash: Hash; readonly digest: Hash },
  { hashRule, isPruned }: { readonly hashRule: HeaderHashRule; readonly isPruned: boolean },
): boolean {
  const { number } = header;
  const place = database.get(hashKey('numberOfHash', record.blockHash));
  return (
    equalBytes(record.digest, expected.digest) &&
    equalBytes(record.blockHash, expected.hash) &&
    equalBytes(headerHash(header, hashRule), record.blockHash) &&
    place !== undefined &&
    numberFrom(place) === number &&
    (isPruned ||
      (database.get(numberKey('block', number)) !== undefined &&
        database.get(numberKey('senders', number)) !== undefined &&
        database.get(numberKey('receipts', number)) !== undefined))
  );
}
