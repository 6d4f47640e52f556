/**
 * N validators on a simulated network and clock, all from one seed: loss, delay, reordering,
 * duplication, partition, crash and restart. The invariants are watched all the time.
 */
import {
  type Address,
  asHash,
  equalBytes,
  type Hash,
  headerHash,
} from '../../ledger/model/index.ts';
import { decodeMessage } from '../codec.ts';
import type { ConsensusConfig } from '../input.ts';
import type { PeerMessage, QbftMessage } from '../messages.ts';
import type { Statement } from '../statement.ts';
import { createEventQueue } from './event-queue.ts';
import { createRandom, type Random } from './random.ts';
import { type Boundary, SimNode, type SimNodeOptions } from './sim-node.ts';
import {
  genesisHeader,
  type Identity,
  identities,
  START_MS,
  TOY_PACE,
  type ToyBody,
} from './toy-chain.ts';
import { createWatch, type Watch } from './watch.ts';

export type ClusterOptions = {
  readonly validators: number;
  readonly seed: number;
  readonly config?: Partial<Omit<ConsensusConfig, 'self' | 'life' | 'genesisHash'>>;
  readonly pace?: Partial<SimNodeOptions['pace']>;
  /** Minimum gap between blocks. */
  readonly gapMs?: number;
  /** Whether the others see at once that a node has crashed, as a broken connection shows. */
  readonly noticesCrash?: boolean;
  /** Called at each moment between which a crash makes a difference. */
  readonly onBoundary?: (node: number, boundary: Boundary) => void;
  /** What the network delivers in place of a message; undefined leaves it alone. */
  readonly tamper?: (
    from: number,
    to: number,
    message: PeerMessage,
  ) => readonly Uint8Array[] | undefined;
};

export type Links = {
  /** Probabilities of one message. */
  loss: number;
  duplication: number;
  minDelayMs: number;
  maxDelayMs: number;
};

export type Cluster = {
  readonly random: Random;
  readonly nodes: readonly SimNode[];
  readonly identities: readonly Identity[];
  readonly watch: Watch;
  readonly genesisHash: Hash;
  /** Changed at will while running. */
  readonly links: Links;
  readonly evidence: (readonly [Statement, Statement])[];
  /** What each node has signed and logged, over all its lives. */
  readonly signed: readonly (readonly QbftMessage[])[];
  /** Finite timeout of the longest round. */
  readonly capMs: number;
  nowMs(): number;
  /** Virtual milliseconds. */
  run(forMs: number): void;
  /** Whether `done` came true within that time. */
  runUntil(done: () => boolean, withinMs: number): boolean;
  after(delayMs: number, action: () => void): void;
  crash(node: number): void;
  /** Crashes, and loses its log on disk; with `all` its blocks as well. */
  wipe(node: number, what: 'log' | 'blocks' | 'all'): void;
  restart(node: number): void;
  /** Nodes of different groups do not hear each other; a node in no group is alone. */
  partition(groups: readonly (readonly number[])[]): void;
  heal(): void;
  /** A fresh transaction, into these pools only. */
  submit(to: readonly number[]): Hash;
  alive(): readonly SimNode[];
  /** The lowest height among the living. */
  height(): bigint;
};

const STATUS_EVERY_MS = 250;

export function createCluster(options: ClusterOptions): Cluster {
  const random = createRandom(options.seed);
  const queue = createEventQueue(START_MS);
  const watch = createWatch();
  const keys = identities(options.validators);
  const validators = keys.map((key) => key.address);
  const genesis = genesisHeader(validators);
  const genesisHash = headerHash(genesis, 'qbft');
  const links: Links = { loss: 0, duplication: 0, minDelayMs: 1, maxDelayMs: 5 };
  const evidence: (readonly [Statement, Statement])[] = [];
  const signed: QbftMessage[][] = keys.map(() => []);
  const config = {
    genesisHash,
    timestamps: 'ehb',
    ...options.config,
  } as const;
  const pace = { ...TOY_PACE, ...options.pace };
  let groups: readonly (readonly number[])[] | undefined;
  let transactions = 0;

  const isLinked = (a: number, b: number): boolean =>
    groups === undefined || groups.some((group) => group.includes(a) && group.includes(b));
  const indexOf = (address: Address): number =>
    validators.findIndex((validator) => equalBytes(validator, address));
  const nodeAt = (index: number): SimNode => {
    const node = nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  };

  /** One message over one link, with its luck. */
  const deliver = (from: number, to: number, action: (node: SimNode) => void): void => {
    const copies = random.chance(links.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (!isLinked(from, to) || random.chance(links.loss)) continue;
      queue.after(random.between(links.minDelayMs, links.maxDelayMs), () => {
        if (isLinked(from, to) && nodeAt(to).isAlive()) action(nodeAt(to));
      });
    }
  };

  const sendMessage = (from: number, to: number, bytes: Uint8Array): void => {
    const decoded = options.tamper === undefined ? undefined : decodeMessage(bytes);
    const instead = decoded?.ok === true && options.tamper?.(from, to, decoded.message);
    for (const each of instead || [bytes]) deliver(from, to, (node) => node.receive(each));
  };

  const others = (index: number): readonly number[] =>
    validators.map((_, i) => i).filter((i) => i !== index);

  const nodes: readonly SimNode[] = keys.map(
    (identity, index) =>
      new SimNode(
        {
          identity,
          validators,
          genesis,
          config,
          pace,
          gapMs: options.gapMs ?? 0,
          diskMs: 2,
          executeMs: 3,
        },
        {
          random,
          nowMs: queue.nowMs,
          after: queue.after,
          send: (to, bytes) => {
            const targets = to === 'all' ? others(index) : [indexOf(to)];
            for (const target of targets) sendMessage(index, target, bytes);
          },
          fetch: (from, digest, reply) => {
            const peer = indexOf(from);
            deliver(index, peer, (node) => {
              const body = node.body(digest);
              if (body !== undefined) deliver(peer, index, () => reply(body));
            });
          },
          onBoundary: (boundary) => {
            if (boundary.at === 'after-log') {
              watch.onSigned(index, boundary.message);
              signed[index]?.push(boundary.message);
            }
            if (boundary.at === 'after-store') watch.onFinal(index, boundary.header);
            options.onBoundary?.(index, boundary);
          },
          onEvidence: (first, second) => evidence.push([first, second]),
        },
      ),
  );

  /** Heads are announced now and then; whoever is behind is sent what it lacks. */
  const announce = (index: number): void => {
    const node = nodeAt(index);
    for (const peer of node.isAlive() ? others(index) : []) {
      deliver(index, peer, (behind) => {
        const missing: readonly ToyBody[] = node.chain.slice(behind.chain.length);
        if (missing.length === 0) return;
        deliver(index, peer, (asking) => {
          asking.catchUp(missing);
          watch.onFinal(peer, asking.head());
        });
      });
    }
    queue.after(STATUS_EVERY_MS, () => announce(index));
  };

  /** Two nodes see each other (again). */
  const meet = (a: number, b: number): void => {
    queue.after(random.between(1, 20), () => {
      if (!isLinked(a, b) || !nodeAt(a).isAlive() || !nodeAt(b).isAlive()) return;
      nodeAt(a).peerJoined(nodeAt(b).address);
      nodeAt(b).peerJoined(nodeAt(a).address);
    });
  };

  const start = (index: number): void => {
    nodeAt(index).start();
    for (const peer of others(index)) meet(index, peer);
  };

  const setGroups = (next: typeof groups): void => {
    const before = groups;
    groups = next;
    for (const a of validators.keys()) {
      for (const b of others(a)) {
        const wasLinked =
          before === undefined || before.some((g) => g.includes(a) && g.includes(b));
        if (a < b && !wasLinked && isLinked(a, b)) meet(a, b);
      }
    }
  };

  for (const index of validators.keys()) {
    start(index);
    queue.after(index, () => announce(index));
  }

  return {
    random,
    nodes,
    identities: keys,
    watch,
    genesisHash,
    links,
    evidence,
    signed,
    capMs: pace.maxTimeoutMs,
    nowMs: queue.nowMs,
    run: (forMs) => queue.run(queue.nowMs() + forMs),
    runUntil: (done, withinMs) => {
      queue.run(queue.nowMs() + withinMs, done);
      return done();
    },
    after: queue.after,
    crash: (node) => {
      nodeAt(node).crash();
      if (options.noticesCrash !== true) return;
      for (const peer of others(node)) nodeAt(peer).peerLeft(nodeAt(node).address);
    },
    wipe: (node, what) => {
      nodeAt(node).wipe(what);
      watch.onLoss(node);
    },
    restart: (node) => {
      if (!nodeAt(node).isAlive()) start(node);
    },
    partition: (next) => setGroups(next),
    heal: () => setGroups(undefined),
    submit: (to) => {
      transactions += 1;
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(28, transactions);
      const transaction = asHash(bytes);
      for (const node of to) nodeAt(node).submit(transaction);
      return transaction;
    },
    alive: () => nodes.filter((node) => node.isAlive()),
    height: () =>
      nodes
        .filter((node) => node.isAlive())
        .map((node) => node.head().number)
        .sort((a, b) => Number(a - b))[0] ?? 0n,
  };
}
