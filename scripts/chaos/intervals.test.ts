/** Figures of block intervals and what they are held against. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Intervals, intervalsOf, judgePace } from './intervals.ts';

const test = suite('scripts/chaos/intervals');
const TIMING = { requestTimeoutMs: 2_000 };
const HEALTHY: Intervals = { blocks: 100, medianMs: 300, p95Ms: 400, maxMs: 600 };

test('median, 95th percentile and longest of the times between blocks', () => {
  const arrivals = [0];
  for (let gap = 1; gap <= 100; gap += 1) arrivals.push((arrivals.at(-1) as number) + gap);
  assert.equal(intervalsOf(arrivals), { blocks: 101, medianMs: 51, p95Ms: 96, maxMs: 100 });
});

test('the median and the longest interval are judged apart', () => {
  const pace = (more: Partial<Intervals>) => judgePace(HEALTHY, { ...HEALTHY, ...more }, TIMING);
  assert.equal(pace({}), { medianBoundMs: 450, maxBoundMs: 2_600, misses: [] });
  assert.equal(pace({ medianMs: 449, maxMs: 2_600 }).misses, []);
  assert.match(pace({ medianMs: 450 }).misses.join(), /median of 450 ms is not below 450 ms/);
  assert.match(pace({ maxMs: 2_700 }).misses.join(), /2\.7 s, longer than 2\.6 s/);
});

test('a chain that stood still is no pass', () => {
  assert.is(judgePace(HEALTHY, intervalsOf([]), TIMING).misses.length, 2);
  assert.is(judgePace(HEALTHY, intervalsOf([5]), TIMING).misses.length, 2);
});

test.run();
