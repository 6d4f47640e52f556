export type { EngineName } from '../vm/index.ts';
export type { NodeConfig, P2pConfig, RpcConfig } from './config.ts';
export { ERROR_TABLES } from './error-tables.ts';
export { NODE_ERRORS } from './errors.ts';
export type { Logger, LogLevel } from './logger.ts';
export { createLogger, silentLogger } from './logger.ts';
export { renderMetricsReference } from './metrics/index.ts';
export type { NodeModules, RunningNode } from './start-node.ts';
export { startNode } from './start-node.ts';
