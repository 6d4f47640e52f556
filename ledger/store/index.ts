export { type BackupSummary, restoreBackup } from './backup.ts';
export type { ChainStore } from './chain-store.ts';
export {
  type ConsensusLog,
  type ConsensusLogOptions,
  createConsensusLog,
  openConsensusLog,
  renewConsensusLog,
} from './consensus-log.ts';
export { replaceDurably, syncDirectoryOf } from './durable-file.ts';
export { STORE_ERRORS, type StoreErrorCode, type StoreErrorDetail } from './errors.ts';
export type { EvidenceBook } from './evidence-book.ts';
export type { Horizons } from './horizons.ts';
export type { FoundLog, LogQueryBounds, LogSearch } from './log-search.ts';
export { openStore, type StoreOptions } from './open-store.ts';
export type { SnapshotSummary } from './snapshot/create-snapshot.ts';
export { loadSnapshot } from './snapshot/load-snapshot.ts';
export { describeSnapshot } from './snapshot/snapshot-file.ts';
export type { NoProof, StateProof, StateProofRequest } from './state-proof.ts';
export type { Problem, VerifyProgress } from './verify/report.ts';
export { type VerifiedView, verifyChain } from './verify/verify-chain.ts';
export type { VerifyReport } from './verify/verify-store.ts';
