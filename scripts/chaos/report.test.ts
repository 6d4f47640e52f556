/** What a run prints at its end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ScenarioResult } from './rehearsal.ts';
import { countsOf, type RunResult, scenarioLines, summaryLines } from './report.ts';

const test = suite('scripts/chaos/report');

function result(
  name: string,
  kind: ScenarioResult['verdict']['kind'],
  more: Partial<ScenarioResult> = {},
): ScenarioResult {
  return {
    name,
    verdict: { kind, reasons: kind === 'passed' ? [] : [`why ${name} is ${kind}`] },
    recovery: { quorumMs: 1_234, allMs: 2_000, backlogMs: undefined, stuck: [] },
    bounds: { recoveryMs: 45_000, limitMs: 90_000 },
    acknowledged: 17,
    notes: [],
    ...more,
  };
}

const run = (
  results: readonly ScenarioResult[],
  finalFaults: readonly string[] = [],
): RunResult => ({
  fabric: 'loopback',
  seed: 4_711,
  results,
  finalFaults,
  acknowledged: 99,
});

test('the last line counts the scenarios and the comparison at the end', () => {
  const good = run([result('a', 'passed'), result('b', 'late')]);
  assert.equal(countsOf(good), { passed: 3, failed: 0 });
  assert.is(summaryLines(good, undefined).at(-1), '3 passed, 0 failed');
  const bad = run([result('a', 'passed'), result('b', 'failed')], ['block 7 differs']);
  assert.equal(countsOf(bad), { passed: 1, failed: 2 });
  assert.is(summaryLines(bad, undefined).at(-1), '1 passed, 2 failed');
});

test('a run of nothing still has its comparison', () => {
  assert.equal(countsOf(run([])), { passed: 1, failed: 0 });
});

test('the table has a line for each scenario, columns under each other', () => {
  const lines = summaryLines(run([result('a', 'passed'), result('longer', 'late')]), undefined);
  const table = lines.filter((line) => /^(scenario|a |longer)/.test(line));
  assert.is(table.length, 3);
  assert.is(new Set(table.map((line) => line.length)).size, 1);
  assert.match(table[1] ?? '', /1\.2 s +2\.0 s +never +45\.0 s +17$/);
});

test('late recoveries, faults and kept directories are told, with the seed', () => {
  const text = summaryLines(run([result('a', 'late')], ['block 7 differs']), '/kept').join('\n');
  for (const part of ['1 recovered later', 'block 7 differs', '/kept', 'seed 4711']) {
    assert.ok(text.includes(part), part);
  }
});

test('a scenario that failed says why under its line', () => {
  const [line, reason] = scenarioLines(result('a', 'failed', { notes: ['7 blocks meanwhile'] }));
  assert.match(line ?? '', /FAIL.* a .*quorum after 1\.2 s, all after 2\.0 s.*7 blocks meanwhile/);
  assert.match(reason ?? '', /why a is failed/);
});

test.run();
