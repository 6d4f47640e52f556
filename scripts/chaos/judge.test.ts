/** Bounds and verdicts of a scenario. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { boundsOf, judge, type Outcome } from './judge.ts';
import type { Recovery } from './recovery.ts';

const test = suite('scripts/chaos/judge');
const BOUNDS = { recoveryMs: 30_000, limitMs: 60_000 };
const SOON: Recovery = { quorumMs: 500, allMs: 900, backlogMs: 1_000, stuck: [] };

type Part = Partial<Omit<Outcome, 'recovery'>> & { readonly recovery?: Partial<Recovery> };

function outcome(more: Part = {}): Outcome {
  const { recovery, ...rest } = more;
  return { faults: [], crashes: [], misses: [], ...rest, recovery: { ...SOON, ...recovery } };
}

test('the bound is f + 2 capped timeouts and the time to connect, or to start, again', () => {
  const timing = { maxRequestTimeoutMs: 10_000 };
  const after = (faulty: number, restarts: boolean): number =>
    boundsOf(timing, faulty, restarts).recoveryMs;
  assert.is(after(2, false) - after(1, false), 10_000);
  assert.is(after(1, false), 3 * 10_000 + 15_000);
  assert.ok(after(1, true) > after(1, false));
  assert.ok(boundsOf(timing, 1, false).limitMs > after(1, false));
});

test('a network that is whole again in time has passed', () => {
  assert.equal(judge(outcome(), BOUNDS), { kind: 'passed', reasons: [] });
});

test('a recovery later than the bound is late, whichever part of it', () => {
  for (const part of ['quorumMs', 'allMs', 'backlogMs'] as const) {
    const verdict = judge(outcome({ recovery: { [part]: 31_000 } }), BOUNDS);
    assert.is(verdict.kind, 'late');
    assert.match(verdict.reasons[0] ?? '', /31\.0 s, later than 30\.0 s/);
  }
});

test('lost data, a crash and a missed expectation are failures, however fast the recovery', () => {
  for (const part of ['faults', 'crashes', 'misses'] as const) {
    assert.equal(judge(outcome({ [part]: ['what happened'] }), BOUNDS), {
      kind: 'failed',
      reasons: ['what happened'],
    });
  }
});

test('a network that never comes back is a failure that says what is missing', () => {
  const never = (recovery: Partial<Recovery>): readonly string[] => {
    const verdict = judge(outcome({ recovery }), BOUNDS);
    assert.is(verdict.kind, 'failed');
    return verdict.reasons;
  };
  const all = { quorumMs: undefined, allMs: undefined, backlogMs: undefined };
  assert.match(never(all)[0] ?? '', /no quorum/);
  assert.match(never({ ...all, quorumMs: 5 })[0] ?? '', /not final on all/);
  const [first, second] = never({ backlogMs: undefined, stuck: ['0x1 sent to validator 3'] });
  assert.match(first ?? '', /waiting transactions/);
  assert.is(second, '0x1 sent to validator 3');
});

test.run();
