/**
 * Values that keep their past: an account or slot record says since which block it holds, and each
 * change moves the record before it to the history, under the number of the changing block. A read at
 * block n follows the records back until one was there at n; for the head that is one point read.
 */
import type { Height } from '../model/index.ts';
import type { Database, Write } from './database.ts';
import { historyKey, numberBytes, numberFrom } from './keyspace.ts';

const EMPTY = new Uint8Array(0);

/** The value as block `at` left it; empty if there is none. */
export function valueAt(database: Database, key: Uint8Array, at: Height): Uint8Array {
  let record = database.get(key);
  while (record !== undefined) {
    const since = numberFrom(record);
    if (since <= at) return record.subarray(8);
    record = database.get(historyKey(key, since));
  }
  return EMPTY;
}

/** The value as the newest block left it; empty if there is none. */
export function newestValue(database: Database, key: Uint8Array): Uint8Array {
  return database.get(key)?.subarray(8) ?? EMPTY;
}

/** What block `number` writes to change the value; an empty value stays as a record, for the history. */
export function changeValue(
  database: Database,
  key: Uint8Array,
  value: Uint8Array,
  number: Height,
): readonly Write[] {
  const record = new Uint8Array(8 + value.length);
  record.set(numberBytes(number));
  record.set(value, 8);
  const put: Write = { type: 'put', key, value: record };
  const before = database.get(key);
  return before === undefined
    ? [put]
    : [put, { type: 'put', key: historyKey(key, number), value: before }];
}
