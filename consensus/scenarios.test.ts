/** Faults that must not stop a chain, each played on a simulated cluster. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { equalBytes } from '../ledger/model/index.ts';
import { encodeMessage } from './codec.ts';
import type { Cluster } from './testkit/cluster.ts';
import { createCluster } from './testkit/cluster.ts';
import { createScript } from './testkit/script.ts';
import { faultsOf } from './validators.ts';

const test = suite('consensus/scenarios');

const SIZES = [1, 4, 7];
const everyone = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const without = (n: number, ...out: readonly number[]): readonly number[] =>
  everyone(n).filter((i) => !out.includes(i));

function isFinalEverywhere(
  cluster: Cluster,
  transaction: Parameters<Cluster['nodes'][0]['hasIncluded']>[0],
): () => boolean {
  return () => cluster.alive().every((node) => node.hasIncluded(transaction));
}

for (const n of SIZES) {
  test(`R-3.1: ${n} validators: a transaction is final without any timeout`, () => {
    const cluster = createCluster({ validators: n, seed: 1 });
    cluster.run(50);
    const transaction = cluster.submit(everyone(n));
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 200));
    assert.ok(cluster.nodes.every((node) => node.head().number === 1n));
  });

  test(`R-3.1: ${n} validators without work make no blocks`, () => {
    const cluster = createCluster({ validators: n, seed: 2 });
    cluster.run(60_000);
    assert.is(cluster.height(), 0n);
  });

  for (const only of everyone(n)) {
    test(`R-5.2: ${n} validators: a transaction that only pool ${only} holds becomes final`, () => {
      const cluster = createCluster({ validators: n, seed: 3 });
      cluster.run(50);
      const transaction = cluster.submit([only]);
      // Others build empty blocks until it is this validator's turn.
      assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), n * 3_000));
    });
  }
}

for (const n of [4, 7]) {
  for (const down of everyone(n)) {
    test(`R-6.2: ${n} killed after the first Commit was sent, ${down} left down: the same block`, () => {
      let isKilled = false;
      const cluster: Cluster = createCluster({
        validators: n,
        seed: 4 + down,
        onBoundary: (_, boundary) => {
          if (isKilled || boundary.at !== 'after-send' || boundary.message.kind !== 'commit')
            return;
          isKilled = true;
          for (const i of everyone(n)) cluster.crash(i);
        },
      });
      cluster.run(50);
      const transaction = cluster.submit(everyone(n));
      cluster.run(1_000);
      assert.ok(isKilled);
      assert.is(cluster.alive().length, 0);
      for (const i of without(n, down)) cluster.restart(i);
      assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 3 * cluster.capMs));
      assert.ok(cluster.alive().every((node) => node.head().number === 1n));
    });
  }

  test(`R-3.11: ${n} idle validators, the next proposer dead: a transaction becomes final`, () => {
    const cluster = createCluster({ validators: n, seed: 20 });
    cluster.run(50);
    cluster.crash(0);
    const transaction = cluster.submit(without(n, 0));
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 1_200));
    assert.is(cluster.alive()[0]?.head().number, 1n);
  });

  test(`R-5.4: ${n}: one alone for twenty timeouts waits for the others, then they decide`, () => {
    const faults = faultsOf(n);
    const cluster = createCluster({ validators: n, seed: 21 });
    cluster.run(50);
    for (const i of without(n, 0)) cluster.crash(i);
    const transaction = cluster.submit([0]);
    cluster.run(20 * cluster.capMs);
    assert.ok((cluster.nodes[0]?.state().round ?? 9) <= 1, 'a lone validator does not run ahead');
    for (const i of everyone(n - faults)) cluster.restart(i);
    const withinMs = (faults + 2) * cluster.capMs;
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), withinMs));
  });

  test(`R-1.1: ${n}: with f down blocks go on, with f + 1 they stop, and go on again`, () => {
    const faults = faultsOf(n);
    const cluster = createCluster({ validators: n, seed: 22 });
    cluster.run(50);
    for (const i of everyone(faults)) cluster.crash(i);
    const first = cluster.submit(without(n, ...everyone(faults)));
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, first), 4 * cluster.capMs));
    cluster.crash(faults);
    const before = cluster.height();
    const second = cluster.submit(everyone(n));
    cluster.run(1_800_000);
    assert.is(cluster.height(), before, 'no block below a quorum');
    cluster.restart(faults);
    const withinMs = (faults + 2) * cluster.capMs;
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, second), withinMs));
  });

  test(`R-5.7: ${n}: halves apart for ten minutes decide within two timeouts after healing`, () => {
    const cluster = createCluster({ validators: n, seed: 23 });
    cluster.run(50);
    const half = Math.floor(n / 2);
    cluster.partition([everyone(half), everyone(n).slice(half)]);
    const transaction = cluster.submit(everyone(n));
    cluster.run(600_000);
    assert.is(cluster.height(), 0n);
    cluster.heal();
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 2 * cluster.capMs));
  });

  test(`R-5.7: ${n} stopped one by one and started one by one decide again`, () => {
    const cluster = createCluster({ validators: n, seed: 24 });
    for (const i of everyone(n)) {
      cluster.run(700);
      cluster.crash(i);
      cluster.submit(everyone(n));
    }
    for (const i of everyone(n)) {
      cluster.run(1_700);
      cluster.restart(i);
    }
    const transaction = cluster.submit(everyone(n));
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 2 * cluster.capMs));
  });

  test(`R-4.7: ${n}: a validator that lacks a body gets it from those who prepared it`, () => {
    const cluster = createCluster({
      validators: n,
      seed: 25,
      onBoundary: (node, boundary) => {
        // The proposer says its Prepare, then nothing more.
        const isLast = boundary.at === 'after-send' && boundary.message.kind === 'prepare';
        if (node === 0 && isLast) cluster.crash(0);
      },
    });
    cluster.run(50);
    const transaction = cluster.submit(without(n, n - 1));
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 4 * cluster.capMs));
  });
}

test('R-2.4: a proposer that signs two blocks is found out, and stops nobody for long', () => {
  const script = createScript(4, 0);
  const cluster: Cluster = createCluster({
    validators: 4,
    seed: 26,
    tamper: (from, to, message) => {
      if (from !== 0 || to < 2 || message.kind !== 'proposal' || message.signed.height !== 1n) {
        return undefined;
      }
      const header = { ...message.header, timestamp: message.header.timestamp + 1n };
      const body = { header, transactionHashes: message.transactionHashes };
      const second = script.proposal(0, message.signed.round, { body });
      return [encodeMessage(second), encodeMessage(message)];
    },
  });
  cluster.run(50);
  const transaction = cluster.submit(everyone(4));
  assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 3 * cluster.capMs));
  assert.ok(cluster.evidence.length > 0);
});

test('R-5.11: the third of four, when it comes, joins the round of the others at once', () => {
  const cluster = createCluster({ validators: 4, seed: 28 });
  cluster.run(50);
  cluster.crash(2);
  cluster.crash(3);
  const transaction = cluster.submit(everyone(4));
  cluster.run(30_500);
  assert.is(cluster.height(), 0n);
  cluster.restart(2);
  assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 100), 'no timeout is needed');
});

for (const n of [4, 7]) {
  test(`R-5.10: ${n}: invalid blocks of f faulty proposers cost no timeout`, () => {
    const script = createScript(n, 0);
    const faulty = everyone(faultsOf(n));
    const cluster: Cluster = createCluster({
      validators: n,
      seed: 27,
      tamper: (from, _, message) => {
        if (!faulty.includes(from) || message.kind !== 'proposal') return undefined;
        const { signed, transactionHashes, roundChanges, prepares } = message;
        if (script.validators.findIndex((each) => equalBytes(each, signed.author)) !== from) {
          return undefined;
        }
        // Well formed, justified and signed; only executing it shows that it is wrong.
        const header = { ...message.header, stateRoot: message.header.parentHash };
        const invalid = script.proposal(from, signed.round, {
          body: { header, transactionHashes },
          height: signed.height,
          roundChanges: roundChanges.map((each) => ({
            kind: 'round-change',
            signed: each,
            prepares: [],
          })),
          prepares,
        });
        return [encodeMessage(invalid)];
      },
    });
    cluster.run(50);
    for (let block = 0; block < 3 * n; block += 1) {
      const transaction = cluster.submit(everyone(n));
      const isFinal = (): boolean =>
        without(n, ...faulty).every((i) => cluster.nodes[i]?.hasIncluded(transaction));
      assert.ok(cluster.runUntil(isFinal, 500), `block ${block} within half a timeout`);
    }
  });
}

test('R-6.2: a single validator killed at every moment goes on alone', () => {
  for (let moment = 0; moment < 12; moment += 1) {
    let left = moment;
    const cluster: Cluster = createCluster({
      validators: 1,
      seed: moment,
      onBoundary: () => {
        left -= 1;
        if (left === 0) cluster.crash(0);
      },
    });
    cluster.run(10);
    cluster.submit([0]);
    cluster.run(100);
    cluster.restart(0);
    const transaction = cluster.submit([0]);
    assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 3_000), `moment ${moment}`);
  }
});

test('R-3.8: a clock that is ahead costs a delay, not a round', () => {
  const cluster = createCluster({ validators: 4, seed: 30, pace: { periodSeconds: 12 } });
  cluster.run(50);
  const transaction = cluster.submit(everyone(4));
  assert.ok(cluster.runUntil(isFinalEverywhere(cluster, transaction), 2 * cluster.capMs));
});

test.run();
