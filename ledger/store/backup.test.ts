import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { asHash } from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { restoreBackup } from './backup.ts';
import { openStore } from './open-store.ts';
import { growLedger, ledgerOptions, verifyLedger, wholeBlock } from './testkit/whole-ledger.ts';

type Context = { directory: string; path: string; file: string; restored: string };
const test = suite<Context>('ledger/store/backup');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
  context.file = join(context.directory, 'backup');
  context.restored = join(context.directory, 'restored');
});

const genesisHash = ledgerOptions('').genesis.hash;

async function backUp({ path, file }: Context) {
  const store = await openStore(ledgerOptions(path));
  try {
    return await store.backup(file, () => {});
  } finally {
    await store.close();
  }
}

function restore({ file, restored }: Context) {
  return restoreBackup({ file, path: restored, genesisHash }, () => {});
}

test('L-13: a backup taken while blocks are written is the store of one moment, and goes on from there', async (context) => {
  const { path, file, restored } = context;
  const random = seededRandom('backup');
  const store = await openStore(ledgerOptions(path));
  for (let block = 0; block < 30; block += 1) await store.write(wholeBlock(store, random));
  const taking = store.backup(file, () => {});
  for (let block = 0; block < 10; block += 1) await store.write(wholeBlock(store, random));
  const taken = await taking;
  assert.equal(taken.height, 30n);
  const summary = await restore(context);
  assert.deepEqual(summary, taken);
  const report = await verifyLedger(ledgerOptions(restored));
  assert.deepEqual(report.problems, []);
  const again = await openStore(ledgerOptions(restored));
  assert.deepEqual(again.head().hash, store.hashOf(30n));
  await again.write(wholeBlock(again, random));
  await again.close();
  await store.close();
  assert.deepEqual((await readdir(context.directory)).sort(), ['backup', 'chain', 'restored']);
});

test('any changed, missing or added byte of a backup is refused, and nothing is left of the attempt', async (context) => {
  await growLedger(context.path, 6);
  await backUp(context);
  const bytes = await readFile(context.file);
  const random = seededRandom('backup-bytes');
  const refuse = async (wrong: Uint8Array, what: string): Promise<void> => {
    await writeFile(context.file, wrong);
    const code = await refusalOf(restore(context));
    assert.match(code, /^STORE_(BACKUP_DAMAGED|BACKUP_FOREIGN|UNKNOWN_VERSION)$/, what);
    await assert.rejects(stat(context.restored), what);
  };
  for (let at = 0; at < bytes.length; at += at < 120 ? 1 : 1 + random.below(300)) {
    const wrong = Uint8Array.from(bytes);
    wrong[at] = (wrong[at] as number) ^ (1 << random.below(8));
    await refuse(wrong, `byte ${at}, ${random.rerun}`);
  }
  for (const length of [0, 50, 91, 92, 95, 100, bytes.length - 9, bytes.length - 1]) {
    await refuse(bytes.subarray(0, length), `cut to ${length}`);
  }
  await refuse(Buffer.concat([bytes, Uint8Array.of(0)]), 'a byte more');
});

test('a file is never written over, nor a store', async (context) => {
  await growLedger(context.path, 3);
  await backUp(context);
  const before = await readFile(context.file);
  assert.equal(await refusalOf(backUp(context)), 'STORE_BACKUP_UNWRITABLE');
  assert.deepEqual(await readFile(context.file), before);
  await restore(context);
  assert.equal(await refusalOf(restore(context)), 'STORE_NOT_EMPTY');
  const other = { ...context, restored: join(context.directory, 'other') };
  const foreign = {
    file: other.file,
    path: other.restored,
    genesisHash: asHash(new Uint8Array(32)),
  };
  assert.equal(await refusalOf(restoreBackup(foreign, () => {})), 'STORE_BACKUP_FOREIGN');
  const nowhere = { ...context, file: join(context.directory, 'none', 'backup') };
  assert.equal(await refusalOf(backUp(nowhere)), 'STORE_BACKUP_UNWRITABLE');
});

test.run();
