// time-limit: 300 s
/**
 * Lost logs on simulated clusters: one, some and all, with blocks and without, restarts and losses in
 * between. The watch of the cluster checks agreement and self-contradiction across every loss.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../ledger/model/index.ts';
import { isMute } from './lost-logs.ts';
import { type Cluster, createCluster } from './testkit/cluster.ts';
import { quorumOf } from './validators.ts';

const test = suite('consensus/lost-logs');

const everyone = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

const isFinalOn = (cluster: Cluster, transaction: Hash) => (): boolean =>
  cluster.alive().every((node) => node.hasIncluded(transaction));

/** A few blocks, then everybody rests. */
function withBlocks(n: number, seed: number, blocks = 3): Cluster {
  const cluster = createCluster({ validators: n, seed });
  cluster.run(50);
  for (let i = 0; i < blocks; i += 1) decide(cluster, 3);
  return cluster;
}

function decide(cluster: Cluster, timeouts: number): void {
  const transaction = cluster.submit(everyone(cluster.nodes.length));
  const isDone = isFinalOn(cluster, transaction);
  assert.ok(cluster.runUntil(isDone, timeouts * cluster.capMs), describe(cluster));
}

function describe(cluster: Cluster): string {
  return cluster.nodes
    .map((node, i) => {
      if (!node.isAlive()) return `${i}: down`;
      const state = node.state();
      const { own, closed, released } = state.lost;
      const loss = `${isMute(state) ? 'mute' : 'votes'} bound ${own?.bound} closed ${closed} ${released}`;
      return `${i}: ${state.height}/${state.round} ${state.phase.kind} ${loss}`;
    })
    .join('; ');
}

for (const n of [4, 7]) {
  for (const what of ['log', 'all'] as const) {
    test(`R-10.4: one of ${n} loses its ${what}: it follows through h*, then votes again`, () => {
      const cluster = withBlocks(n, 1);
      cluster.wipe(1, what);
      cluster.restart(1);
      decide(cluster, 3);
      const lost = cluster.nodes[1];
      assert.equal(signedAt(cluster, 1, 4n), [], 'nothing signed at h*');
      decide(cluster, 3);
      assert.ok(lost !== undefined && !isMute(lost.state()));
      cluster.crash(0);
      // Its vote is needed now.
      for (const i of everyone(n - quorumOf(n))) cluster.crash(i === 1 ? n - 1 : i);
      decide(cluster, 4);
    });
  }

  test(`R-10.7: too many of ${n} lose logs: the chain goes on by itself`, () => {
    for (let count = n - quorumOf(n) + 1; count <= n; count += 1) {
      for (const what of ['log', 'all'] as const) {
        if (what === 'all' && count === n) continue;
        const cluster = withBlocks(n, 10 + count);
        for (let i = 0; i < count; i += 1) cluster.wipe(i, what);
        for (let i = 0; i < count; i += 1) cluster.restart(i);
        decide(cluster, 3);
        decide(cluster, 3);
        assert.ok(cluster.height() >= 5n);
      }
    }
  });
}

function signedAt(cluster: Cluster, node: number, height: bigint): readonly string[] {
  return (cluster.signed[node] ?? [])
    .filter((message) => message.signed.height === height)
    .map((message) => message.kind);
}

test('R-10.5: two of four lost and one dead: they wait, and go on when it is back', () => {
  const cluster = withBlocks(4, 20);
  for (const i of [0, 1]) cluster.wipe(i, 'all');
  cluster.crash(3);
  for (const i of [0, 1]) cluster.restart(i);
  const transaction = cluster.submit(everyone(4));
  cluster.run(60_000);
  assert.is(cluster.height(), 3n, 'no quorum knows what it signed');
  cluster.restart(3);
  assert.ok(cluster.runUntil(isFinalOn(cluster, transaction), 2 * cluster.capMs));
});

test('R-10.4: one of four lost while another is dead: it learns h* when that one is back', () => {
  const cluster = withBlocks(4, 21);
  cluster.wipe(0, 'all');
  cluster.crash(3);
  cluster.restart(0);
  const transaction = cluster.submit(everyone(4));
  cluster.run(60_000);
  assert.is(cluster.height(), 3n);
  cluster.restart(3);
  assert.ok(cluster.runUntil(isFinalOn(cluster, transaction), 2 * cluster.capMs));
});

test('R-10.7: a single validator that lost its log goes on at once', () => {
  const cluster = withBlocks(1, 22);
  cluster.wipe(0, 'log');
  cluster.restart(0);
  decide(cluster, 1);
  decide(cluster, 1);
});

test('R-10.1: a restart while mute changes nothing', () => {
  const cluster = withBlocks(4, 23);
  cluster.wipe(2, 'all');
  cluster.restart(2);
  for (let i = 0; i < 5; i += 1) {
    cluster.run(100);
    cluster.crash(2);
    cluster.run(100);
    cluster.restart(2);
  }
  cluster.run(500);
  const { own } = cluster.nodes[2]?.state().lost ?? {};
  assert.is(own?.bound, 4n);
  decide(cluster, 3);
  assert.equal(signedAt(cluster, 2, 4n), []);
  decide(cluster, 3);
  assert.ok(cluster.nodes.every((node) => !isMute(node.state())));
});

test('R-10.6, R-10.7: restarts and new losses at every moment of a release', () => {
  for (let moment = 0; moment < 40; moment += 1) {
    for (const what of ['crash', 'log'] as const) {
      const cluster = withBlocks(4, 100 + moment);
      for (const i of [0, 1, 2]) cluster.wipe(i, 'log');
      for (const i of [0, 1, 2]) cluster.restart(i);
      cluster.run(moment * 2);
      const victim = moment % 4;
      if (what === 'log') cluster.wipe(victim, 'log');
      else cluster.crash(victim);
      cluster.run(moment * 5);
      cluster.restart(victim);
      decide(cluster, 4);
    }
  }
});

test('R-10.7: a block that was committed to before the loss is the one that wins', () => {
  for (const lost of [
    [0, 1],
    [1, 2],
    [0, 3],
  ]) {
    let isCut = false;
    const cluster: Cluster = createCluster({
      validators: 4,
      seed: 40 + (lost[0] ?? 0),
      onBoundary: (_, boundary) => {
        if (isCut || boundary.at !== 'after-send' || boundary.message.kind !== 'commit') return;
        isCut = true;
        for (const i of everyone(4)) cluster.crash(i);
      },
    });
    cluster.run(50);
    const transaction = cluster.submit(everyone(4));
    cluster.run(1_000);
    assert.ok(isCut);
    const committed = cluster.signed.findIndex((all) => all.some(({ kind }) => kind === 'commit'));
    for (const i of lost.filter((each) => each !== committed)) cluster.wipe(i, 'log');
    for (const i of everyone(4)) cluster.restart(i);
    assert.ok(cluster.runUntil(isFinalOn(cluster, transaction), 3 * cluster.capMs));
    assert.ok(
      cluster.nodes.every((node) => node.head().number === 1n),
      describe(cluster),
    );
  }
});

test('R-10.2: who is shown a newer message of its own stops voting, and votes again later', () => {
  const cluster = withBlocks(4, 30);
  const old = cluster.nodes[1]?.snapshot();
  assert.ok(old);
  cluster.crash(0);
  cluster.submit(everyone(4));
  cluster.run(1_500);
  // An old copy of the disk is restored: what was signed since is missing from its log.
  cluster.crash(1);
  cluster.nodes[1]?.restore(old);
  cluster.restart(0);
  cluster.restart(1);
  decide(cluster, 4);
  decide(cluster, 4);
  assert.ok(cluster.nodes.every((node) => !isMute(node.state())));
});

test('R-10.2: who kept its log and lost its blocks signs nothing before it has them again', () => {
  for (const count of [1, 2, 3]) {
    const cluster = withBlocks(4, 50 + count);
    const before = cluster.signed.map((all) => all.length);
    for (let i = 0; i < count; i += 1) cluster.wipe(i, 'blocks');
    for (let i = 0; i < count; i += 1) cluster.restart(i);
    decide(cluster, 4);
    const since = cluster.signed.flatMap((all, i) => all.slice(before[i]));
    assert.ok(
      since.every(({ signed }) => signed.height > 3n),
      describe(cluster),
    );
    decide(cluster, 4);
    assert.ok(
      cluster.nodes.every((node) => !isMute(node.state())),
      describe(cluster),
    );
  }
});

test('R-10.2: all that kept their logs and lost their blocks make no others', () => {
  const cluster = withBlocks(4, 54);
  const all = everyone(4);
  const before = cluster.signed.map((messages) => messages.length);
  for (const i of all) cluster.wipe(i, 'blocks');
  for (const i of all) cluster.restart(i);
  cluster.submit(all);
  cluster.run(60_000);
  assert.is(cluster.height(), 0n, 'nobody contradicts what was final');
  assert.equal(
    cluster.signed.map((messages) => messages.length),
    before,
  );
});

test.run();
