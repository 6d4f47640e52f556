/**
 * The key table: every kind of record under one prefix byte. Append only; a dead prefix stays reserved.
 *
 * | prefix | rest of the key | value | since |
 * |---|---|---|---|
 * | 0x00 | name | metadata: format version, genesis hash, head | 1 |
 * | 0x01 | number (8) | sealed header, RLP | 1 |
 * | 0x02 | number (8) | block, RLP | 1 |
 * | 0x03 | number (8) | senders, 20 bytes each | 1 |
 * | 0x04 | number (8) | receipts, RLP list of typed receipts | 1 |
 * | 0x05 | block hash (32) | number (8) | 1 |
 * | 0x06 | transaction hash (32) | number (8), index (4) | 1 |
 * | 0x07 | address (20) | changedAt (8), account RLP or nothing | 1 |
 * | 0x08 | address (20), slot (32) | changedAt (8), value or nothing | 1 |
 * | 0x09 | code hash (32) | code | 1 |
 * | 0x0a | path, a nibble a byte | node of the account trie | 1 |
 * | 0x0b | keccak(address) (32), path | node of that account's storage trie | 1 |
 * | 0x0c | address (20), number (8) | the record of 0x07 as it was before that block | 1 |
 * | 0x0d | address (20), slot (32), number (8) | the record of 0x08 as it was before that block | 1 |
 * | 0x0e | number (8) | digest of that block's batch (32) | 1 |
 *
 * Numbers are big-endian, so that ranges are in order.
 */
import { type Address, concatBytes, type Hash, type Height } from '../model/index.ts';

export const TABLES = {
  metadata: 0x00,
  header: 0x01,
  block: 0x02,
  senders: 0x03,
  receipts: 0x04,
  numberOfHash: 0x05,
  transaction: 0x06,
  account: 0x07,
  slot: 0x08,
  code: 0x09,
  accountNode: 0x0a,
  storageNode: 0x0b,
  accountHistory: 0x0c,
  slotHistory: 0x0d,
  batchDigest: 0x0e,
} as const;

export type TableName = keyof typeof TABLES;

/** For messages: the name of the table that a key belongs to. */
export function tableOf(key: Uint8Array): string {
  return Object.entries(TABLES).find(([, prefix]) => prefix === key[0])?.[0] ?? 'unknown';
}

/** 8 bytes, big-endian. */
export function numberBytes(number: Height): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

export function numberFrom(bytes: Uint8Array, at = 0): Height {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at);
}

export function metadataKey(name: 'version' | 'genesis' | 'head'): Uint8Array {
  return keyOf('metadata', new TextEncoder().encode(name));
}

export function numberKey(
  table: 'header' | 'block' | 'senders' | 'receipts' | 'batchDigest',
  number: Height,
): Uint8Array {
  return keyOf(table, numberBytes(number));
}

export function hashKey(table: 'numberOfHash' | 'transaction' | 'code', hash: Hash): Uint8Array {
  return keyOf(table, hash);
}

export function accountKey(address: Address): Uint8Array {
  return keyOf('account', address);
}

export function slotKey(address: Address, slot: Uint8Array): Uint8Array {
  return keyOf('slot', address, slot);
}

/** Where the record under an account or slot key goes when block `number` changes it. */
export function historyKey(key: Uint8Array, number: Height): Uint8Array {
  const table = key[0] === TABLES.account ? 'accountHistory' : 'slotHistory';
  return keyOf(table, key.subarray(1), numberBytes(number));
}

/** `owner` undefined: the account trie. */
export function nodeKey(owner: Hash | undefined, path: Uint8Array): Uint8Array {
  return owner === undefined ? keyOf('accountNode', path) : keyOf('storageNode', owner, path);
}

/** First key of a table's records that start with `start`, and the first key behind all of them. */
export function prefixRange(
  table: TableName,
  start: Uint8Array,
): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const gte = keyOf(table, start);
  const lt = gte.slice();
  let i = lt.length - 1;
  while (lt[i] === 0xff) i -= 1;
  lt[i] = (lt[i] as number) + 1;
  return { gte, lt: lt.subarray(0, i + 1) };
}

function keyOf(table: TableName, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(TABLES[table]), ...parts);
}
