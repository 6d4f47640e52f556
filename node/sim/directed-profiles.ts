/** Trouble with a plan: the schedules in which one missing rule of the protocol shows. */
import type { QbftMessage } from '../../consensus/index.ts';
import type { Random } from '../../consensus/testkit/random.ts';
import type { Misdeed } from './byzantine.ts';
import type { Cluster } from './cluster.ts';
import { HONEST, type Profile } from './profile.ts';
import {
  begin,
  dieAtMoments,
  killForAWhile,
  load,
  restartAfter,
  sample,
  unsettle,
} from './trouble.ts';

const KINDS: readonly QbftMessage['kind'][] = ['proposal', 'prepare', 'commit', 'round-change'];

/** The links hold and messages of some kinds are lost: only sending again helps. */
const selective: Profile = {
  name: 'selective',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, nodes } = cluster;
    for (let act = random.between(1, 3); act > 0; act -= 1) {
      const lost = random.chance(0.4) ? KINDS : KINDS.filter(() => random.chance(0.4));
      const deaf = random.chance(0.5) ? nodes : nodes.filter(() => random.chance(0.6));
      const isDeaf = new Set(deaf.map(({ index }) => index));
      cluster.filter = (_, to, { kind }) => !(lost.includes(kind) && isDeaf.has(to));
      world.note(`node ${[...isDeaf].join(', ')} cannot hear ${lost.join(', ')}`);
      clientsEverywhere(cluster);
      await world.run(random.pick([400, 1_500, 6_000, 15_000]));
      cluster.filter = undefined;
      await world.run(random.pick([0, 0, 300]));
    }
  },
};

/** No proposal comes through for long: rounds climb, and their timeouts must not. */
const unproposed: Profile = {
  name: 'unproposed',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    cluster.filter = (_, __, { kind }) => kind !== 'proposal';
    clientsEverywhere(cluster);
    await cluster.world.run(cluster.random.between(30_000, 60_000));
  },
};

/** Transactions stay where they were sent: whoever has work wakes the others. */
const hermits: Profile = {
  name: 'hermits',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { world, random, nodes, clients, chain } = cluster;
    cluster.gossips = false;
    const capMs = chain.genesis.qbft.maxRequestTimeoutMs;
    for (let i = 0; i < 4; i += 1) {
      clients.send([random.pick(nodes)]);
      if (!(await world.runUntil(() => clients.waiting() === 0, 2 * capMs))) {
        world.violate('blocks resume (7)', 'a transaction that one node has is not included');
      }
      await world.run(random.between(0, 3_000));
    }
  },
};

/** What execution refuses ends its round at once. */
const rotten: Profile = {
  name: 'rotten',
  setup: neighbours(['wrong-root']),
  trouble: async (cluster) => {
    await begin(cluster);
    const { world, clients, chain } = cluster;
    for (let i = 0; i < 6; i += 1) {
      clients.send(cluster.correct());
      const withinMs = chain.genesis.qbft.requestTimeoutMs - 100;
      if (!(await world.runUntil(() => clients.waiting() === 0, withinMs))) {
        world.violate('blocks resume (7)', 'an invalid block holds up its round');
      }
      await world.run(50);
    }
  },
};

/** One validator makes a block final and is cut off; the next proposers would have another block. */
const overtaken: Profile = {
  name: 'overtaken',
  setup: neighbours(['forged-justification']),
  trouble: async (cluster) => {
    await begin(cluster);
    const { world, random } = cluster;
    await trap(cluster, (height, proposer) => {
      const next = (proposer + 1) % cluster.chain.identities.length;
      return cluster.faulty.has(next) || height > 6n;
    });
    load(cluster);
    await world.run(random.between(1_500, 12_000));
  },
};

/** False certificates are there before true RoundChanges: they must not count. */
const forgery: Profile = {
  name: 'forgery',
  setup: neighbours(['early-forgery']),
  trouble: async (cluster) => {
    await begin(cluster);
    const { world, clients, chain, random } = cluster;
    const { maxRequestTimeoutMs } = chain.genesis.qbft;
    const withinMs = (cluster.faulty.size + 2) * maxRequestTimeoutMs;
    for (let i = 0; i < 6; i += 1) {
      clients.send(cluster.correct());
      if (!(await world.runUntil(() => clients.waiting() === 0, withinMs))) {
        world.violate('blocks resume (7)', `no block within ${withinMs} ms`);
      }
      await world.run(random.between(0, 100));
    }
  },
};

/** One validator makes a block final and dies; all others die as well and come back without it. */
const amnesia: Profile = {
  name: 'amnesia',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { world, random, nodes } = cluster;
    const height = BigInt(random.between(1, 4));
    const ahead = await trap(cluster, (at) => at >= height);
    for (const { index } of nodes) cluster.crash(index);
    cluster.filter = undefined;
    await world.run(100);
    // Company enough to leave round 0, and too little to prepare or commit in it again: half of the others
    // are heard with their Prepares, half with their Commits. Only the logged certificate is left.
    const isTorn = random.chance(0.6);
    const trapped = cluster.checks.height();
    cluster.filter = (from, to, { kind, signed }) => {
      if (!isTorn || signed.height > trapped || signed.round > 0) return true;
      if (kind !== 'prepare' && kind !== 'commit') return true;
      const others = nodes.filter(({ index }) => index !== ahead && index !== to);
      const place = others.findIndex(({ index }) => index === from);
      return kind === (place % 2 === 0 ? 'prepare' : 'commit');
    };
    for (const { index } of nodes) if (index !== ahead) cluster.restart(index);
    cluster.partition([nodes.map(({ index }) => index)]);
    await world.run(random.between(50, 1_000));
    // The pools are lost: what is proposed anew is another block.
    cluster.clients.send(nodes);
    const before = cluster.checks.height();
    const goesOn = (): boolean => cluster.checks.height() > before;
    const capMs = cluster.chain.genesis.qbft.maxRequestTimeoutMs;
    const faults = Math.floor((cluster.chain.identities.length - 1) / 3);
    if (!(await world.runUntil(goesOn, (faults + 2) * capMs + 4_500))) {
      world.violate('blocks resume (7)', 'a quorum that lost its memory does not go on');
    }
    await world.run(0);
  },
};

/** A proposer tells each start of a validator something else: what was signed before it must hold. */
const relapse: Profile = {
  name: 'relapse',
  setup: neighbours(['fickle-proposal']),
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, clients, nodes } = cluster;
    const isHonest = new Set(cluster.correct().map(({ index }) => index));
    cluster.filter = (_, __, { kind }) => kind !== 'commit' || random.chance(0.7);
    let patience = 0;
    cluster.onMoment = (node, moment) => {
      if (moment !== 'after-send' || !isHonest.has(node) || !random.chance(0.3)) return;
      if (patience > 12) return;
      patience += 1;
      cluster.crash(node);
      restartAfter(cluster, node, random.between(1, 100));
    };
    for (let act = 0; act < 5; act += 1) {
      patience = 0;
      clients.send(nodes);
      clients.sendAgain(nodes);
      await world.run(random.between(300, 2_500));
    }
  },
};

/** Blocks without seals are announced and served: nobody takes them. */
const impostor: Profile = {
  name: 'impostor',
  setup: neighbours(['unsealed-blocks']),
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, clients } = cluster;
    for (let act = 0; act < 4; act += 1) {
      unsettle(cluster);
      clients.send(cluster.nodes);
      await world.run(random.between(200, 2_000));
      if (random.chance(0.5)) cluster.filter = (_, __, { kind }) => kind !== 'commit';
      clients.send(cluster.nodes);
      await world.run(random.between(200, 1_500));
      cluster.filter = undefined;
    }
  },
};

/** Logs are lost, of one to all; the blocks are kept. Mute through h*, then released or past it (section 10). */
const lostLogs: Profile = {
  name: 'lost-logs',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, nodes, tally } = cluster;
    for (let again = random.between(1, 2); again > 0; again -= 1) {
      if (random.chance(0.5)) unsettle(cluster);
      load(cluster);
      await world.run(random.between(1, 2_500));
      const losers = sample(random, nodes.length, random.pick([1, 1, 2, nodes.length]));
      tally[`lost logs of ${losers.length}`] = (tally[`lost logs of ${losers.length}`] ?? 0) + 1;
      const dying = random.chance(0.3) ? nodes.map(({ index }) => index) : losers;
      for (const index of dying) cluster.crash(index);
      await world.run(random.between(0, 300));
      for (const index of losers) cluster.loseLog(index, random.pick(['missing', 'damaged']));
      for (const index of dying) restartAfter(cluster, index, random.between(0, 2_000));
      load(cluster);
      await world.run(random.between(500, 6_000));
      if (random.chance(0.3)) dieAtMoments(cluster, 0.005);
    }
  },
};

/** The set shrinks and grows by votes while transactions flow and nodes fall over. */
const votes: Profile = {
  name: 'votes',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, nodes, chain, checks } = cluster;
    checks.onVotes();
    const [out = 0] = sample(random, nodes.length, 1);
    const recipient = chain.identities[out]?.signer.address;
    if (recipient === undefined) return;
    for (const add of [false, true]) {
      for (const node of nodes) {
        if (node.index !== out && random.chance(0.9)) {
          void node.running()?.governance.propose({ recipient, add }, true);
        }
      }
      if (random.chance(0.3)) cluster.setFaults({ lossRate: 0.1, maxDelayMs: 100 });
      for (let act = 0; act < 4; act += 1) {
        load(cluster);
        if (random.chance(0.3)) killForAWhile(cluster, random.pick(nodes).index);
        await world.run(random.between(100, 1_500));
      }
      const sizes = nodes.map((node) => node.running()?.sets.next().validators.length ?? 0);
      const name = `sets of ${Math.max(...sizes)}`;
      cluster.tally[name] = (cluster.tally[name] ?? 0) + 1;
    }
  },
};

export const DIRECTED: readonly Profile[] = [
  selective,
  unproposed,
  hermits,
  rotten,
  overtaken,
  forgery,
  amnesia,
  relapse,
  impostor,
  lostLogs,
  votes,
];

/** f validators in a row, so that their turns as proposers follow each other. */
function neighbours(misdeeds: readonly Misdeed[]): Profile['setup'] {
  return (random: Random, { validators, faults }) => {
    const [first = 0] = sample(random, validators, 1);
    const row = Array.from({ length: faults }, (_, i) => (first + i) % validators);
    return { byzantine: new Map(row.map((index) => [index, misdeeds])), twins: [] };
  };
}

function clientsEverywhere({ clients, nodes, random }: Cluster): void {
  for (let i = random.between(1, 3); i > 0; i -= 1) clients.send(nodes);
}

/**
 * Lets one correct validator alone receive the Commits of round 0 of a height that `springs`, and cuts
 * it off once it has stored the block. Resolves with it.
 */
async function trap(
  cluster: Cluster,
  springs: (height: bigint, proposer: number) => boolean,
): Promise<number | undefined> {
  const { world, random, clients, nodes, checks } = cluster;
  const ahead = random.pick(cluster.correct()).index;
  const heads = (): bigint => nodes[ahead]?.running()?.store.head().header.number ?? 0n;
  let trapped: bigint | undefined;
  cluster.filter = (from, to, { kind, signed }) => {
    if (kind === 'proposal' && trapped === undefined && signed.round === 0) {
      if (springs(signed.height, from)) trapped = signed.height;
    }
    return signed.height !== trapped || kind !== 'commit' || signed.round > 0 || to === ahead;
  };
  for (let block = 0; block < 8 && trapped === undefined; block += 1) {
    clients.send(nodes);
    const height = checks.height();
    await world.runUntil(() => trapped !== undefined || checks.height() > height, 8_000);
  }
  await world.runUntil(() => trapped !== undefined && heads() >= trapped, 3_000);
  cluster.partition([nodes.map(({ index }) => index).filter((index) => index !== ahead)]);
  return ahead;
}
