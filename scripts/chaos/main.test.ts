// time-limit: 240 s
/** A short run of `npm run chaos`, and one that is interrupted. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RunningProgram, startProgram } from '../../cli/e2e/ehb-process.ts';
import { descendantsOf, isAlive } from '../../cli/e2e/processes.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';

const test = suite('npm run chaos');
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** Where the runs of this file put their directories. */
const temporary = temporaryDirectory();

function start(...args: readonly string[]): RunningProgram {
  return startProgram(MAIN, args, { TMPDIR: temporary });
}

test('silent links and resets lose nothing, and the network comes back', async () => {
  const args = [
    '--loopback',
    '--only',
    'stall-short',
    '--only',
    'cut',
    '--seed',
    '1',
    '--rate',
    '20',
  ];
  const { output, ended } = start(...args, '--json');
  assert.is(await ended, 0, output());
  const result = JSON.parse(output()) as {
    readonly results: readonly { readonly name: string; readonly acknowledged: number }[];
    readonly passed: number;
    readonly failed: number;
  };
  assert.equal(
    result.results.map(({ name }) => name),
    ['stall-short', 'cut'],
  );
  assert.ok(result.results.every(({ acknowledged }) => acknowledged > 0));
  assert.equal([result.passed, result.failed], [3, 0]);
});

test('a run that is interrupted leaves no process and no directory', async () => {
  const { child, output, ended } = start('--loopback', '--only', 'stall-long');
  await new Promise<void>((begun) => {
    child.stdout?.on('data', () => output().includes('Four validators') && begun());
  });
  const pids = descendantsOf(child.pid as number);
  assert.ok(pids.length >= 8, 'four validators and their proxies');
  child.kill('SIGINT');
  assert.is(await ended, 130, output());
  assert.equal(pids.filter(isAlive), []);
  const left = readdirSync(temporary).filter((name) => name.startsWith('ehb-'));
  assert.equal(left, [], 'Node itself may leave its compile cache');
});

test('a wrong option is named and costs nothing', async () => {
  const { output, ended } = start('--only', 'nothing');
  assert.is(await ended, 2);
  assert.match(output(), /there is no scenario nothing/);
});

test.run();
