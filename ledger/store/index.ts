export type { ChainStore, StoreOptions } from './chain-store.ts';
export { openStore } from './chain-store.ts';
export type { ConsensusLog, ConsensusLogOptions } from './consensus-log.ts';
export { createConsensusLog, openConsensusLog } from './consensus-log.ts';
export { STORE_ERRORS } from './errors.ts';
