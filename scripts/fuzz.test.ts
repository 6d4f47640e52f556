import { availableParallelism } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCommand } from './fuzz.ts';

const test = suite('scripts/fuzz');

test('a command has defaults and takes what it is told', () => {
  assert.equal(parseCommand(['evm']), {
    cases: 10_000,
    seed: 1,
    only: undefined,
    jobs: availableParallelism(),
    engineA: 'reference',
    engineB: 'fast',
    most: 10,
  });
  const told = ['evm', '--seed', '7', '--case', '12', '--engine-b', 'reference'];
  assert.equal(parseCommand([...told, '--most', '1', '--jobs', '3']), {
    cases: 10_000,
    seed: 7,
    only: 12,
    jobs: 3,
    engineA: 'reference',
    engineB: 'reference',
    most: 1,
  });
});

test('a command that makes no sense is refused with the reason', () => {
  const cases: readonly (readonly [args: readonly string[], words: string])[] = [
    [[], 'a target is'],
    [['evm', '--cases', '-1'], '--cases'],
    [['evm', '--cases', 'x'], 'a number has'],
    [['evm', '--jobs', '0'], '1 to 256 jobs'],
    [['evm', '--engine-a', 'x'], 'an engine is'],
    [['evm', '--depth', '3'], '--depth'],
  ];
  for (const [args, words] of cases) {
    const command = parseCommand(args);
    assert.ok(typeof command === 'string' && command.includes(words), `${args}: ${command}`);
  }
});

test.run();
