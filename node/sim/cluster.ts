/** N whole nodes on one simulated network, some of them Byzantine, all from one seed. */
import { createRandom, type Random } from '../../consensus/testkit/random.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { createMemoryHub, type Faults } from '../../p2p/index.ts';
import type { Clock, TimerHandle } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { type Byzantine, createByzantine, type Misdeed } from './byzantine.ts';
import { type Checks, createChecks } from './checks.ts';
import { type Clients, createClients } from './clients.ts';
import { type SimChain, type SimIdentity, shortHash } from './sim-chain.ts';
import { createSimNode, type Moment, type SimNode } from './sim-node.ts';
import { createWire, type Filter } from './wire.ts';
import type { World } from './world.ts';

export type ClusterOptions = {
  readonly chain: SimChain;
  /** What each Byzantine validator does. */
  readonly byzantine: ReadonlyMap<number, readonly Misdeed[]>;
  /** Validators that run twice, each half with a disk of its own; Byzantine by that alone. */
  readonly twins: readonly number[];
};

/** Something happened that makes the run harder; counted by name. */
export type Tally = Record<string, number>;

export type Cluster = {
  readonly world: World;
  readonly random: Random;
  readonly chain: SimChain;
  /** Validators in the order of the set, then second halves of twins. */
  readonly nodes: readonly SimNode[];
  readonly checks: Checks;
  readonly clients: Clients;
  readonly faulty: ReadonlySet<number>;
  readonly tally: Tally;
  /** Longest time of a synced write and of an execution. */
  readonly pace: { diskMs: number; executeMs: number };
  /** Called where a crash makes a difference; may crash. */
  onMoment: (node: number, moment: Moment) => void;
  filter: Filter | undefined;
  /** False: transactions stay where clients sent them. */
  gossips: boolean;
  /** The trouble is over: nothing breaks any more. */
  isSettling: boolean;
  /** Those that keep the rules, dead or alive. */
  correct(): readonly SimNode[];
  setFaults(faults: Partial<Faults>): void;
  /** By index; who is in no group is alone. */
  partition(groups: readonly (readonly number[])[]): void;
  heal(): void;
  crash(node: number): void;
  restart(node: number): void;
  /** Of a node that is down. */
  loseLog(node: number, how: 'missing' | 'damaged'): void;
};

export function createCluster(world: World, options: ClusterOptions): Cluster {
  const { chain, twins } = options;
  const { random } = world;
  const tally: Tally = {};
  const count = (name: string, by = 1): void => {
    tally[name] = (tally[name] ?? 0) + by;
  };
  const identities: readonly SimIdentity[] = [
    ...chain.identities,
    ...twins.map((index) => chain.twinOf(index)),
  ];
  const validators = chain.identities.map(({ signer }) => signer.address);
  const faulty = new Set([...options.byzantine.keys(), ...twins]);
  const checks = createChecks(world, { validators, faulty });
  const pace = { diskMs: 2, executeMs: 2 };
  const hub = createMemoryHub({
    clock: worldClock(world),
    random: createRandom(random.between(0, 2 ** 31)).next,
    onFault: (kind) => count(kind),
    peerIdOf: (nodeKey) =>
      identities.find((each) => Buffer.compare(each.nodeKey, nodeKey) === 0)?.peerId ?? '',
  });

  /** The validator that a node is a half of. */
  const validatorOf = (node: number): number =>
    node < validators.length ? node : (twins[node - validators.length] as number);
  const byzantine = new Map<number, Byzantine>();
  for (const [index, misdeeds] of options.byzantine) {
    const tools = {
      self: identities[index] as SimIdentity,
      validators,
      genesisHash: chain.genesis.hash,
      random,
      overheard: () => wire.overheard(),
      onMisdeed: (name: Misdeed) => count(name),
    };
    byzantine.set(index, createByzantine(misdeeds, tools));
  }

  const wire = createWire({
    validators,
    byzantine,
    filter: () => cluster.filter,
    onMessage: (from, message, own) => {
      count('messages');
      if (own && !faulty.has(from)) checks.onSigned(from, message);
    },
    onFiltered: () => count('filtered'),
    note: world.note,
  });

  const onFatal = (node: number, error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error);
    world.note(`node ${node} cannot go on: ${text}`);
    if (faulty.has(validatorOf(node))) {
      count('faulty node stopped');
      nodes[node]?.crash();
      return;
    }
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    world.violate('a correct node goes on (4)', `node ${node}: ${text}\n${stack}`);
  };

  const bootPeers = identities.map(({ peerId }) => `/memory/${peerId}`);
  const nodes: readonly SimNode[] = identities.map((identity, index) => {
    const node: SimNode = createSimNode(
      { index, identity, chain, bootPeers, pace, isTwin: twins.includes(validatorOf(index)) },
      {
        world,
        hub,
        onMoment: (moment) => cluster.onMoment(index, moment),
        gossips: () => cluster.gossips,
        byzantine: byzantine.get(index),
        onSend: (network, to, message) =>
          wire.send(index, validatorOf(index), network, to, message),
        onHead: () => {
          const store = node.running()?.store;
          if (store === undefined) return;
          const { header, hash } = store.head();
          world.note(`node ${index}: head ${header.number} ${shortHash(hash)}`);
          if (!faulty.has(validatorOf(index))) checks.onHead(index, store);
        },
        onFatal: (error) => onFatal(index, error),
        logger: worldLogger(world, index),
      },
    );
    return node;
  });

  const nodeAt = (index: number): SimNode => {
    const node = nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  };

  const cluster: Cluster = {
    world,
    random,
    chain,
    nodes,
    checks,
    clients: createClients(chain, checks, random),
    faulty,
    tally,
    pace,
    onMoment: () => {},
    filter: undefined,
    gossips: true,
    isSettling: false,
    correct: () => nodes.filter(({ index }) => !faulty.has(validatorOf(index))),
    setFaults: (faults) => {
      world.note(`faults ${JSON.stringify(faults)}`);
      hub.setFaults(faults);
    },
    partition: (groups) => {
      world.note(`partition ${JSON.stringify(groups)}`);
      count('partitions');
      hub.partition(groups.map((group) => group.map((index) => nodeAt(index).identity.peerId)));
    },
    heal: () => {
      world.note('heal');
      hub.heal();
    },
    crash: (index) => {
      if (!nodeAt(index).isAlive()) return;
      world.note(`node ${index} crashes`);
      count('crashes');
      nodeAt(index).crash();
    },
    loseLog: (index, how) => {
      const { disk } = nodeAt(index);
      world.note(`node ${index} finds its log ${how}`);
      count(`log ${how}`);
      checks.onLoss(index);
      disk.log = how === 'missing' ? undefined : damaged(disk.log, random);
    },
    restart: (index) => {
      if (nodeAt(index).isAlive()) return;
      world.note(`node ${index} restarts`);
      count('restarts');
      nodeAt(index).start();
    },
  };
  for (const node of nodes) node.start();
  return cluster;
}

function damaged(log: Uint8Array | undefined, random: Random): Uint8Array | undefined {
  const bytes = log?.slice();
  // The last bytes may be those of a record that no life has seen as written.
  const at = random.between(0, Math.max(0, (bytes?.length ?? 1) - 200));
  if (bytes !== undefined) bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  return bytes;
}

function worldClock(world: World): Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'> & Clock {
  return {
    now: world.nowMs,
    setTimeout: (callback, afterMs) => world.after(afterMs, callback) as unknown as TimerHandle,
    clearTimeout: (handle) => (handle as unknown as () => void)(),
    breathe: async () => {},
  };
}

/** What operators would see goes into the trace. */
function worldLogger(world: World, node: number): Logger {
  const at =
    (level: string) =>
    (message: string, data?: object): void =>
      world.note(`node ${node} ${level}: ${message} ${plain(data)}`);
  const logger: Logger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: () => {},
    trace: () => {},
    child: () => logger,
  };
  return logger;
}

function plain(data: object | undefined): string {
  if (data === undefined) return '';
  return JSON.stringify(data, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Uint8Array) return bytesToHex(value);
    return value instanceof Error ? value.message : value;
  });
}
