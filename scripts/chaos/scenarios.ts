/** The scenarios in the order of a full run; `npm run chaos -- --list` prints them. */
import type { Scenario, Stage } from './scenario.ts';
import { wipedScenario } from './wiped.ts';

/** Longer than the capped timeout of a round. */
const LONG_MS = 13_000;

const killOne: Scenario = {
  name: 'kill-one',
  title: 'kill -9 of one validator, started again after 6 s',
  restarts: true,
  seconds: 8,
  run: async (stage) => {
    const victim = victimOf(stage);
    await victim.kill();
    await stage.expectBlocks(6_000, others(stage));
    await victim.start();
  },
};

const killAll: Scenario = {
  name: 'kill-all',
  title: 'kill -9 of all validators at once, all started again',
  restarts: true,
  seconds: 6,
  run: async ({ network: { validators } }) => {
    await Promise.all(validators.map((validator) => validator.kill()));
    await Promise.all(validators.map((validator) => validator.start()));
  },
};

const pauseShort: Scenario = {
  name: 'pause-short',
  title: 'SIGSTOP of one validator for 3 s',
  restarts: false,
  seconds: 3,
  run: (stage) => paused(stage, 3_000),
};

const pauseLong: Scenario = {
  name: 'pause-long',
  title: 'SIGSTOP of one validator for longer than the longest timeout',
  restarts: false,
  seconds: 13,
  run: (stage) => paused(stage, LONG_MS),
};

const partitionHalves: Scenario = {
  name: 'partition-2-2',
  title: 'two against two: nobody has a quorum for 13 s',
  restarts: false,
  seconds: 13,
  run: async (stage) => {
    const [first, ...rest] = shuffled(stage);
    const pair = [first as number, rest.pop() as number];
    await stage.network.partition([pair, rest]);
    // One block may have had its votes under way.
    await stage.expectStandstill(LONG_MS, 1);
    await stage.network.heal();
  },
};

const partitionOne: Scenario = {
  name: 'partition-3-1',
  title: 'one validator alone for 13 s, with transactions sent to it',
  restarts: false,
  seconds: 13,
  run: async (stage) => {
    await stage.network.partition([others(stage), [stage.victim]]);
    await stage.expectBlocks(LONG_MS, others(stage));
    await stage.network.heal();
  },
};

const latency: Scenario = {
  name: 'latency',
  title: '200 ms of latency, 100 ms more or less, on every link for 15 s',
  restarts: false,
  seconds: 15,
  run: async (stage) => {
    await stage.network.setLinks({ kind: 'delay', delayMs: 200, jitterMs: 100 });
    await stage.expectBlocks(15_000, all(stage));
    await stage.network.heal();
  },
};

const throttle: Scenario = {
  name: 'throttle',
  title: '64 KiB a second on every link for 8 s',
  restarts: false,
  seconds: 8,
  run: async (stage) => {
    await stage.network.setLinks({ kind: 'throttle', bytesPerSecond: 64 * 1024 });
    await stage.expectBlocks(8_000, all(stage));
    await stage.network.heal();
  },
};

const stallShort: Scenario = {
  name: 'stall-short',
  title: 'every link silent for 4 s and then going on where it was',
  restarts: false,
  seconds: 4,
  run: async (stage) => {
    await stage.network.setLinks({ kind: 'stall' });
    await stage.expectStandstill(4_000, 1);
    await stage.network.heal();
  },
};

const stallLong: Scenario = {
  name: 'stall-long',
  title: 'every link silent for longer than anyone waits for an answer',
  restarts: false,
  seconds: 13,
  run: async (stage) => {
    await stage.network.setLinks({ kind: 'stall' });
    await stage.expectStandstill(LONG_MS, 1);
    await stage.network.heal();
  },
};

const cutLinks: Scenario = {
  name: 'cut',
  title: 'every connection reset four times in 8 s, no new one for a second each time',
  restarts: false,
  seconds: 8,
  run: async ({ network, wait }) => {
    for (let times = 0; times < 4; times += 1) {
      await network.setLinks({ kind: 'cut' });
      await wait(1_000);
      await network.heal();
      if (times < 3) await wait(1_000);
    }
  },
};

/** Nobody knows any more what it signed: they resume when all have met and told each other. */
const logsLost: Scenario = {
  name: 'logs-lost',
  title: 'kill -9 of all validators, and every consensus log is lost while the blocks are kept',
  restarts: true,
  seconds: 6,
  run: async ({ network: { validators } }) => {
    await Promise.all(validators.map((validator) => validator.kill()));
    await Promise.all(validators.map((validator) => validator.wipe('log')));
    await Promise.all(validators.map((validator) => validator.start()));
  },
};

const killUnderLatency: Scenario = {
  name: 'kill-and-latency',
  title: 'kill -9 of one validator while the others have 100 ms of latency and 50 ms of jitter',
  restarts: true,
  seconds: 12,
  run: async (stage) => {
    await stage.network.setLinks({ kind: 'delay', delayMs: 100, jitterMs: 50 });
    const victim = victimOf(stage);
    await victim.kill();
    await stage.expectBlocks(10_000, others(stage));
    await stage.network.heal();
    await victim.start();
  },
};

const pauseInPartition: Scenario = {
  name: 'pause-and-partition',
  title: 'one validator alone, stopped meanwhile, killed and started before the partition ends',
  restarts: true,
  seconds: 14,
  run: async (stage) => {
    const victim = victimOf(stage);
    await stage.network.partition([others(stage), [stage.victim]]);
    await stage.expectBlocks(3_000, others(stage));
    victim.pause();
    await stage.expectBlocks(5_000, others(stage));
    await victim.kill();
    await victim.start();
    await stage.wait(3_000);
    await stage.network.heal();
  },
};

export const SCENARIOS: readonly Scenario[] = [
  killOne,
  killAll,
  pauseShort,
  pauseLong,
  partitionHalves,
  partitionOne,
  latency,
  throttle,
  stallShort,
  stallLong,
  cutLinks,
  wipedScenario,
  killUnderLatency,
  pauseInPartition,
  logsLost,
];

async function paused(stage: Stage, durationMs: number): Promise<void> {
  const victim = victimOf(stage);
  victim.pause();
  await stage.expectBlocks(durationMs, others(stage));
  victim.resume();
}

function all({ network }: Stage): readonly number[] {
  return network.validators.map(({ index }) => index);
}

function others(stage: Stage): readonly number[] {
  return all(stage).filter((index) => index !== stage.victim);
}

function victimOf({ network, victim }: Stage): Stage['network']['validators'][number] {
  return network.validators[victim] as Stage['network']['validators'][number];
}

function shuffled(stage: Stage): number[] {
  const order = all(stage).map((index) => ({ index, rank: stage.random() }));
  return order.sort((a, b) => a.rank - b.rank).map(({ index }) => index);
}
