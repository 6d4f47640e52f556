import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { suite } from 'uvu';
import { seededRandom } from '../../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../../model/testkit/temporary-directory.ts';
import { faultOfLog } from './level-log.ts';
import { liveTables } from './level-manifest.ts';
import { faultOfTable } from './level-table.ts';
import { unpackSnappy } from './snappy.ts';

const test = suite('ledger/store/level-files');

/** The files that LevelDB leaves with those ending, written with or without packing. */
async function filesOf(ending: RegExp, compression: boolean): Promise<readonly Uint8Array[]> {
  const path = temporaryDirectory();
  const random = seededRandom('level-files');
  for (let turn = 0; turn < 2; turn += 1) {
    // What lies in the log goes into a table at the next open.
    const level = new Level<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      compression,
    });
    await level.open();
    for (let key = 0; key < 200; key += 1) {
      const value = new Uint8Array(40 + random.below(80)).fill(random.below(256));
      await level.put(random.bytes(12), value);
    }
    await level.close();
  }
  const names = (await readdir(path)).filter((name) => ending.test(name));
  return await Promise.all(names.map((name) => readFile(join(path, name))));
}

function withFlip(bytes: Uint8Array, at: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[at] = (flipped[at] as number) ^ 0x10;
  return flipped;
}

for (const compression of [true, false]) {
  test(`a table is sound, and no byte of it can change unnoticed (packed: ${compression})`, async () => {
    const [table] = await filesOf(/\.ldb$/, compression);
    assert.ok(table !== undefined);
    assert.equal(faultOfTable(table), undefined);
    let unnoticed = 0;
    for (let at = 0; at < table.length; at += 1) {
      if (faultOfTable(withFlip(table, at)) === undefined) unnoticed += 1;
    }
    // Two handles of at least two bytes each and the mark: the rest of the 48 bytes of the footer is unused.
    assert.ok(unnoticed <= 36, `${unnoticed} bytes can change`);
    assert.ok(faultOfTable(table.subarray(0, table.length - 1)) !== undefined);
    assert.ok(faultOfTable(table.subarray(0, 20)) !== undefined);
  });
}

test('a log is sound, also cut anywhere, and no byte before its last record can change unnoticed', async () => {
  for (const manifest of await filesOf(/^MANIFEST/, false)) {
    assert.equal(faultOfLog(manifest), undefined);
  }
  const [log] = await filesOf(/^\d+\.log$/, false);
  assert.ok(log !== undefined && log.length > 10_000);
  for (let length = log.length; length > 0; length -= 97) {
    assert.equal(faultOfLog(log.subarray(0, length)), undefined, `cut to ${length}`);
  }
  // A length that is changed to reach beyond the end looks like that of a record that was being written.
  for (let at = 0; at < log.length - 4_200; at += 1) {
    assert.ok(faultOfLog(withFlip(log, at)) !== undefined, `byte ${at}`);
  }
});

test('a manifest names the tables that are there, after files have come and gone', async () => {
  const path = temporaryDirectory();
  const level = new Level<string, string>(path, { writeBufferSize: 64 * 1024 });
  await level.open();
  const random = seededRandom('manifest');
  for (let turn = 0; turn < 12; turn += 1) {
    const batch = level.batch();
    for (let key = 0; key < 300; key += 1) {
      batch.put(String(random.below(1_000)), 'x'.repeat(100 + random.below(200)));
    }
    await batch.write();
  }
  await level.close();
  await compact(path);
  const names = await readdir(path);
  const manifest = names.find((name) => name.startsWith('MANIFEST')) as string;
  const tables = names.filter((name) => name.endsWith('.ldb')).map((name) => parseInt(name, 10));
  const live = liveTables(await readFile(join(path, manifest)));
  assert.deepEqual([...(live ?? [])].sort(), tables.sort());
  assert.ok(tables.length > 0);
  // An edit with a tag that nobody knows.
  assert.equal(liveTables(Uint8Array.of(0, 0, 0, 0, 1, 0, 1, 99)), undefined);
});

/** What level has in Node only. */
type Compacting = { compactRange(start: string, end: string): Promise<void> };

/** To the end: one that closing cuts short leaves a table that no manifest names. */
async function compact(path: string): Promise<void> {
  const level = new Level(path);
  await level.open();
  await (level as unknown as Compacting).compactRange('', '~');
  await level.close();
}

test('snappy: literals, copies that overlap, and nonsense of any kind', () => {
  // "aaaaaaaaaa": one literal, then a copy of nine from one byte back.
  assert.deepEqual(
    unpackSnappy(Uint8Array.of(10, 0x00, 0x61, 0x15, 0x01)),
    new Uint8Array(10).fill(0x61),
  );
  assert.deepEqual(unpackSnappy(Uint8Array.of(3, 0x08, 1, 2, 3)), Uint8Array.of(1, 2, 3));
  const random = seededRandom('snappy');
  for (let round = 0; round < 5_000; round += 1) {
    const noise = random.bytes(random.below(40));
    const unpacked = unpackSnappy(noise);
    if (unpacked !== undefined) assert.ok(unpacked.length <= 32 * noise.length);
  }
  assert.equal(unpackSnappy(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)), undefined);
});

test.run();
