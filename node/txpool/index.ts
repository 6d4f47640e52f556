/** The door of `node/txpool`: transactions on their way into a block. */
export type { PoolHead } from './admission.ts';
export { POOL_ERRORS } from './errors.ts';
export type { PoolLimits } from './limits.ts';
export { DEFAULT_POOL_LIMITS } from './limits.ts';
export type {
  Pool,
  PooledTransaction,
  PoolOptions,
  PoolPorts,
  PoolState,
} from './pool.ts';
export { createPool } from './pool.ts';
export type { SelectionLimits } from './selection.ts';
export type { Origin } from './sender-queue.ts';
