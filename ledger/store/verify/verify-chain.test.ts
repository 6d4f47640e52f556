import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite } from 'uvu';
import { refusalOf } from '../../model/testkit/refusal.ts';
import { temporaryDirectory } from '../../model/testkit/temporary-directory.ts';
import { createBatch } from '../batch.ts';
import { openDatabase } from '../database.ts';
import { HEAD_KEY, keysFrom, TABLES, type TableName } from '../keyspace.ts';
import { openStore } from '../open-store.ts';
import { growLedger, ledgerOptions, verifyLedger } from '../testkit/whole-ledger.ts';
import { verifyChain } from './verify-chain.ts';
import type { VerifyReport } from './verify-store.ts';

const test = suite<{ directory: string; path: string }>('ledger/store/verify');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

const verify = (path: string): Promise<VerifyReport> => verifyLedger(ledgerOptions(path));

test('a sound store has no problems', async ({ path }) => {
  await growLedger(path, 40);
  const report = await verify(path);
  assert.deepEqual(report.problems, []);
  assert.equal(report.head, '40');
  await (await openStore(ledgerOptions(path))).close();
});

const EMPTY_IS_FINE: readonly TableName[] = ['metadata', 'evidence'];

for (const table of Object.keys(TABLES) as TableName[]) {
  if (EMPTY_IS_FINE.includes(table)) continue;
  test(`a record lost from the table ${table} is found`, async ({ path }) => {
    await growLedger(path, 30);
    const database = await openDatabase(path, false);
    const keys = await database.keys(keysFrom(table, new Uint8Array(0)));
    assert.ok(keys.length > 0, 'the chain of the test has such records');
    const key = keys[keys.length >> 1] as Uint8Array;
    const batch = createBatch();
    batch.delete(key);
    await database.write(batch.writes());
    await database.close();
    const { problems, problemCount } = await verify(path);
    assert.ok(problemCount > 0);
    assert.ok(problems.every(({ where, fact }) => where.length > 0 && fact.length > 0));
  });

  test(`a record put into the table ${table} is found`, async ({ path }) => {
    await growLedger(path, 30);
    const database = await openDatabase(path, false);
    const [key] = await database.keys(keysFrom(table, new Uint8Array(0)));
    const value = database.get(key as Uint8Array) as Uint8Array;
    const batch = createBatch();
    const stray = (key as Uint8Array).slice();
    stray[stray.length - 1] = (stray[stray.length - 1] as number) ^ 0x55;
    batch.put(stray, value);
    await database.write(batch.writes());
    await database.close();
    assert.ok((await verify(path)).problemCount > 0);
  });
}

test('headers that are not sealed as they should be are named', async ({ path }) => {
  await growLedger(path, 5);
  const { genesis, hashRule } = ledgerOptions(path);
  const report = await verifyChain({
    path,
    genesisHash: genesis.hash,
    hashRule,
    createHeaderCheck: async (view) => async (header) =>
      header.number === 3n && view.header(2n) !== undefined ? 'it has no seals' : undefined,
    onProgress: () => {},
  });
  assert.deepEqual(report.problems, [{ where: 'block 3', fact: 'it has no seals' }]);
});

test('a store without a head, of another genesis, or none at all is refused or reported', async ({
  path,
}) => {
  assert.equal(await refusalOf(verify(path)), 'STORE_MISSING');
  await growLedger(path, 3);
  const database = await openDatabase(path, false);
  const batch = createBatch();
  batch.delete(HEAD_KEY);
  await database.write(batch.writes());
  assert.equal(await refusalOf(verify(path)), 'STORE_LOCKED');
  await database.close();
  assert.ok((await verify(path)).problemCount > 0);
});

test.run();
