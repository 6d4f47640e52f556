/**
 * One whole node of a simulation: the production composition on a disk in memory, with a life that a
 * crash ends at once. Whatever a dead life still computes reaches neither disk, network nor clock.
 */

import { decodeMessage } from '../../consensus/index.ts';
import { type Address, equalBytes } from '../../ledger/model/index.ts';
import {
  createMemoryDisk,
  createMemoryLog,
  type Device,
  type DiskMoment,
  losePower,
  type MemoryDisk,
  openMemoryLog,
  openMemoryStore,
  renewMemoryLog,
} from '../../ledger/store/testkit/memory-disk.ts';
import {
  createMemoryNetwork,
  type MemoryHub,
  type Network,
  type NetworkHandlers,
} from '../../p2p/index.ts';
import type { Clock, TimerHandle } from '../clock.ts';
import { type ComposedNode, composeNode } from '../compose-node.ts';
import type { Logger } from '../logger.ts';
import { type SmallFile, smallFileInMemory } from '../small-file.ts';
import { openVoter } from '../voter.ts';
import type { Byzantine } from './byzantine.ts';
import type { SimChain, SimIdentity } from './sim-chain.ts';
import type { World } from './world.ts';

/** Where a crash makes a difference. */
export type Moment = DiskMoment | 'before-send' | 'after-send';

export type SimNodeOptions = {
  readonly index: number;
  readonly identity: SimIdentity;
  readonly chain: SimChain;
  readonly bootPeers: readonly string[];
  /** Deaf to its own identity, or it would fall silent as soon as it heard its other half. */
  readonly isTwin: boolean;
  /** Longest times of a synced write and of a transaction's execution; changed at will. */
  readonly pace: { diskMs: number; executeMs: number };
};

export type SimNodePorts = {
  readonly world: World;
  readonly hub: MemoryHub;
  /** May crash the node. */
  readonly onMoment: (moment: Moment) => void;
  /** What the network carries in place of a message that this node sends. */
  readonly onSend: (network: Network, to: Address | 'all', message: Uint8Array) => void;
  readonly gossips: () => boolean;
  /** Undefined for a node that is what it says. */
  readonly byzantine: Pick<Byzantine, 'announce' | 'serve'> | undefined;
  /** The node is there (again), or has stored another block. */
  readonly onHead: () => void;
  readonly onFatal: (error: unknown) => void;
  readonly logger: Logger;
};

export type SimNode = {
  readonly index: number;
  readonly identity: SimIdentity;
  /** What survives. */
  readonly disk: MemoryDisk;
  /** Added to the time of the world. */
  skewMs: number;
  isAlive(): boolean;
  /** Undefined while it is down or starting. */
  running(): ComposedNode | undefined;
  start(): void;
  crash(): void;
  /** Takes a transaction as a client's. */
  submit(raw: Uint8Array): void;
};

type Life = { alive: boolean; node: ComposedNode | undefined; hangUp: () => Promise<void> };

export function createSimNode(options: SimNodeOptions, ports: SimNodePorts): SimNode {
  const { index, identity, chain, pace } = options;
  const { world, byzantine } = ports;
  const { genesis, engine } = chain;
  const disk = createMemoryDisk();
  const binding = { genesisHash: genesis.hash, validator: identity.signer.address };
  createMemoryLog(disk, binding);
  const files = new Map<string, SmallFile>();
  const fileOf = (name: string): SmallFile => {
    const file = files.get(name) ?? smallFileInMemory(name);
    files.set(name, file);
    return file;
  };
  let life: Life | undefined;

  const clockOf = (own: Life): Clock => ({
    now: () => world.nowMs() + node.skewMs,
    setTimeout: (callback, afterMs) =>
      world.after(afterMs, () => {
        if (own.alive) callback();
      }) as unknown as TimerHandle,
    clearTimeout: (handle) => (handle as unknown as () => void)(),
    breathe: () => pass(own, world.random.between(0, pace.executeMs)),
  });

  /** Resolves that much later; never in a life that has ended. */
  const pass = (own: Life, afterMs: number): Promise<void> =>
    new Promise((resolve) => {
      world.after(afterMs, () => {
        if (own.alive) resolve();
      });
    });

  const deviceOf = (own: Life): Device => ({
    reach: async (moment) => {
      if (own.alive) ports.onMoment(moment);
      await pass(own, SLOW.has(moment) ? world.random.between(0, pace.diskMs) : 0);
    },
  });

  const isOwn = (message: Uint8Array): boolean => {
    const decoded = decodeMessage(message);
    return decoded.ok && equalBytes(decoded.message.signed.author, identity.signer.address);
  };

  /** A dead process sends nothing more; what it has sent may still arrive. */
  const openNetwork =
    (own: Life) =>
    async (...[settings, modules]: Parameters<typeof createMemoryNetwork>): Promise<Network> => {
      const hub: MemoryHub = {
        ...ports.hub,
        join: (nodeKey, events) => {
          const transport = ports.hub.join(nodeKey, events);
          own.hangUp = () => transport.close();
          return transport;
        },
      };
      const handlers: NetworkHandlers = {
        ...modules.handlers,
        onConsensus: (from, message) => {
          if (!options.isTwin || !isOwn(message)) modules.handlers.onConsensus(from, message);
        },
        serveBlocks: (from, count) => {
          const { serveBlocks, serveBody } = modules.handlers;
          const blocks = serveBlocks(from, count);
          return byzantine?.serve(from, blocks, serveBody) ?? blocks;
        },
      };
      const network = await createMemoryNetwork(settings, { ...modules, handlers, hub });
      return {
        ...network,
        peerId: network.peerId,
        addresses: network.addresses,
        sendConsensus: (to, message) => {
          if (own.alive) ports.onMoment('before-send');
          if (own.alive) ports.onSend(network, to, message);
          if (own.alive) ports.onMoment('after-send');
        },
        announce: (status) => network.announce(byzantine?.announce(status) ?? status),
        gossipTransactions: (raws) => {
          if (own.alive && ports.gossips()) network.gossipTransactions(raws);
        },
      };
    };

  const open = async (own: Life): Promise<void> => {
    const device = deviceOf(own);
    const store = await openMemoryStore(disk, device, {
      genesis: { block: genesis.block, hash: genesis.hash, accounts: genesis.accounts },
      hashRule: genesis.hashRule,
    });
    const { signer } = identity;
    const config = {
      genesis,
      nodeKey: identity.nodeKey,
      logger: ports.logger,
      p2p: { host: '', port: 0, bootPeers: options.bootPeers },
    };
    const voter = await openVoter(config, signer, {
      open: () =>
        openMemoryLog(disk, device, { ...binding, rewriteAboveBytes: REWRITE_ABOVE_BYTES }),
      renew: (_, records) => renewMemoryLog(disk, device, binding, records),
    });
    const composed = await composeNode(config, {
      clock: clockOf(own),
      random: world.random.next,
      store,
      engine,
      signer,
      voter,
      fileOf,
      allowlist: { allow: [], deny: [] },
      openNetwork: (settings, modules) =>
        openNetwork(own)(settings, { ...modules, hub: ports.hub }),
      onFatal: (error) => {
        if (own.alive) ports.onFatal(error);
      },
    });
    if (!own.alive) return;
    own.node = composed;
    composed.events.onBlock(() => {
      if (own.alive) ports.onHead();
    });
    ports.onHead();
  };

  const node: SimNode = {
    index,
    identity,
    disk,
    skewMs: 0,
    isAlive: () => life !== undefined,
    running: () => life?.node,
    start: () => {
      if (life !== undefined) return;
      const own: Life = { alive: true, node: undefined, hangUp: async () => {} };
      life = own;
      open(own).catch((error: unknown) => {
        if (own.alive) ports.onFatal(error);
      });
    },
    crash: () => {
      const dead = life;
      if (dead === undefined) return;
      dead.alive = false;
      life = undefined;
      losePower(disk, world.random.between(0, disk.unsynced.length));
      world.after(world.random.between(0, LINGER_MS), () => void dead.hangUp());
    },
    submit: (raw) => {
      void life?.node?.pool.add([raw], 'local');
    },
  };
  return node;
}

/** Small, so that logs are rewritten during a run. */
const REWRITE_ABOVE_BYTES = 16 * 1024;
/** What waits for the disk itself. */
const SLOW: ReadonlySet<DiskMoment> = new Set(['before-log-sync', 'before-store-write']);
/** What was sent may arrive so long after its sender has died. */
const LINGER_MS = 40;
