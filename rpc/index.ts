export type { RpcErrorCode, RpcStartErrorCode } from './errors.ts';
export { RPC_ERRORS } from './errors.ts';
export type { RpcLimits, RpcServerOptions } from './options.ts';
export { DEFAULT_RPC_LIMITS } from './options.ts';
export type {
  BackupPort,
  BackupReport,
  CallerPort,
  CallOptions,
  CallOutcome,
  ChainPort,
  EstimateOutcome,
  EventPort,
  EvidenceKind,
  EvidencePort,
  EvidenceReport,
  FeePort,
  ForkConfig,
  GovernancePort,
  GovernanceReport,
  NodePort,
  NodeReport,
  PeerReport,
  PooledTransaction,
  PoolPort,
  ProofPort,
  RpcLogger,
  RpcPorts,
  SimulatorPort,
} from './ports.ts';
export { renderRpcReference } from './reference.ts';
export type { RpcModules, RpcServer } from './server.ts';
export { createRpcServer } from './server.ts';
export type { TraceRequest, TracingPort } from './tracing-port.ts';
