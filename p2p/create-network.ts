/** The network over libp2p: TCP, noise, yamux. */
import type { Network, NetworkModules, NetworkOptions } from './network.ts';

/** Listens, dials the boot peers and keeps the connections of the members alive. */
export declare function createNetwork(
  options: NetworkOptions,
  modules: NetworkModules,
): Promise<Network>;
