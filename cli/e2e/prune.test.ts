// time-limit: 240 s
/** Pruning and loading a snapshot as processes that are killed at any moment: what is left is sound and gone on with. */
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { besuFile, byAddress, forgeBlocks, transfer } from '../../node/testkit/forged-chain.ts';
import { ehb } from './command.ts';
import { killEhb } from './ehb-process.ts';

const test = suite('killed maintenance');
const HEAD = 700;
const directory: string = temporaryDirectory();
const ledger = join(directory, 'ledger');
const validator = party('one');
const rich = party('rich');
const file = besuFile([validator].sort(byAddress), rich);

/** Bytes that were ever written into the store's files that are there. */
function sizeOf(path: string): number {
  const chain = join(path, 'chain');
  if (!existsSync(chain)) return 0;
  const sizes = readdirSync(chain).map(
    (name) => statSync(join(chain, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function problems(path: string): Promise<unknown> {
  return (await ehb('verify', '--data-dir', path))['problems'];
}

test.before(async () => {
  mkdirSync(ledger);
  writeFileSync(join(ledger, 'genesis.json'), JSON.stringify(file));
  const blocks = Array.from({ length: HEAD }, (_, index) => ({
    validators: [validator],
    transaction: transfer(rich, index, validator.address),
  }));
  await forgeBlocks({ dataDir: ledger, genesis: genesisOf(file) }, blocks, rich);
});

test('a prune that is killed leaves a sound ledger, and goes on to what was to be kept', async () => {
  const path = join(directory, 'pruned');
  cpSync(ledger, path, { recursive: true });
  const prune = ['prune', '--data-dir', path, '--keep-history', '128', '--keep-bodies', '200'];
  let kills = 0;
  for (const growth of [0, 5_000, 40_000, 120_000]) {
    const before = sizeOf(path);
    if (await killEhb(prune, () => Math.abs(sizeOf(path) - before) > growth)) kills += 1;
    assert.equal(await problems(path), []);
  }
  assert.ok(kills > 0, 'none was killed at work');
  const done = await ehb(...prune);
  assert.equal(done['oldest'], { state: String(HEAD - 127), body: String(HEAD - 199) });
  assert.equal(await problems(path), []);
});

test('a load that is killed leaves nothing that is taken for a ledger, and is repeated', async () => {
  const snapshot = join(directory, 'head.snapshot');
  const made = await ehb('snapshot', 'create', snapshot, '--data-dir', ledger);
  assert.is(made['height'], String(HEAD), JSON.stringify(made));
  const path = join(directory, 'loaded');
  mkdirSync(path);
  cpSync(join(ledger, 'genesis.json'), join(path, 'genesis.json'));
  const load = ['snapshot', 'load', snapshot, '--data-dir', path];
  let kills = 0;
  for (const growth of [0, 10_000, 200_000]) {
    const isDue = (): boolean =>
      sizeOf(path) > growth && !existsSync(join(path, 'chain/EHB-STORE'));
    if (!(await killEhb(load, isDue))) break;
    kills += 1;
    const refused = await ehb('verify', '--data-dir', path);
    assert.is(refused['code'], 'STORE_MISSING', JSON.stringify(refused));
  }
  assert.ok(kills > 0, 'none was killed at work');
  const loaded = await ehb(...load);
  const isThere = loaded['code'] === 'STORE_NOT_EMPTY' || loaded['height'] === String(HEAD);
  assert.ok(isThere, JSON.stringify(loaded));
  assert.equal(await problems(path), []);
});

test.run();
