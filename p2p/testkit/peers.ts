/** Nodes for tests: keys by number, options by default, everything closed at the end. */
import { addressOf, keccak256, sign } from '#crypto';
import { type Address, asHash, type Hash } from '../../ledger/model/index.ts';
import type { Clock, Members, Network, NetworkModules, NetworkOptions } from '../network.ts';
import type { Transport, TransportEvents } from '../transport.ts';
import { createRecorder, type RunningPeer } from './recorder.ts';

/** One way to make networks that can reach each other. */
export type Implementation = {
  readonly name: string;
  create(options: NetworkOptions, modules: NetworkModules): Promise<Network>;
  /** The bare transport below, for peers that do not keep to the protocol. */
  openTransport(nodeKey: Uint8Array, events: TransportEvents): Promise<Transport>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, afterMs) => setTimeout(callback, afterMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export const GENESIS: Hash = asHash(new Uint8Array(32).fill(1));
const CHAIN_ID = 20260n;

export function nodeKey(index: number): Uint8Array {
  return keccak256(new TextEncoder().encode(`node ${index}`));
}

export function validatorKey(index: number): Uint8Array {
  return keccak256(new TextEncoder().encode(`validator ${index}`));
}

export function validatorAddress(index: number): Address {
  return addressOf(validatorKey(index));
}

/** Validators 0 to `count - 1`. */
export function membersOf(count: number, more: Partial<Members> = {}): Members {
  return {
    validators: Array.from({ length: count }, (_, index) => validatorAddress(index)),
    formerValidators: [],
    allowlist: [],
    denylist: [],
    ...more,
  };
}

/** Node `index` with the validator key of the same number; 4 validators. */
export function optionsOf(index: number, more: Partial<NetworkOptions> = {}): NetworkOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    bootPeers: [],
    nodeKey: nodeKey(index),
    chainId: CHAIN_ID,
    genesisHash: GENESIS,
    validator: {
      address: validatorAddress(index),
      sign: async (digest) => sign(digest, validatorKey(index)),
    },
    members: membersOf(4),
    status: { height: 0n, hash: GENESIS, round: 0, lost: false },
    ...more,
  };
}

export type Peers = {
  start(
    index: number,
    more?: Partial<NetworkOptions>,
    serve?: Parameters<typeof createRecorder>[0],
    modules?: Partial<NetworkModules>,
  ): Promise<RunningPeer>;
  transport(index: number, events?: Partial<TransportEvents>): Promise<Transport>;
  close(): Promise<void>;
};

export function createPeers(implementation: Implementation, random: () => number): Peers {
  const open: { close(): Promise<void> }[] = [];
  return {
    async start(index, more = {}, serve = {}, modules = {}) {
      const recorder = createRecorder(serve);
      const options = optionsOf(index, more);
      const network = await implementation.create(options, {
        handlers: recorder.handlers,
        logger: recorder.logger,
        clock: systemClock,
        random,
        ...modules,
      });
      open.push(network);
      return { ...recorder, network, options };
    },
    async transport(index, events = {}) {
      const transport = await implementation.openTransport(nodeKey(index), {
        onAttempt: () => {},
        accepts: () => true,
        onLink: () => {},
        ...events,
      });
      open.push(transport);
      return transport;
    },
    async close() {
      await Promise.all(open.splice(0).map((network) => network.close()));
    },
  };
}

/** Mulberry32: a small seeded generator. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
