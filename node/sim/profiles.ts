/** Kinds of trouble that a seed can make: what is faulty from the start, and what happens before it heals. */
import type { Random } from '../../consensus/testkit/random.ts';
import { MISDEEDS, type Misdeed } from './byzantine.ts';
import { DIRECTED } from './directed-profiles.ts';
import { HONEST, type Profile, type Setup } from './profile.ts';
import {
  begin,
  dieAtMoments,
  halves,
  killForAWhile,
  load,
  restartAfter,
  sample,
  skewClocks,
  unsettle,
} from './trouble.ts';

/** Round 0 must do where nothing is wrong, however slow the disks. */
const calm: Profile = {
  name: 'calm',
  setup: () => HONEST,
  trouble: async (cluster) => {
    const { world, random, nodes, clients, checks, pace } = cluster;
    pace.diskMs = random.pick([1, 20, 60]);
    await begin(cluster);
    for (let i = 0; i < 6; i += 1) {
      clients.send([random.pick(nodes)]);
      await world.run(random.pick([5, 150, 600]));
    }
    await world.run(2_000);
    if (checks.laterRounds() > 0) {
      world.violate('calm needs no second round (7)', `${checks.laterRounds()} later rounds`);
    }
    await world.run(0);
  },
};

/** Everything at once, in acts. */
const chaos: Profile = {
  name: 'chaos',
  mayStayDead: true,
  setup: (random, { validators, faults }) =>
    random.chance(0.5) ? HONEST : someByzantine(random, validators, random.between(0, faults)),
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world } = cluster;
    skewClocks(cluster);
    dieAtMoments(cluster, random.pick([0, 0.001, 0.005, 0.02]));
    for (let act = random.between(2, 5); act > 0; act -= 1) {
      unsettle(cluster);
      if (random.chance(0.3)) cluster.partition(halves(cluster));
      if (random.chance(0.3)) cluster.heal();
      if (random.chance(0.2)) killForAWhile(cluster, random.pick(cluster.nodes).index);
      if (random.chance(0.08)) for (const { index } of cluster.nodes) killForAWhile(cluster, index);
      load(cluster);
      await world.run(random.between(100, 5_000));
    }
  },
};

/** Nodes die between any two effects, and come back. */
const crashes: Profile = {
  name: 'crashes',
  mayStayDead: true,
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    dieAtMoments(cluster, cluster.random.pick([0.01, 0.03, 0.08]));
    for (let act = 0; act < 5; act += 1) {
      load(cluster);
      await cluster.world.run(cluster.random.between(100, 2_000));
    }
  },
};

/** The power fails for all at one moment of one of them. */
const blackout: Profile = {
  name: 'blackout',
  mayStayDead: true,
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, nodes } = cluster;
    if (random.chance(0.5)) unsettle(cluster);
    for (let again = random.between(1, 3); again > 0; again -= 1) {
      let moments = random.between(1, 60);
      let isDark = false;
      cluster.onMoment = () => {
        moments -= 1;
        if (moments > 0 || isDark) return;
        isDark = true;
        for (const { index } of nodes) cluster.crash(index);
      };
      load(cluster);
      await world.runUntil(() => isDark, 6_000);
      cluster.onMoment = () => {};
      await world.run(random.between(1, 200));
      for (const { index } of nodes) {
        restartAfter(cluster, index, random.between(0, 1_500));
      }
      await world.run(random.between(500, 3_000));
    }
  },
};

const partitions: Profile = {
  name: 'partitions',
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world } = cluster;
    cluster.setFaults({ maxDelayMs: random.pick([5, 40, 300]) });
    for (let act = random.between(2, 4); act > 0; act -= 1) {
      load(cluster);
      await world.run(random.between(1, 60));
      cluster.partition(halves(cluster));
      load(cluster);
      await world.run(random.between(200, 8_000));
      cluster.heal();
      await world.run(random.pick([5, 200, 2_000]));
    }
  },
};

/** f validators with a few vices each, on a network that is bad for half of the seeds. */
const byzantine: Profile = {
  name: 'byzantine',
  setup: (random, { validators, faults }) => someByzantine(random, validators, faults),
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world } = cluster;
    for (let act = random.between(3, 5); act > 0; act -= 1) {
      if (random.chance(0.5)) unsettle(cluster);
      if (random.chance(0.2)) cluster.partition(halves(cluster));
      else cluster.heal();
      load(cluster);
      await world.run(random.between(100, 4_000));
    }
  },
};

/** One identity run twice, its halves in different company. */
const twins: Profile = {
  name: 'twins',
  setup: (random, { validators, faults }) => ({
    byzantine: new Map(),
    twins: sample(random, validators, faults),
  }),
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world } = cluster;
    for (let act = random.between(3, 5); act > 0; act -= 1) {
      cluster.setFaults({ maxDelayMs: random.pick([5, 100, 600]) });
      if (random.chance(0.6)) cluster.partition(halves(cluster));
      else cluster.heal();
      load(cluster);
      await world.run(random.between(50, 3_000));
    }
  },
};

/** Clocks apart, slow disks, slow machines. */
const slow: Profile = {
  name: 'slow',
  mayStayDead: true,
  setup: () => HONEST,
  trouble: async (cluster) => {
    await begin(cluster);
    const { random, world, pace } = cluster;
    skewClocks(cluster);
    pace.diskMs = random.pick([50, 300, 900]);
    pace.executeMs = random.pick([10, 200, 700]);
    cluster.setFaults({ maxDelayMs: random.pick([20, 200, 1_500]), duplicateRate: 0.2 });
    for (let act = 0; act < 4; act += 1) {
      load(cluster);
      if (random.chance(0.3)) killForAWhile(cluster, random.pick(cluster.nodes).index);
      await world.run(random.between(500, 5_000));
    }
  },
};

export const PROFILES: readonly Profile[] = [
  calm,
  chaos,
  crashes,
  blackout,
  partitions,
  byzantine,
  twins,
  slow,
  ...DIRECTED,
];

function someByzantine(random: Random, validators: number, count: number): Setup {
  const vices = (): readonly Misdeed[] =>
    random.chance(0.3)
      ? MISDEEDS.filter((misdeed) => misdeed !== 'silence')
      : Array.from({ length: random.between(1, 3) }, () => random.pick(MISDEEDS));
  return {
    byzantine: new Map(sample(random, validators, count).map((index) => [index, vices()])),
    twins: [],
  };
}
