/** What profiles make trouble with. */
import type { Random } from '../../consensus/testkit/random.ts';
import type { Cluster } from './cluster.ts';

/** The nodes find each other. */
export async function begin(cluster: Cluster): Promise<void> {
  cluster.setFaults({ minDelayMs: 1, maxDelayMs: 5 });
  await cluster.world.run(300);
}

/** A few transfers, each to some nodes. */
export function load(cluster: Cluster): void {
  const { random, nodes, clients } = cluster;
  for (let i = random.between(0, 3); i > 0; i -= 1) {
    clients.send(nodes.filter(() => random.chance(0.5)));
  }
  clients.sendAgain(nodes.filter(() => random.chance(0.5)));
}

export function sample(random: Random, from: number, count: number): readonly number[] {
  const rest = Array.from({ length: from }, (_, i) => i);
  return Array.from({ length: count }, () => {
    const chosen = random.pick(rest);
    rest.splice(rest.indexOf(chosen), 1);
    return chosen;
  }).sort((a, b) => a - b);
}

export function unsettle(cluster: Cluster): void {
  const { random } = cluster;
  cluster.setFaults({
    lossRate: random.pick([0, 0.05, 0.3]),
    duplicateRate: random.pick([0, 0.2]),
    maxDelayMs: random.pick([5, 50, 800]),
  });
}

/** Within what the bound on recovery leaves room for. */
export function skewClocks({ nodes, random }: Cluster): void {
  for (const node of nodes) node.skewMs = random.between(-700, 700);
}

export function halves({ nodes, random }: Cluster): readonly (readonly number[])[] {
  const left: number[] = [];
  const right: number[] = [];
  for (const { index } of nodes) (random.chance(0.5) ? left : right).push(index);
  return [left, right];
}

export function dieAtMoments(cluster: Cluster, probability: number): void {
  cluster.onMoment = (node, moment) => {
    if (!cluster.random.chance(probability)) return;
    cluster.tally[`crash ${moment}`] = (cluster.tally[`crash ${moment}`] ?? 0) + 1;
    killForAWhile(cluster, node);
  };
}

export function killForAWhile(cluster: Cluster, node: number): void {
  cluster.crash(node);
  restartAfter(cluster, node, cluster.random.between(10, 6_000));
}

/** Unless the trouble is over by then: it is decided then who stays down. */
export function restartAfter(cluster: Cluster, node: number, delayMs: number): void {
  cluster.world.after(delayMs, () => {
    if (!cluster.isSettling) cluster.restart(node);
  });
}
