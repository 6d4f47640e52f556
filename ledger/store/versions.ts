/**
 * Values that keep their past (docs/spec/ledger.md, L-6).
 *
 * The newest record of an account or slot says since which block it holds and how many versions are
 * older. A change moves it, unchanged, to the history under the next version number; so an account that
 * is made and never touched again costs no history. Versions are numbered, not keyed by block, because
 * `level` has no synchronous seek: numbers can be searched with point reads. Besides the newest record,
 * a value at block n takes none if it has not changed since, at most three if it changes at every block,
 * and at most twice the binary logarithm of its number of versions.
 */
import { equalBytes, type Height } from '../model/index.ts';
import type { Batch } from './batch.ts';
import type { Reader } from './database.ts';
import {
  historyKey,
  number32From,
  numberBytes,
  numberFrom,
  OLDER_VERSIONS_AT,
  writeNumber32,
} from './keyspace.ts';

export type Versioned = {
  /** The block that wrote it. */
  readonly since: Height;
  readonly olderVersions: number;
  readonly value: Uint8Array;
};

const EMPTY: Uint8Array = new Uint8Array(0);
/** Since (8), older versions (4). */
const HEAD_LENGTH = 12;

/** The value as the newest block left it; empty if there is none. */
export function newestValue(database: Reader, key: Uint8Array): Uint8Array {
  return database.get(key)?.subarray(HEAD_LENGTH) ?? EMPTY;
}

/** The number of the version that block `number` wrote; undefined if none did or it is not kept. */
export function versionOfBlock(
  database: Reader,
  key: Uint8Array,
  newest: Versioned,
  number: Height,
): number | undefined {
  if (newest.since === number) return newest.olderVersions;
  let low = Math.max(0, newest.olderVersions - Number(newest.since - number));
  let high = newest.olderVersions;
  while (low < high) {
    const middle = (low + high) >> 1;
    const record = decodeVersion(database.get(historyKey(key, middle)));
    if (record?.since === number) return middle;
    if (record === undefined || record.since < number) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/**
 * The value as block `at` left it; empty if there is none. Not for blocks below the horizon: there, values that
 * were pruned are not told from those that never were.
 */
export function valueAt(database: Reader, key: Uint8Array, at: Height): Uint8Array {
  const newest = decodeVersion(database.get(key));
  if (newest === undefined) return EMPTY;
  if (newest.since <= at) return newest.value;
  // Each version is at least one block older than the next, so those below `low` are old enough.
  let high = newest.olderVersions;
  let low = Math.max(0, high - Number(newest.since - at));
  const first = low;
  let found: Versioned | undefined;
  for (let step = 0; low < high; ) {
    const middle = low + Math.min(step, (high - low) >> 1);
    const record = decodeVersion(database.get(historyKey(key, middle)));
    // One that is pruned is older than the horizon, and so is the value that replaced it.
    if (record === undefined || record.since <= at) {
      found = record;
      low = middle + 1;
      step = 2 * step + 1;
    } else {
      high = middle;
    }
  }
  if (low === first) return EMPTY;
  return found?.value ?? missingVersion(database, key, low - 1);
}

/** Says that the version which is to be the answer is not there. */
function missingVersion(database: Reader, key: Uint8Array, version: number): Uint8Array {
  return database.require(historyKey(key, version)).subarray(HEAD_LENGTH);
}

/**
 * What block `number` writes to change the value; an empty value stays as a record, for the history.
 * Returns whether it changes at all.
 */
export function changeValue(
  database: Reader,
  batch: Batch,
  key: Uint8Array,
  value: Uint8Array,
  number: Height,
): boolean {
  const stored = database.get(key);
  const isKnown = stored !== undefined && stored.length >= HEAD_LENGTH;
  if (equalBytes(isKnown ? stored.subarray(HEAD_LENGTH) : EMPTY, value)) return false;
  let olderVersions = 0;
  if (isKnown) {
    const version = number32From(stored, OLDER_VERSIONS_AT);
    batch.put(historyKey(key, version), stored);
    olderVersions = version + 1;
  }
  batch.put(key, encodeVersion(value, number, olderVersions));
  return true;
}

/** The record of a value without a past that block `number` has left. */
export function firstVersion(value: Uint8Array, number: Height): Uint8Array {
  return encodeVersion(value, number, 0);
}

function encodeVersion(value: Uint8Array, number: Height, olderVersions: number): Uint8Array {
  const record = new Uint8Array(HEAD_LENGTH + value.length);
  record.set(numberBytes(number));
  writeNumber32(record, OLDER_VERSIONS_AT, olderVersions);
  record.set(value, HEAD_LENGTH);
  return record;
}

/** Of a record that has passed its checksum. */
export function decodeVersion(record: Uint8Array | undefined): Versioned | undefined {
  if (record === undefined || record.length < HEAD_LENGTH) return undefined;
  return {
    since: numberFrom(record),
    olderVersions: number32From(record, OLDER_VERSIONS_AT),
    value: record.subarray(HEAD_LENGTH),
  };
}
