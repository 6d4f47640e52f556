import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type QbftOptions, type QbftTransition, qbftRulesAt, transitionAt } from './schedule.ts';

const test = suite('consensus/schedule');

const START = {
  blockPeriodMs: 1000,
  emptyBlockPeriodMs: 1000,
  requestTimeoutMs: 2000,
  maxRequestTimeoutMs: 30_000,
  source: { kind: 'headers' },
} as const;

const from = (height: bigint, blockPeriodMs: number): QbftTransition => ({
  ...START,
  from: height,
  blockPeriodMs,
  validators: undefined,
});

const options: QbftOptions = {
  ...START,
  besuTimestamps: true,
  epochLength: 30_000n,
  transitions: [from(10n, 5000), from(20n, 2000)],
};

test('R-9.8: a transition holds from the block that it names until the next one', () => {
  const periods = [0n, 1n, 9n, 10n, 11n, 19n, 20n, 1_000_000n].map(
    (height) => qbftRulesAt(options, height).blockPeriodMs,
  );
  assert.equal(periods, [1000, 1000, 1000, 5000, 5000, 5000, 2000, 2000]);
});

test('R-9.8: it begins with exactly that block', () => {
  assert.equal(
    [9n, 10n, 11n, 20n].map((height) => transitionAt(options, height)?.blockPeriodMs),
    [undefined, 5000, undefined, 2000],
  );
});

test.run();
