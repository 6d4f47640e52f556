import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeReport, readOptions } from './sim.ts';

const test = suite('scripts/sim');

test('without options a thousand seeds of every profile on four validators', () => {
  const options = readOptions([]);
  assert.ok(options.kind === 'seeds');
  const { nodes, seeds, from, profiles } = options;
  assert.equal([nodes, seeds, from], [4, 1_000, 0]);
  assert.ok(profiles.length > 10);
});

test('profiles are named with commas; the folder of mutants may be left out', () => {
  const some = readOptions(['--profile', 'twins,calm', '--nodes', '7', '--trace', '--from=9']);
  assert.ok(some.kind === 'seeds' && some.trace);
  assert.equal(
    some.profiles.map(({ name }) => name),
    ['twins', 'calm'],
  );
  const bare = readOptions(['--mutants', '--json']);
  assert.ok(bare.kind === 'mutants' && bare.json);
  assert.match(bare.path, /node\/sim\/mutants$/);
  const one = readOptions(['--mutants', 'a.patch', '--seeds', '3']);
  assert.ok(one.kind === 'mutants' && one.seeds === 3);
  assert.match(one.path, /\/a\.patch$/);
  assert.is(readOptions(['-h']).kind, 'help');
});

test('what means nothing is refused with what would', () => {
  for (const args of [['--seeds', 'x'], ['--nodes', '0'], ['--from=-1'], ['--profile', 'nope']]) {
    assert.throws(
      () => readOptions(args),
      (error: unknown) => error instanceof RangeError,
    );
  }
  assert.throws(
    () => readOptions(['--what']),
    (error: unknown) => error instanceof TypeError,
  );
});

test('a failure is reported with the command that plays it again', () => {
  const lines = describeReport({
    nodes: 4,
    from: 0,
    seeds: 10,
    heights: 20,
    laterRounds: 3,
    transactions: 5,
    virtualMs: 7_200_000,
    realMs: 2_000,
    slowestRecoveryMs: 900,
    profiles: { calm: 10 },
    faults: { crashes: 2 },
    misdeeds: {},
    failures: [{ seed: 4, profile: 'calm', rule: 'r', fact: 'what was seen', again: 'npm run x' }],
  });
  const text = lines.join('\n');
  assert.match(text, 'seed 4, calm: what was seen');
  assert.match(text, 'npm run x');
  assert.match(text, '5.0 a second');
  assert.match(text, 'simulated 2.0 h');
});

test.run();
