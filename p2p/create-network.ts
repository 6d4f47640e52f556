/** The network over libp2p: TCP, noise, yamux. */
import { createHost } from './host.ts';
import { openLibp2pTransport } from './libp2p-transport.ts';
import type { Network, NetworkModules, NetworkOptions } from './network.ts';

/**
 * Listens, dials the boot peers and keeps the connections of the members alive.
 * @throws CodedError `P2P_BAD_NODE_KEY`, `P2P_BAD_ADDRESS`, `P2P_LISTEN_FAILED`
 */
export function createNetwork(options: NetworkOptions, modules: NetworkModules): Promise<Network> {
  const { listen, nodeKey } = options;
  return createHost(options, modules, (events, limits) =>
    openLibp2pTransport({ listen, nodeKey, limits }, events),
  );
}
