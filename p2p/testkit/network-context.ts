/** What each test of the network contract is given, and what it asks of its peers. */
import type { Test } from 'uvu';
import type { NetworkOptions } from '../network.ts';
import { createForeigner, type Foreigner } from './foreigner.ts';
import {
  createPeers,
  type Implementation,
  nodeKey,
  optionsOf,
  type Peers,
  seededRandom,
} from './peers.ts';
import type { RunningPeer } from './recorder.ts';

export type NetworkContext = {
  readonly seed: number;
  readonly peers: Peers;
  /** Two connected validators. */
  pair(
    more?: Partial<NetworkOptions>,
    serve?: Parameters<Peers['start']>[2],
  ): Promise<readonly [RunningPeer, RunningPeer]>;
  /** A peer made by hand, with the keys of node `index`. */
  guestOf(index: number, more?: Partial<NetworkOptions>): Promise<Foreigner>;
  /** Numbers of two nodes, the one with the smaller PeerId first. */
  byPeerId(): Promise<readonly [number, number]>;
};

export type NetworkTest = Test<NetworkContext>;

export function createContext(implementation: Implementation, seed: number): NetworkContext {
  const peers = createPeers(implementation, seededRandom(seed));
  const peerIdOf = async (index: number): Promise<string> => {
    const transport = await implementation.openTransport(nodeKey(index), {
      onAttempt: () => {},
      accepts: () => false,
      onLink: () => {},
    });
    await transport.close();
    return transport.peerId;
  };
  return {
    seed,
    peers,
    pair: async (more = {}, serve = {}) => {
      const a = await peers.start(0, more, serve);
      const b = await peers.start(1, { ...more, bootPeers: a.network.addresses });
      await connected(a, b);
      return [a, b];
    },
    guestOf: async (index, more) =>
      createForeigner(await peers.transport(index), optionsOf(index, more)),
    byPeerId: async () => ((await peerIdOf(0)) < (await peerIdOf(1)) ? [0, 1] : [1, 0]),
  };
}

/** Waits until each has a connection to each. */
export async function connected(...all: readonly RunningPeer[]): Promise<void> {
  for (const peer of all) {
    await peer.until('all are connected', () => peer.network.peers().length === all.length - 1);
  }
}

/** Whether a peer has dropped another with that code. */
export function dropped(peer: RunningPeer, code: string): boolean {
  return (peer.network.metrics().dropped[code] ?? 0) > 0;
}

/** Whether a peer was told that code by another. */
export function refused(peer: RunningPeer, code: string): boolean {
  return (peer.network.metrics().refusedByPeers[code] ?? 0) > 0;
}

export function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
