import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CodedError, InvariantError } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { readHead } from './dev/block-feed.ts';
import { createDevReport } from './dev/report.ts';
import { CLI_ERRORS, cliError } from './errors.ts';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from './exit-codes.ts';
import { describeFailure, failureLines } from './failure.ts';
import { createFileSink, createTerminalSink, teeErrors } from './node-log.ts';
import { table, usesColour } from './output.ts';

const test = suite('cli/output');
const plain = createColors(false);

test('colour follows the terminal unless the environment decides', () => {
  assert.ok(usesColour(true, {}));
  assert.not(usesColour(false, {}));
  assert.not(usesColour(true, { NO_COLOR: '1' }));
  assert.ok(usesColour(true, { NO_COLOR: '' }));
  assert.not(usesColour(true, { TERM: 'dumb' }));
  assert.ok(usesColour(false, { FORCE_COLOR: '1' }));
  assert.not(usesColour(true, { FORCE_COLOR: '0' }));
});

test('columns are as wide as their widest cell', () => {
  assert.equal(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'ccc'],
    ]),
    ['a    bb  c', 'aaa  b   ccc'],
  );
});

test('every exit code has one meaning', () => {
  assert.equal(
    EXIT_MEANINGS.map(([code]) => code),
    [...new Set(Object.values(EXIT))].sort((a, b) => a - b),
  );
});

test('codes of all layers lead to the exit code of their kind', () => {
  assert.is(exitCodeOf('RPC_PORT_IN_USE'), EXIT.portInUse);
  assert.is(exitCodeOf('CLI_PORT_IN_USE'), EXIT.portInUse);
  assert.is(exitCodeOf('STORE_LOCKED'), EXIT.dataDirectory);
  assert.is(exitCodeOf('CLI_DIRECTORY_BUSY'), EXIT.dataDirectory);
  assert.is(exitCodeOf('GENESIS_DIRECTORY_UNWRITABLE'), EXIT.dataDirectory);
  assert.is(exitCodeOf('GENESIS_KEY_INVALID'), EXIT.refused);
  assert.is(exitCodeOf('CLI_NODE_UNREACHABLE'), EXIT.unreachable);
  assert.is(exitCodeOf('NODE_ALLOWLIST_INVALID'), EXIT.failed);
});

test('a coded failure comes with what to do and without a stack', async () => {
  const failure = await describeFailure(cliError('CLI_DIRECTORY_BUSY', 'busy'), false);
  const remedy = CLI_ERRORS['CLI_DIRECTORY_BUSY']?.remedy;
  assert.equal(failureLines(failure, plain), [
    'error busy (CLI_DIRECTORY_BUSY)',
    `what to do ${remedy}`,
  ]);
});

test('a stack is shown for faults of the program, and for others only when asked for', async () => {
  const broken = await describeFailure(new InvariantError('rule'), false);
  assert.is(broken.exitCode, EXIT.internal);
  assert.match(broken.stack ?? '', 'output.test.ts');
  const cause = new TypeError('below');
  const coded = new CodedError('above', { code: 'CLI_USAGE' }, { cause });
  assert.is((await describeFailure(coded, false)).stack, undefined);
  assert.match((await describeFailure(coded, true)).stack ?? '', 'caused by TypeError: below');
});

test('log lines are words on a terminal', () => {
  const lines: string[] = [];
  const sink = createTerminalSink((line) => lines.push(line), plain);
  const time = '2026-01-02T03:04:05.678Z';
  sink.write(`${JSON.stringify({ level: 30, time, module: 'p2p', peers: 3, msg: 'joined' })}\n`);
  sink.write('no JSON\n');
  assert.equal(lines, ['03:04:05.678 info  p2p: joined peers=3', 'no JSON']);
});

test('errors in the log are told apart, with their reason', () => {
  const lines: string[] = [];
  const errors: string[] = [];
  const sink = teeErrors({ write: (line) => lines.push(line) }, (line) => errors.push(line));
  sink.write(JSON.stringify({ level: 40, msg: 'warn' }));
  sink.write(JSON.stringify({ level: 50, msg: 'bad', error: { message: 'disk full' } }));
  assert.is(lines.length, 2);
  assert.equal(errors, ['bad (disk full)']);
});

test('a log file that has grown long is put aside at the start', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'node.log');
  writeFileSync(path, 'x'.repeat(16 * 1024 * 1024 + 1));
  createFileSink(path);
  assert.is(readFileSync(`${path}.1`, 'utf8').length, 16 * 1024 * 1024 + 1);
});

test('a head is read from the notification and from nothing else', () => {
  const result = { number: '0x2', hash: '0xab', gasUsed: '0x5208', timestamp: '0x10' };
  const notification = { method: 'eth_subscription', params: { subscription: '0x1', result } };
  assert.equal(readHead(JSON.stringify(notification)), {
    number: 2,
    hash: '0xab',
    gasUsed: 21_000n,
    timestamp: 16,
  });
  assert.is(readHead(JSON.stringify({ id: 1, result: '0x1' })), undefined);
  assert.is(readHead(new Uint8Array(1)), undefined);
});

const NETWORK = {
  chainId: 20260n,
  directory: 'data/dev',
  isNew: false,
  height: 7,
  validators: [
    {
      name: 'node-0',
      address: '0x01',
      rpcUrl: 'http://h:1',
      wsUrl: 'ws://h:1',
      p2pPort: 4,
      metricsPort: 6,
    },
  ],
};

test('ehb dev tells validators, accounts, the warning and what to do next', () => {
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {}, colours: plain };
  const report = createDevReport(output, false);
  report.started(NETWORK);
  report.block({ number: 8, hash: '0xabcdef', transactions: 2, gasUsed: 5n, timestamp: 0 });
  report.died('node-0', { code: undefined, signal: 'SIGKILL' }, 100);
  const text = lines.join('\n');
  for (const part of [
    'chain id 20260',
    'goes on from block 7',
    'http://h:1',
    'ws://h:1',
    '0xa0ee7a142d267c1f36714e4a8f75612f20a79720',
    'public',
    'cast send',
    'block 8  2 transactions  5 gas  00:00:00Z',
    'node-0 ended (SIGKILL); it starts again in 100 ms',
  ]) {
    assert.match(text, part);
  }
});

test('with --json every event is one line of JSON', () => {
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {}, colours: plain };
  const report = createDevReport(output, true);
  report.started(NETWORK);
  report.block({ number: 8, hash: '0xab', transactions: 2, gasUsed: 5n, timestamp: 0 });
  report.stopping();
  const events = lines.map((line) => JSON.parse(line));
  assert.equal(
    events.map(({ event }) => event),
    ['started', 'block', 'stopping'],
  );
  assert.is(events[0].chainId, 20_260);
  assert.is(events[0].accounts.length, 10);
  assert.is(events[1].gasUsed, '5');
});

test.run();
