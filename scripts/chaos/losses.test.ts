// time-limit: 900 s
/** Short runs of `npm run chaos -- kills` and `-- power-loss`. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startProgram } from '../../cli/e2e/ehb-process.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';

const test = suite('npm run chaos: losses');
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const temporary = temporaryDirectory();

type Result = Readonly<Record<string, number>> & { readonly faults: readonly string[] };

/** Its JSON; it left no directory behind. */
async function run(...args: readonly string[]): Promise<Result> {
  const all = [...args, '--loopback', '--json', '--seed', '5'];
  const { output, ended } = startProgram(MAIN, all, { TMPDIR: temporary });
  assert.is(await ended, 0, output());
  const left = readdirSync(temporary).filter((name) => name.startsWith('ehb-'));
  assert.equal(left, []);
  return JSON.parse(output()) as Result;
}

test('killed under load, a network has what it acknowledged, as a replay from genesis gives it', async () => {
  const { kills, processes, acknowledged, blocks, receipts, faults } = await run(
    'kills',
    '--times',
    '2',
  );
  assert.equal(faults, []);
  assert.is(kills, 2);
  assert.ok([processes, acknowledged, blocks, receipts].every((count) => (count ?? 0) > 0));
});

const HAS_STRACE: boolean = spawnSync('strace', ['-V']).status === 0;

(HAS_STRACE ? test : test.skip)(
  'L-1, L-3: of what was synced when the power failed a network goes on with all that it acknowledged',
  async () => {
    const args = ['power-loss', '--times', '20'];
    const { cuts, started, acknowledged, syncs, faults } = await run(...args);
    assert.equal(faults, []);
    assert.equal([cuts, started], [20, 1]);
    assert.ok((acknowledged ?? 0) > 0 && (syncs ?? 0) > 0);
  },
);

test.run();
