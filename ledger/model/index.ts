export type { Block, Withdrawal } from './block.ts';
export type { Address, Gas, Hash, Height, Hex, UnixSeconds, Wei } from './bytes.ts';
export {
  asAddress,
  asHash,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
  hexToBytes,
  keyOf,
} from './bytes.ts';
export type { ErrorTable, Refusal, Verdict } from './errors.ts';
export { CodedError, InvariantError, invariant, refuse } from './errors.ts';
export type { ExecutedBlock } from './executed-block.ts';
export type { BlockHeader, HeaderHashRule } from './header.ts';
export type { Log, Receipt } from './receipt.ts';
export type {
  Account,
  AccountChange,
  SlotChange,
  StateChanges,
  StateCommitment,
  StatePort,
  StateReader,
  TrieNodeWrite,
} from './state.ts';
export type { AccessListItem, Authorization, Transaction } from './transaction.ts';
