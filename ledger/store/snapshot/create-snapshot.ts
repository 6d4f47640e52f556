/** Makes a snapshot of the head: its headers, its block, and its state in parts that each prove themselves. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { keccak256 } from '#crypto';
import {
  type Address,
  decodeAccount,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  encodeReceipt,
  equalBytes,
  type Hash,
  type Height,
  invariant,
  keyOf,
  proveSubtrie,
} from '../../model/index.ts';
import { readBatchRecord, readHead } from '../batch-chain.ts';
import { readHeader } from '../check-store.ts';
import { encodeChunk } from '../chunk-file.ts';
import type { Reader } from '../database.ts';
import { syncDirectoryOf } from '../durable-file.ts';
import { accountKey, hashKey, keysFrom, nodeKey, numberKey, slotKey } from '../keyspace.ts';
import { decodeReceipts } from '../receipt-record.ts';
import { codeOf, storeError } from '../store-error.ts';
import { pagesOf } from '../verify/table-pages.ts';
import { newestValue } from '../versions.ts';
import { hashedKeys } from './hashed-keys.ts';
import { encodePiece, type Piece, placeLength, placesOf } from './pieces.ts';
import { crcOf, encodeSnapshotHeader } from './snapshot-file.ts';

export type SnapshotSummary = {
  readonly height: Height;
  readonly hash: Hash;
  readonly accounts: number;
  readonly bytes: number;
};

export type SnapshotProgress = (done: { readonly task: string; readonly bytes: number }) => void;

const HEADERS_A_PIECE = 512n;

/**
 * Writes `file`, which must not exist, whole or not at all.
 * @throws CodedError `STORE_SNAPSHOT_UNWRITABLE`, `STORE_DAMAGED`
 */
export async function createSnapshot(
  reader: Reader,
  { file, path }: { readonly file: string; readonly path: string },
  onProgress: SnapshotProgress,
): Promise<SnapshotSummary> {
  const head = readHead(reader);
  const first = readBatchRecord(reader, 0n);
  if (head === undefined || first === undefined) {
    throw storeError('STORE_DAMAGED', path, 'the record of the head or of block 0 is lost');
  }
  const { number, hash } = head;
  if (number === 0n) {
    throw storeError('STORE_SNAPSHOT_UNWRITABLE', path, 'block 0 is in the genesis file already');
  }
  const partial = `${file}.partial`;
  const handle = await create(file, partial);
  try {
    const header = encodeSnapshotHeader({ genesisHash: first.blockHash, number, hash });
    await handle.write(header);
    let crc = crcOf(header);
    let bytes = header.length;
    let accounts = 0;
    const writeChunk = async (payload: Uint8Array): Promise<void> => {
      const chunk = encodeChunk(payload, crc);
      crc = chunk.crc;
      await handle.write(chunk.bytes);
      bytes += chunk.bytes.length;
    };
    for await (const piece of piecesOf(reader, number)) {
      if (piece.kind === 'accounts') accounts += piece.entries.length;
      await writeChunk(encodePiece(piece));
      onProgress({ task: piece.kind, bytes });
    }
    await writeChunk(new Uint8Array(0));
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    await syncDirectoryOf(file);
    return { height: number, hash, accounts, bytes };
  } catch (cause) {
    await handle.close().catch(() => {});
    await rm(partial, { force: true });
    if (codeOf(cause)?.startsWith('STORE_') === true) throw cause;
    throw storeError('STORE_SNAPSHOT_UNWRITABLE', file, 'the snapshot cannot be written', {
      cause,
    });
  }
}

async function create(file: string, partial: string): Promise<FileHandle> {
  try {
    // The name of the finished file is taken without writing over anything; the partial one is begun anew.
    await (await open(file, 'wx', 0o600)).close();
    await rm(file);
    return await open(partial, 'w', 0o600);
  } catch (cause) {
    const fact =
      codeOf(cause) === 'EEXIST' ? 'the file exists already' : 'the file cannot be written';
    throw storeError('STORE_SNAPSHOT_UNWRITABLE', file, fact, { cause });
  }
}

async function* piecesOf(reader: Reader, head: Height): AsyncGenerator<Piece> {
  yield* headerPieces(reader, head);
  const receipts = decodeReceipts(reader.require(numberKey('receipts', head)));
  invariant(receipts !== undefined, 'a record that passes its checksum can be decoded');
  yield {
    kind: 'head',
    block: reader.require(numberKey('block', head)),
    receipts: receipts.map(encodeReceipt),
  };
  yield* statePieces(reader, head);
}

function* headerPieces(reader: Reader, head: Height): Generator<Piece> {
  for (let from = 1n; from <= head; from += HEADERS_A_PIECE) {
    const headers: Uint8Array[] = [];
    for (let at = from; at < from + HEADERS_A_PIECE && at <= head; at += 1n) {
      headers.push(reader.require(numberKey('header', at)));
    }
    yield { kind: 'headers', headers };
  }
}

async function* statePieces(reader: Reader, head: Height): AsyncGenerator<Piece> {
  const header = readHeader(reader, head);
  invariant(header !== undefined, 'the header of the head is stored');
  const addresses = await hashedKeys(liveKeys(reader, 'account', new Uint8Array(0)), 20);
  const codesSeen = new Set<string>();
  const nodeAt = (path: Uint8Array): Uint8Array | undefined => reader.get(nodeKey(undefined, path));
  for (const place of placesOf(placeLength(addresses.count))) {
    const entries = [...addresses.under(place)].map(({ key }): [Uint8Array, Uint8Array] => [
      key,
      newestValue(reader, accountKey(key as Address)),
    ]);
    const proof = proveSubtrie(header.stateRoot, nodeAt, place);
    yield { kind: 'accounts', place, proof, entries };
    yield* belowAccounts(reader, entries, codesSeen);
  }
}

/** What the accounts of a piece refer to: their slots, and code that was not given yet. */
async function* belowAccounts(
  reader: Reader,
  entries: readonly (readonly [Uint8Array, Uint8Array])[],
  codesSeen: Set<string>,
): AsyncGenerator<Piece> {
  const codes: Uint8Array[] = [];
  for (const [address, encoded] of entries) {
    const decoded = decodeAccount(encoded);
    invariant(decoded.ok, 'an account that passes its checksum can be decoded');
    const { storageRoot, codeHash } = decoded.account;
    if (!equalBytes(storageRoot, EMPTY_ROOT)) {
      yield* slotPieces(reader, address as Address, storageRoot);
    }
    if (equalBytes(codeHash, EMPTY_CODE_HASH) || codesSeen.has(keyOf(codeHash))) continue;
    codesSeen.add(keyOf(codeHash));
    codes.push(reader.require(hashKey('code', codeHash)));
  }
  if (codes.length > 0) yield { kind: 'codes', codes };
}

async function* slotPieces(
  reader: Reader,
  address: Address,
  storageRoot: Hash,
): AsyncGenerator<Piece> {
  const slots = await hashedKeys(liveKeys(reader, 'slot', address), 32);
  const owner = keccak256(address);
  const nodeAt = (path: Uint8Array): Uint8Array | undefined => reader.get(nodeKey(owner, path));
  for (const place of placesOf(placeLength(slots.count))) {
    const entries = [...slots.under(place)].map(({ key }): [Uint8Array, Uint8Array] => [
      key,
      newestValue(reader, slotKey(address, key)),
    ]);
    yield {
      kind: 'slots',
      address,
      place,
      proof: proveSubtrie(storageRoot, nodeAt, place),
      entries,
    };
  }
}

/** Addresses, or slots of an address, that have a value. */
async function* liveKeys(
  reader: Reader,
  table: 'account' | 'slot',
  start: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const { key } of pagesOf(reader, keysFrom(table, start))) {
    if (newestValue(reader, key).length > 0) yield key.subarray(1 + start.length);
  }
}
