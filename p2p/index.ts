export { createMemoryNetwork } from './create-memory-network.ts';
export { createNetwork } from './create-network.ts';
export { P2P_ERRORS } from './errors.ts';
export type { Limits } from './limits.ts';
export { DEFAULT_LIMITS } from './limits.ts';
export type { Faults, MemoryHub } from './memory-transport.ts';
export { createMemoryHub } from './memory-transport.ts';
export type { NetworkMetrics } from './metrics.ts';
export type {
  Clock,
  Members,
  Network,
  NetworkHandlers,
  NetworkModules,
  NetworkOptions,
  PeerInfo,
  PeerKind,
  PeerStatus,
  RequestOptions,
  ValidatorIdentity,
} from './network.ts';
