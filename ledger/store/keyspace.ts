/**
 * The key table: every kind of record under one prefix byte. Append only; a dead prefix stays reserved.
 *
 * | prefix | table | rest of the key | value | since |
 * |---|---|---|---|---|
 * | 0x00 | metadata | name | `head`: number (8), hash (32), batch digest (32) | 1 |
 * | | | `migration` | version (1), next block (8) | 2 |
 * | | | `horizons` | oldest state (8), oldest body (8); absent: block 0 | 3 |
 * | 0x01 | header | number (8) | sealed header, RLP | 1 |
 * | 0x02 | block | number (8) | block, RLP | 1 |
 * | 0x03 | senders | number (8) | senders, 20 bytes each | 1 |
 * | 0x04 | receipts | number (8) | RLP list of receipts without blooms (`receipt-record.ts`) | 1 |
 * | 0x05 | numberOfHash | block hash (32) | number (8) | 1 |
 * | 0x06 | transaction | transaction hash (32) | number (8), index (4) | 1 |
 * | 0x07 | account | address (20) | since block (8), older versions (4), account RLP or nothing | 1 |
 * | 0x08 | slot | address (20), slot (32) | since block (8), older versions (4), value or nothing | 1 |
 * | 0x09 | code | code hash (32) | code | 1 |
 * | 0x0a | accountNode | path, a nibble a byte | node of the account trie | 1 |
 * | 0x0b | storageNode | keccak(address) (32), path | node of that account's storage trie | 1 |
 * | 0x0c | accountHistory | address (20), version (4) | an earlier record of 0x07 | 1 |
 * | 0x0d | slotHistory | address (20), slot (32), version (4) | an earlier record of 0x08 | 1 |
 * | 0x0e | batch | number (8) | digest of the batch before, own digest, block hash (32 each), bytes (4) | 1 |
 * | 0x0f | evidence | author (20), height (8), kind (1) | bundle that proves an equivocation | 1 |
 * | 0x10 | log | kind (1), address, topic or nothing, number (8) | places of the logs that show it (`log-places.ts`) | 2 |
 * | 0x11 | changed | number (8) | accounts and slots that the block changed (`changed-keys.ts`) | 2 |
 *
 * Numbers are big-endian, so that ranges are in order. Each value is followed by its checksum.
 */
import type { Address, Hash, Height } from '../model/index.ts';

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
  batch: 0x0e,
  evidence: 0x0f,
  log: 0x10,
  changed: 0x11,
} as const;

/** In a record of 0x07 and 0x08. */
export const OLDER_VERSIONS_AT = 8;

export type TableName = keyof typeof TABLES;

/** For messages: the name of the table that a key belongs to. */
export function tableOf(key: Uint8Array): string {
  return Object.entries(TABLES).find(([, prefix]) => prefix === key[0])?.[0] ?? 'unknown';
}

/** 8 bytes, big-endian. */
export function numberBytes(number: Height): Uint8Array {
  NUMBER_VIEW.setBigUint64(0, number);
  return NUMBER.slice();
}

export function numberFrom(bytes: Uint8Array, at = 0): Height {
  for (let i = 0; i < 8; i += 1) NUMBER[i] = bytes[at + i] as number;
  return NUMBER_VIEW.getBigUint64(0);
}

/** Where one number is taken apart: a view for each costs more than all that is done with it. */
const NUMBER = new Uint8Array(8);
const NUMBER_VIEW = new DataView(NUMBER.buffer);

/** 4 bytes, big-endian. */
export function writeNumber32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function number32From(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export const HEAD_KEY: Uint8Array = prefixed('metadata', new TextEncoder().encode('head'));

/** How far a migration has come: version it leads to (1), next block (8). */
export const MIGRATION_KEY: Uint8Array = prefixed(
  'metadata',
  new TextEncoder().encode('migration'),
);

/** From which block on what is kept (`horizons.ts`). */
export const HORIZONS_KEY: Uint8Array = prefixed('metadata', new TextEncoder().encode('horizons'));

export function numberKey(
  table: 'header' | 'block' | 'senders' | 'receipts' | 'batch' | 'changed',
  number: Height,
): Uint8Array {
  return prefixed(table, numberBytes(number));
}

export function hashKey(table: 'numberOfHash' | 'transaction' | 'code', hash: Hash): Uint8Array {
  return prefixed(table, hash);
}

export function accountKey(address: Address): Uint8Array {
  return prefixed('account', address);
}

export function slotKey(address: Address, slot: Uint8Array): Uint8Array {
  return prefixed('slot', address, slot);
}

/** @param kind one byte */
export function evidenceKey(author: Address, height: Height, kind: number): Uint8Array {
  return prefixed('evidence', author, Uint8Array.of(...numberBytes(height), kind));
}

/** Where version 0, 1, ... of the record under an account or slot key lies once it is outdated. */
export function historyKey(key: Uint8Array, version: number): Uint8Array {
  const history = new Uint8Array(key.length + 4);
  history.set(key);
  history[0] = key[0] === TABLES.account ? TABLES.accountHistory : TABLES.slotHistory;
  writeNumber32(history, key.length, version);
  return history;
}

/**
 * Where the newest record under an account or slot key, or the first one, will lie in the history once it is
 * outdated: if something lies there already, the record is not the newest. Undefined for other keys.
 */
export function nextHistoryKey(
  key: Uint8Array,
  record: Uint8Array | undefined,
): Uint8Array | undefined {
  if (key[0] !== TABLES.account && key[0] !== TABLES.slot) return undefined;
  if (record === undefined) return historyKey(key, 0);
  return record.length < OLDER_VERSIONS_AT + 4
    ? undefined
    : historyKey(key, number32From(record, OLDER_VERSIONS_AT));
}

/** `owner` undefined: the account trie. */
export function nodeKey(owner: Hash | undefined, path: Uint8Array): Uint8Array {
  return owner === undefined ? prefixed('accountNode', path) : prefixed('storageNode', owner, path);
}

/** Everything that one block's logs show under a term is one record. */
export function logKey(term: Uint8Array, number: Height): Uint8Array {
  return prefixed('log', term, numberBytes(number));
}

/** The block that the record under a log key is of. */
export function numberOfLogKey(key: Uint8Array): Height {
  return numberFrom(key, key.length - 8);
}

export type KeyRange = { readonly gte: Uint8Array; readonly lt: Uint8Array };

/** The keys of a table whose rest begins with `start`. */
export function keysFrom(table: TableName, start: Uint8Array): KeyRange {
  const gte = prefixed(table, start);
  const lt = gte.slice();
  let last = lt.length - 1;
  while (lt[last] === 0xff) last -= 1;
  lt[last] = (lt[last] as number) + 1;
  return { gte, lt: lt.subarray(0, last + 1) };
}

function prefixed(table: TableName, first: Uint8Array, second?: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + first.length + (second?.length ?? 0));
  key[0] = TABLES[table];
  key.set(first, 1);
  if (second !== undefined) key.set(second, 1 + first.length);
  return key;
}
