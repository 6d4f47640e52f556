/** The network inside one process: for tests and simulations of many nodes. */
import { createHost } from './host.ts';
import type { MemoryHub } from './memory-transport.ts';
import type { Network, NetworkModules, NetworkOptions } from './network.ts';

/** `hub` is what the nodes share; `options.listen` is not used. */
export function createMemoryNetwork(
  options: NetworkOptions,
  modules: NetworkModules & { readonly hub: MemoryHub },
): Promise<Network> {
  return createHost(options, modules, async (events) => modules.hub.join(options.nodeKey, events));
}
