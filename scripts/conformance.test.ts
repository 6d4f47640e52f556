/** The runner of whole suites: what it accepts, how it deals, and that nothing unreadable passes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, bytesToHex, hexToBytes } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { createMemoryState } from '../vm/testkit/memory-state.ts';
import { runStateTests, type StateTestRun } from '../vm/testkit/state-test-run.ts';
import { dealLines, parseCommand } from './conformance.ts';

const test = suite('scripts/conformance');
const directory = temporaryDirectory();

const ADDRESS = `0x${'11'.repeat(20)}`;
const NO_LOGS = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';

/** The state before, which a refused transaction leaves as it is. */
const root = bytesToHex(
  createMemoryState([{ address: asAddress(hexToBytes(ADDRESS)), balance: 7n }]).root(),
);

const refused = {
  hash: root,
  logs: NO_LOGS,
  txbytes: '0x00',
  expectException: 'TransactionException.TYPE_NOT_SUPPORTED',
};

function stateTest(post: Readonly<Record<string, readonly object[]>>): string {
  return JSON.stringify({
    file: 'a/b.json',
    name: 'a test',
    env: { currentCoinbase: ADDRESS, currentNumber: '0x1', currentGasLimit: '0x1' },
    pre: { [ADDRESS]: { nonce: '0x0', balance: '0x7', code: '0x', storage: {} } },
    post,
  });
}

async function run(
  lines: readonly string[],
  changed: Partial<StateTestRun> = {},
): Promise<readonly (readonly [fork: string, indexes: string, fault: string])[]> {
  const file = join(directory, 'tests.ndjson');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const all = { remainders: [0], divisor: 1 };
  const results: [string, string, string][] = [];
  for await (const result of runStateTests({
    file,
    engine: 'reference',
    lines: all,
    only: [],
    ...changed,
  })) {
    results.push([result.fork, result.indexes, result.faults.join('; ').split('\n')[0] ?? '']);
  }
  return results;
}

test('every post of a test is a case, with its indexes and without `config`', async () => {
  const posts = [0, 1, 2].map((data) => ({ ...refused, indexes: { data, gas: 0, value: 1 } }));
  const results = await run([stateTest({ Cancun: posts, Osaka: [refused] })]);
  assert.equal(results, [
    ['Cancun', 'data 0, gas 0, value 1', ''],
    ['Cancun', 'data 1, gas 0, value 1', ''],
    ['Cancun', 'data 2, gas 0, value 1', ''],
    ['Osaka', '', ''],
  ]);
});

test('what differs is named: root, logs, exception', async () => {
  const zero = `0x${'00'.repeat(32)}`;
  const results = await run([
    stateTest({ Prague: [{ ...refused, hash: zero }] }),
    stateTest({ Prague: [{ ...refused, logs: zero }] }),
    stateTest({ Prague: [{ ...refused, expectException: undefined }] }),
  ]);
  assert.equal(
    results.map(([, , fault]) => fault.split(',')[0]?.split(' 0x')[0]),
    ['state root', 'logs hash', 'expected success'],
  );
});

test('a case that cannot be read has failed, and counts', async () => {
  const results = await run([
    '{"name": "cut off',
    '7',
    '{"name": "no cases", "post": {"Osaka": []}}',
    stateTest({ Amsterdam: [refused] }),
    stateTest({ Osaka: [{ ...refused, txbytes: undefined }, refused] }),
  ]);
  assert.equal(
    results.map(([, , fault]) => fault !== ''),
    [true, true, true, true, true, false],
  );
});

test('words and fork choose cases; shards and processes deal each line exactly once', async () => {
  const lines = [stateTest({ Cancun: [refused], Osaka: [refused] })];
  assert.is((await run(lines, { fork: 'osaka' })).length, 1);
  assert.is((await run(lines, { only: ['b.json'] })).length, 2);
  assert.is((await run(lines, { only: ['c.json'] })).length, 0);
  const dealt = [0, 1, 2].flatMap((index) => dealLines({ index, count: 3 }, 2));
  for (let line = 0; line < 60; line += 1) {
    const takers = dealt.filter(({ remainders, divisor }) => remainders.includes(line % divisor));
    assert.is(takers.length, 1);
  }
});

test('a command that makes no sense is refused with the reason', () => {
  const cases: readonly (readonly [args: readonly string[], words: string])[] = [
    [[], 'a suite is'],
    [['state-tests'], 'name one FILE'],
    [['state-tests', 'a.json'], 'ends in'],
    [['state-tests', join(directory, 'none.ndjson')], 'there is no file'],
    [['state-tests', join(directory, 'tests.ndjson'), '--engine', 'x'], 'an engine is'],
    [['state-tests', join(directory, 'tests.ndjson'), '--shard', '3/2'], 'a shard is'],
    [['state-tests', '--depth', '3'], '--depth'],
  ];
  for (const [args, words] of cases) {
    const command = parseCommand(args);
    assert.ok(typeof command === 'string' && command.includes(words), `${args}`);
  }
});

test.run();
