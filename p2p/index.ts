export { createNetwork } from './create-network.ts';
export type { Limits } from './limits.ts';
export { DEFAULT_LIMITS } from './limits.ts';
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
