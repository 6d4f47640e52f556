/** The first pass: every record passes its checksum and lies in a known table under a key of the right length. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Reader } from '../database.ts';
import { TABLES, type TableName, tableOf } from '../keyspace.ts';
import type { Findings } from './report.ts';

/** Records in each table. */
export type RecordCounts = ReadonlyMap<TableName, number>;

/** Lengths of whole keys; absent for those of any length. */
const KEY_LENGTHS: Partial<Readonly<Record<TableName, number>>> = {
  header: 9,
  block: 9,
  senders: 9,
  receipts: 9,
  batch: 9,
  changed: 9,
  numberOfHash: 33,
  transaction: 33,
  code: 33,
  account: 21,
  slot: 53,
  accountHistory: 25,
  slotHistory: 57,
};

const PAGE = 1024;
const END: Uint8Array = Uint8Array.of(0xff, 0xff);

export async function verifyRecords(
  reader: Reader,
  findings: Findings,
  onProgress: (records: number) => void,
): Promise<RecordCounts> {
  const counts = new Map<TableName, number>();
  let records = 0;
  let start: Uint8Array = new Uint8Array(0);
  for (;;) {
    const page = await reader.scan({ gte: start, lt: END }, PAGE);
    for (const { key, value } of page) {
      const table = tableOf(key);
      if (!isTable(table)) {
        findings.addRecord(key, 'no table has this prefix');
        continue;
      }
      counts.set(table, (counts.get(table) ?? 0) + 1);
      if (value === undefined) findings.addRecord(key, 'the record fails its checksum');
      const length = KEY_LENGTHS[table];
      if (length !== undefined && key.length !== length) {
        findings.addRecord(key, `the key has ${key.length} bytes, not ${length}`);
      }
    }
    records += page.length;
    onProgress(records);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return counts;
    start = new Uint8Array(last.key.length + 1);
    start.set(last.key);
    await breathe();
  }
}

function isTable(name: string): name is TableName {
  return name in TABLES;
}
