import { createMemoryNetwork } from './create-memory-network.ts';
import { createMemoryHub } from './memory-transport.ts';
import { testNetwork } from './network.contract.ts';
import { seededRandom, systemClock } from './testkit/peers.ts';

const seed = Number(process.env['EHB_SEED'] ?? 20260);
const hub = createMemoryHub({ clock: systemClock, random: seededRandom(seed) });

testNetwork(
  {
    name: 'memory',
    create: (options, modules) => createMemoryNetwork(options, { ...modules, hub }),
    openTransport: async (nodeKey, events) => hub.join(nodeKey, events),
  },
  seed,
);
