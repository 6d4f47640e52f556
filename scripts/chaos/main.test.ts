// time-limit: 240 s
/** A short run of `npm run chaos`, and one that is interrupted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { descendantsOf, isAlive } from '../../cli/e2e/processes.ts';

const test = suite('npm run chaos');
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** Where the runs of this file put their directories. */
const temporary = mkdtempSync(join(tmpdir(), 'ehb-chaos-test-'));

test.after(() => rmSync(temporary, { recursive: true }));

function start(...args: readonly string[]): { child: ChildProcess; output(): string } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
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
  const { child, output } = start(...args, '--json');
  const code = await exitOf(child);
  assert.is(code, 0, output());
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
  const { child, output } = start('--loopback', '--only', 'stall-long');
  await new Promise<void>((begun) => {
    child.stdout?.on('data', () => output().includes('Four validators') && begun());
  });
  const pids = descendantsOf(child.pid as number);
  assert.ok(pids.length >= 8, 'four validators and their proxies');
  child.kill('SIGINT');
  assert.is(await exitOf(child), 130, output());
  assert.equal(pids.filter(isAlive), []);
  const left = readdirSync(temporary).filter((name) => name.startsWith('ehb-'));
  assert.equal(left, [], 'Node itself may leave its compile cache');
});

test('a wrong option is named and costs nothing', async () => {
  const { child, output } = start('--only', 'nothing');
  assert.is(await exitOf(child), 2);
  assert.match(output(), /there is no scenario nothing/);
});

test.run();
