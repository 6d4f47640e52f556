// time-limit: 300 s
/**
 * Random faults from seeds: agreement and no self-contradiction at every moment, progress after the
 * network heals. `node consensus/random-faults.test.ts SEED` plays one seed again, `FROM-TO` many.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cluster, createCluster } from './testkit/cluster.ts';
import { faultsOf, quorumOf } from './validators.ts';

const test = suite('consensus/random-faults');

const [FROM = 0, TO = FROM] = (process.argv[2] ?? '0-239').split('-').map(Number);

test('R-1.1, R-4.9, R-5.7, E-1: agreement always, progress within f + 2 capped timeouts of healing', () => {
  for (let seed = FROM; seed <= TO; seed += 1) {
    try {
      play(seed);
    } catch (error) {
      console.error(`seed ${seed}; again with: node consensus/random-faults.test.ts ${seed}`);
      throw error;
    }
  }
});

function play(seed: number): void {
  const validators = [4, 7, 4, 5, 4, 3, 4, 10][seed % 8] ?? 4;
  const faults = faultsOf(validators);
  let suicideChance = 0;
  const losses = createLosses(seed, validators);
  const cluster: Cluster = createCluster({
    validators,
    seed,
    pace: { maxTimeoutMs: 4_000 },
    onBoundary: (node) => {
      if (cluster.random.chance(suicideChance)) kill(cluster, node, losses);
    },
  });
  const { random, links } = cluster;
  cluster.run(random.between(0, 50));
  suicideChance = random.pick([0, 0.002, 0.01, 0.05]);
  for (let act = random.between(2, 6); act > 0; act -= 1) {
    links.loss = random.pick([0, 0.05, 0.3]);
    links.duplication = random.pick([0, 0.2]);
    links.maxDelayMs = random.pick([5, 50, 800]);
    if (random.chance(0.3)) cluster.partition(halves(cluster));
    if (random.chance(0.3)) cluster.heal();
    if (random.chance(0.3)) kill(cluster, random.between(0, validators - 1), losses);
    if (random.chance(0.1)) for (const i of cluster.nodes.keys()) kill(cluster, i, losses);
    if (random.chance(0.4)) suspect(cluster);
    for (let i = random.between(0, 3); i > 0; i -= 1) {
      cluster.submit(cluster.nodes.map((_, node) => node).filter(() => random.chance(0.6)));
    }
    cluster.run(random.between(100, 6_000));
  }

  // The network heals; at most f stay dead.
  suicideChance = 0;
  Object.assign(links, { loss: 0, duplication: 0, minDelayMs: 1, maxDelayMs: 5 });
  // The mute count among the faulty, and need everybody to come back.
  const down = losses.count > 0 ? 0 : random.between(0, faults);
  for (let i = 0; i < down; i += 1) cluster.crash(random.between(0, validators - 1));
  for (const i of cluster.nodes.keys()) {
    const isToStay = !cluster.nodes[i]?.isAlive() && validators - cluster.alive().length <= faults;
    if (!isToStay || down === 0) cluster.restart(i);
  }
  cluster.heal();
  const allowed = losses.count === 0 && cluster.alive().length === validators ? 2 : faults + 2;
  const transaction = cluster.submit([...cluster.nodes.keys()]);
  const isDone = (): boolean => cluster.alive().every((node) => node.hasIncluded(transaction));
  // Beside the timeouts: what it takes to meet, catch up and decide.
  const withinMs = allowed * cluster.capMs + 1_000;
  assert.ok(cluster.runUntil(isDone, withinMs), `no progress: ${describe(cluster)}`);
  assert.equal(cluster.evidence, [], 'no correct validator is ever accused');
}

type Losses = {
  readonly rate: number;
  readonly what: 'log' | 'all';
  readonly limit: number;
  count: number;
};

/**
 * Any number of logs may be lost while blocks are kept. Blocks as well may be lost by fewer than a
 * quorum: a block that all who committed to it have lost is gone.
 */
function createLosses(seed: number, validators: number): Losses {
  const rate = [0, 0.2, 0.6][seed % 3] ?? 0;
  const isAll = seed % 2 === 1;
  return {
    rate,
    what: isAll ? 'all' : 'log',
    limit: isAll ? quorumOf(validators) - 1 : Number.POSITIVE_INFINITY,
    count: 0,
  };
}

/** Some believe some others to be away, rightly or not. */
function suspect({ random, nodes }: Cluster): void {
  for (const node of nodes) {
    for (const other of nodes) {
      if (node !== other && random.chance(0.5)) node.peerLeft(other.address);
    }
  }
}

/** Down for a while, perhaps without its log or its whole disk when it comes back. */
function kill(cluster: Cluster, node: number, losses: Losses): void {
  cluster.crash(node);
  if (losses.count < losses.limit && cluster.random.chance(losses.rate)) {
    losses.count += 1;
    cluster.wipe(node, losses.what);
  }
  cluster.after(cluster.random.between(10, 9_000), () => cluster.restart(node));
}

function halves(cluster: Cluster): readonly (readonly number[])[] {
  const left: number[] = [];
  const right: number[] = [];
  for (const i of cluster.nodes.keys()) (cluster.random.chance(0.5) ? left : right).push(i);
  return [left, right];
}

function describe(cluster: Cluster): string {
  return cluster.nodes
    .map((node, i) => {
      if (!node.isAlive()) return `${i}: down`;
      const { height, round, phase } = node.state();
      return `${i}: ${height}/${round} ${phase.kind}`;
    })
    .join(', ');
}

test.run();
