/** The command line of `npm run chaos`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CodedError } from '../../ledger/model/index.ts';
import { type ChaosOptions, parseOptions } from './options.ts';

const test = suite('scripts/chaos/options');
const NAMES = ['kill-one', 'cut'];

const parse = (...args: readonly string[]): ChaosOptions => parseOptions(args, NAMES, 99);

test('without arguments all scenarios run once, with a fresh seed', () => {
  const { command, only, minutes, seed, json, loopback, inside } = parse();
  assert.equal(
    { command, only, minutes, seed, json, loopback, inside },
    {
      command: 'scenarios',
      only: [],
      minutes: undefined,
      seed: 99,
      json: false,
      loopback: false,
      inside: undefined,
    },
  );
});

test('each option is read', () => {
  const args = ['--only', 'cut', '--only', 'kill-one', '--minutes', '2.5', '--seed', '7'];
  const { only, minutes, seed, json, perSecond } = parse(...args, '--json', '--rate', '10');
  assert.equal(only, ['cut', 'kill-one']);
  assert.equal([minutes, seed, json, perSecond], [2.5, 7, true, 10]);
  assert.is(parse('one-dead').command, 'one-dead');
  assert.equal(parse('kills', '--times', '3').times, 3);
  assert.is(parse('power-loss').times, undefined);
  assert.is(parse('--list').command, 'list');
  assert.is(parse('--help', '--list').command, 'help');
});

test('whatever is not understood is refused with a code', () => {
  const wrong = [
    ['--only', 'nothing'],
    ['--minutes', 'soon'],
    ['--minutes', '-1'],
    ['--minutes', ''],
    ['--seed', '1.5'],
    ['--rate', '0'],
    ['--colour'],
    ['two-dead'],
    ['one-dead', 'more'],
    ['kills', '--times', '0'],
    ['kills', '--times', '1.5'],
  ];
  for (const args of wrong) {
    let code: string | undefined;
    try {
      parse(...args);
    } catch (error) {
      code = error instanceof CodedError ? error.code : String(error);
    }
    assert.is(code, 'CHAOS_USAGE', args.join(' '));
  }
});

test.run();
