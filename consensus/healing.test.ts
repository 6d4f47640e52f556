// time-limit: 180 s
/**
 * Partitions of many shapes, healed at once or piece by piece: blocks resume within two capped timeouts
 * when nobody is faulty, within f + 2 when f are dead. `node consensus/healing.test.ts SEED` plays one again.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cluster, createCluster } from './testkit/cluster.ts';
import { faultsOf } from './validators.ts';

const test = suite('consensus/healing');

const CAP_MS = 4_000;
/** To meet, to catch up and to decide, beside the timeouts. */
const SLACK_MS = 500;
const only = process.argv[2];
const SEEDS = only === undefined ? Array.from({ length: 12 }, (_, seed) => seed) : [Number(only)];

type Shape = readonly (readonly number[])[];
const SHAPES: Readonly<Record<number, readonly Shape[]>> = {
  4: [
    [
      [0, 1],
      [2, 3],
    ],
    [[0, 1, 2], [3]],
    [[0], [1], [2], [3]],
    [[0, 2], [1], [3]],
  ],
  7: [
    [
      [0, 1, 2, 3],
      [4, 5, 6],
    ],
    [
      [0, 1, 2, 3, 4],
      [5, 6],
    ],
    [[0, 3], [1, 4], [2, 5], [6]],
    [[0], [1], [2], [3], [4], [5], [6]],
  ],
};

/** The pieces become one, two at a time, with a while in between. */
function healPiecewise(cluster: Cluster, shape: Shape): void {
  let pieces = shape;
  while (pieces.length > 2) {
    const [first = [], second = [], ...rest] = pieces;
    pieces = [[...first, ...second], ...rest];
    cluster.partition(pieces);
    cluster.run(cluster.random.between(1, 3 * CAP_MS));
  }
  cluster.heal();
}

function play(shape: Shape, seed: number, how: 'at once' | 'piece by piece', dead: number): number {
  const n = shape.flat().length;
  const all = [...Array(n).keys()];
  const cluster = createCluster({ validators: n, seed, pace: { maxTimeoutMs: CAP_MS } });
  cluster.run(50);
  cluster.partition(shape);
  for (let i = 0; i < dead; i += 1) cluster.crash((seed + i) % n);
  cluster.submit(all);
  cluster.run(cluster.random.between(1, 20 * CAP_MS));
  if (how === 'at once') cluster.heal();
  else healPiecewise(cluster, shape);
  const start = cluster.nowMs();
  const transaction = cluster.submit(all);
  const isDone = (): boolean => cluster.alive().every((node) => node.hasIncluded(transaction));
  const allowedMs = (dead === 0 ? 2 : faultsOf(n) + 2) * CAP_MS + SLACK_MS;
  const isInTime = cluster.runUntil(isDone, allowedMs);
  const rounds = cluster.alive().map((node) => `${node.state().height}/${node.state().round}`);
  assert.ok(isInTime, `seed ${seed}, ${JSON.stringify(shape)}, ${how}: ${rounds}`);
  return cluster.nowMs() - start;
}

for (const n of [4, 7]) {
  for (const how of ['at once', 'piece by piece'] as const) {
    for (const dead of [0, faultsOf(n)]) {
      test(`R-5.4, R-5.7: ${n} validators apart, ${dead} dead, healed ${how}`, () => {
        const times = SEEDS.flatMap((seed) =>
          (SHAPES[n] ?? []).map((shape) => play(shape, seed, how, dead)),
        );
        assert.is(times.length, SEEDS.length * 4);
      });
    }
  }
}

test.run();
