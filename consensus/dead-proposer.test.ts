// time-limit: 180 s
/**
 * What a dead validator costs under load, in virtual time over hundreds of heights: its turns are not
 * waited for once it is known to be silent, and a wrong suspicion costs a round change at most.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cluster, createCluster } from './testkit/cluster.ts';
import { createActor, createScript } from './testkit/script.ts';
import { faultsOf } from './validators.ts';

const test = suite('consensus/dead-proposer');

const BASE_MS = 1000;
const everyone = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** Milliseconds between blocks, as node `witness` stores them; there is always work for the next one. */
function intervals(cluster: Cluster, witness: number, blocks: number): readonly number[] {
  const times: number[] = [];
  const node = cluster.nodes[witness];
  let height = node?.head().number ?? 0n;
  for (let i = 0; i <= blocks; i += 1) {
    cluster.submit(everyone(cluster.nodes.length));
    const isNext = (): boolean => (node?.head().number ?? 0n) > height;
    assert.ok(cluster.runUntil(isNext, 60_000), `no block after ${height}`);
    height = node?.head().number ?? 0n;
    times.push(cluster.nowMs());
  }
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

const sorted = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]): number =>
  sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;

for (const n of [4, 7]) {
  for (const noticesCrash of [false, true]) {
    const how = noticesCrash ? 'whose connection broke' : 'that fell silent';
    test(`R-5.12: f of ${n} validators dead, ${how}: blocks go on at their pace`, () => {
      const cluster = createCluster({ validators: n, seed: 1, noticesCrash });
      cluster.run(50);
      const heights = n === 4 ? 300 : 80;
      const healthy = intervals(cluster, n - 1, 60);
      const blockMs = Math.max(...healthy);
      const dead = everyone(faultsOf(n));
      for (const i of dead) cluster.crash(i);
      const degraded = intervals(cluster, n - 1, heights);
      assert.ok(median(degraded) < 1.5 * median(healthy), `${median(degraded)} ms`);
      // Two dead ones beside each other are two rounds, one after the other.
      const longest = dead.length * BASE_MS + (dead.length > 1 ? BASE_MS : 0) + 3 * blockMs;
      assert.ok(Math.max(...degraded) <= longest, `${Math.max(...degraded)} ms`);
      const slow = degraded.filter((ms) => ms >= BASE_MS);
      assert.ok(slow.length <= 1, `${slow.length} turns of the dead were waited for`);
      assert.ok(!noticesCrash || slow.length === 0);
    });
  }

  test(`R-5.13: ${n}: a validator that is back proposes again, and is waited for`, () => {
    const cluster = createCluster({ validators: n, seed: 2 });
    cluster.run(50);
    cluster.crash(0);
    intervals(cluster, 1, 3 * n);
    cluster.restart(0);
    intervals(cluster, 1, 2);
    assert.ok(cluster.runUntil(() => cluster.nodes[0]?.head().number === cluster.height(), 5_000));
    const later = intervals(cluster, 1, 5 * n);
    const { address } = cluster.identities[0] ?? {};
    const own = cluster.nodes[1]?.chain.slice(-4 * n).filter((block) => {
      return block.header.beneficiary.every((byte, i) => byte === address?.[i]);
    });
    assert.ok((own?.length ?? 0) >= 2, 'it has had its turns');
    assert.ok(Math.max(...later) < BASE_MS / 8, `${Math.max(...later)} ms`);
  });
}

test('R-5.13: one that some hear and some do not stops nobody', () => {
  for (let seed = 0; seed < 8; seed += 1) {
    const cluster: Cluster = createCluster({
      validators: 4,
      seed,
      // Validator 0 reaches validator 1 only; it hears everybody.
      tamper: (from, to) => (from === 0 && to !== 1 ? [] : undefined),
    });
    cluster.run(50);
    const times = intervals(cluster, 2, 60);
    assert.ok(Math.max(...times) <= 2 * BASE_MS + 100, `seed ${seed}: ${Math.max(...times)} ms`);
  }
});

test('R-5.12: who signed a Prepare stays in company, whoever seems absent', () => {
  const script = createScript(4, 1);
  const core = createActor(script, 1);
  const [proposer] = script.validators;
  assert.ok(proposer);
  core.give({ kind: 'peer-left', validator: proposer });
  core.give({ kind: 'work', height: 1n });
  assert.is(core.state().isGrace, true);
  core.receive(script.proposal(0, 0));
  assert.equal(core.signed(), ['prepare 1/0']);
  core.timeout();
  assert.is(core.state().round, 0, 'the short time is over, the round is not');
  core.timeout();
  assert.is(core.state().round, 0, 'nobody else is here');
});

test.run();
