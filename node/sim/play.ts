/** One simulated run: a profile makes trouble, the network heals, and everything is checked. */
import { createRandom } from '../../consensus/testkit/random.ts';
import { type Cluster, createCluster, type Tally } from './cluster.ts';
import type { Profile } from './profile.ts';
import { requireReplay } from './replay.ts';
import type { SimChain } from './sim-chain.ts';
import { createWorld, type Rule, Violation } from './world.ts';

export type Outcome = {
  readonly seed: number;
  readonly profile: string;
  readonly heights: number;
  readonly laterRounds: number;
  readonly transactions: number;
  readonly virtualMs: number;
  /** From healing to the first new block of all. */
  readonly recoveryMs: number;
  readonly tally: Tally;
  /** Equal for equal runs. */
  readonly digest: string;
  readonly violation: { readonly rule: Rule; readonly fact: string } | undefined;
};

/** What it takes to meet again, catch up and decide, beside the timeouts. */
const SLACK_MS = 4_500;
/** Every transaction that a client still holds is final after so many times the bound. */
const PATIENCE = 6;

/** `onNote` sees each event. */
export async function play(
  chain: SimChain,
  profile: Profile,
  seed: number,
  onNote?: (line: string) => void,
): Promise<Outcome> {
  const world = createWorld(seed, onNote);
  const startedMs = world.nowMs();
  const validators = chain.identities.length;
  const faults = Math.floor((validators - 1) / 3);
  const setup = profile.setup(createRandom(seed ^ 0x5eed), { validators, faults });
  const cluster = createCluster(world, { chain, ...setup });
  let violation: Outcome['violation'];
  let recoveryMs = 0;
  try {
    await profile.trouble(cluster);
    recoveryMs = await settle(cluster, profile, faults);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = { rule: error.rule, fact: error.message };
  }
  return {
    seed,
    profile: profile.name,
    heights: Number(cluster.checks.height()),
    laterRounds: cluster.checks.laterRounds(),
    transactions: cluster.clients.sent(),
    virtualMs: world.nowMs() - startedMs,
    recoveryMs,
    tally: cluster.tally,
    digest: world.digest(),
    violation,
  };
}

/** The network heals and all is checked; how long that took to the first new block. At most f validators stay dead or Byzantine. */
async function settle(cluster: Cluster, profile: Profile, faults: number): Promise<number> {
  const { world, random, checks, clients, chain } = cluster;
  world.note('the network heals');
  cluster.onMoment = () => {};
  cluster.filter = undefined;
  cluster.gossips = true;
  cluster.isSettling = true;
  Object.assign(cluster.pace, { diskMs: 2, executeMs: 2 });
  cluster.setFaults({ lossRate: 0, duplicateRate: 0, minDelayMs: 1, maxDelayMs: 5 });
  cluster.heal();
  const mayStayDead = profile.mayStayDead === true ? faults - cluster.faulty.size : 0;
  const dead = cluster.correct().filter((node) => !node.isAlive());
  const staying = new Set(dead.slice(0, random.between(0, Math.max(0, mayStayDead))));
  for (const node of cluster.nodes) if (!staying.has(node)) cluster.restart(node.index);
  const living = cluster.correct().filter((node) => !staying.has(node));
  const faulty = cluster.faulty.size + staying.size;
  const capMs = chain.genesis.qbft.maxRequestTimeoutMs;
  const isSound = faulty === 0 && !checks.hasLosses();
  const withinMs = (isSound ? 2 : faults + 2) * capMs + SLACK_MS;

  const before = checks.height();
  const healedMs = world.nowMs();
  await world.run(1);
  clients.send(living);
  clients.sendAgain(living);
  const resumed = (): boolean =>
    living.every((node) => (node.running()?.store.head().header.number ?? 0n) > before);
  if (!(await world.runUntil(resumed, withinMs))) {
    world.violate('blocks resume (7)', `no new block within ${withinMs} ms: ${describe(cluster)}`);
  }
  await world.run(0);
  const recoveryMs = world.nowMs() - healedMs;
  const included = (): boolean => {
    if (clients.waiting() > 0) return false;
    const heads = living.map((node) => node.running()?.store.head().header.number);
    return heads.every((head) => head === heads[0]);
  };
  for (let i = 0; i < PATIENCE && !(await world.runUntil(included, withinMs)); i += 1) {
    clients.sendAgain(living);
  }
  if (!included()) {
    world.violate(
      'blocks resume (7)',
      `${clients.waiting()} transactions wait: ${describe(cluster)}`,
    );
  }
  const stores = living.flatMap(({ index, running }) => {
    const store = running()?.store;
    return store === undefined ? [] : [{ index, store }];
  });
  // All of them before anything is awaited: the chain may go on, and nodes store a block one by one.
  for (const { index, store } of stores) checks.requireAll(index, store);
  for (const { index, store } of stores) {
    const convictions = await checks.requireTrueEvidence(index, store);
    cluster.tally['convictions'] = (cluster.tally['convictions'] ?? 0) + convictions;
  }
  await world.run(0);
  await requireReplay(cluster, random.pick(living));
  await world.run(0);
  return recoveryMs;
}

function describe(cluster: Cluster): string {
  return cluster.nodes
    .map((node) => {
      const running = node.running();
      if (running === undefined) return `${node.index}: down`;
      const { height, round } = running.consensus();
      return `${node.index}: ${height}/${round}`;
    })
    .join(', ');
}
