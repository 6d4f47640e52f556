import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { judge, parseCounts, vectorLines } from './test.ts';

const test = suite('scripts/test');

const printed = (total: number, passed: number): string =>
  `\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   0\n`;

test('the counts are those printed last', () => {
  assert.equal(parseCounts(`${printed(1, 1)}${printed(7, 5)}`), { total: 7, passed: 5 });
  assert.is(parseCounts('nothing'), undefined);
});

test('a finished file gives its own counts', () => {
  assert.equal(judge(printed(3, 3), 0, 120), { passed: 3, failed: 0, fault: undefined });
  assert.equal(judge(printed(3, 1), 1, 120), { passed: 1, failed: 2, fault: undefined });
});

test('a file without tests is a failure', () => {
  assert.equal(judge('', 0, 120), { passed: 0, failed: 1, fault: 'ran no tests' });
  assert.is(judge(printed(0, 0), 0, 120).failed, 1);
});

test('a file whose fixtures are absent may have no tests', () => {
  assert.is(judge('fixtures absent', 0, 120).failed, 0);
});

test('a crash, a hang and a bad end after good tests are one failure each', () => {
  assert.equal(judge('boom', 1, 120), { passed: 0, failed: 1, fault: 'crashed with exit code 1' });
  assert.equal(judge(printed(2, 2), undefined, 9), {
    passed: 2,
    failed: 1,
    fault: 'killed after 9 s',
  });
  assert.is(judge(printed(2, 2), 7, 120).failed, 1);
});

test('how many public vectors were run is part of the summary', () => {
  assert.equal(vectorLines('a\nstate tests: 2406 run\nb'), ['state tests: 2406 run']);
  assert.equal(vectorLines('state tests: 0 run, fixtures absent'), [
    'state tests: 0 run, fixtures absent',
  ]);
  assert.equal(vectorLines('name  \npublic vectors: 26 read, TrieTests\n'), [
    'public vectors: 26 read, TrieTests',
  ]);
  assert.equal(vectorLines('nothing of the kind'), []);
});

test.run();
