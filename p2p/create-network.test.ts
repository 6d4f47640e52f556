import { createNetwork } from './create-network.ts';
import { openLibp2pTransport } from './libp2p-transport.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { testNetwork } from './network.contract.ts';

const seed = Number(process.env['EHB_SEED'] ?? 20260);

testNetwork(
  {
    name: 'libp2p',
    create: createNetwork,
    openTransport: (nodeKey, events) =>
      openLibp2pTransport({ listen: undefined, nodeKey, limits: DEFAULT_LIMITS }, events),
  },
  seed,
);
