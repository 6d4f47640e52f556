export { decodeAccount, encodeAccount } from './account.ts';
export { type Arena, createArena } from './arena.ts';
export type { Block, Withdrawal } from './block.ts';
export { decodeBlock, encodeBlock, headerWithTransactions } from './block-codec.ts';
export { receiptsRoot, transactionsRoot } from './block-roots.ts';
export { bloomMayContain, combineBlooms, logsBloom } from './bloom.ts';
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
export type {
  AccessListResult,
  BlockOverrides,
  CallOverrides,
  SlotOverride,
  StateOverride,
  TransactionRequest,
} from './call.ts';
export { checksumAddress } from './checksum-address.ts';
export {
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  EMPTY_ROOT,
  QBFT_MIX_HASH,
  ZERO_ADDRESS,
  ZERO_HASH,
} from './constants.ts';
export type { ErrorTable, Refusal, Verdict } from './errors.ts';
export { CodedError, InvariantError, invariant, refuse } from './errors.ts';
export type { ExecutedBlock } from './executed-block.ts';
export type { QbftExtraData } from './extra-data.ts';
export { decodeExtraData, encodeExtraData } from './extra-data.ts';
export type { BlockHeader, HeaderHashRule } from './header.ts';
export { decodeHeader, encodeHeader } from './header-codec.ts';
export { commitSealHash, headerHash, withRound, withSeals } from './header-hash.ts';
export { type LogCriteria, matchesLog } from './log-criteria.ts';
export { proveOrdered, verifyOrderedProof } from './ordered-proof.ts';
export type { Log, Receipt } from './receipt.ts';
export { decodeReceipt, encodeReceipt } from './receipt-codec.ts';
export type { RlpItem } from './rlp.ts';
export { decodeRlp, encodeRlp } from './rlp.ts';
export { RlpReader } from './rlp-reader.ts';
export { contractAddress, effectiveGasPrice, recoverSender } from './sender.ts';
export type {
  SimulatedBlockReport,
  SimulatedBlockRequest,
  SimulatedOutcome,
  SimulationOptions,
} from './simulation.ts';
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
export type { StateBefore } from './state-root.ts';
export { commitState } from './state-root.ts';
export type { PlacedNode } from './subtrie-proof.ts';
export { proveSubtrie, verifySubtrie } from './subtrie-proof.ts';
export type {
  CallFrame,
  CallLog,
  CallTrace,
  CallTracerOptions,
  FourByteTrace,
  FrameKind,
  PrestateAccount,
  PrestateOptions,
  PrestateTrace,
  StructLog,
  StructLoggerOptions,
  StructLogTrace,
  TracedSlot,
  TraceResult,
  TracerChoice,
} from './trace.ts';
export type { AccessListItem, Authorization, Transaction } from './transaction.ts';
export { decodeTransaction } from './transaction-decoder.ts';
export type { TransactionFields } from './transaction-signer.ts';
export { signTransaction, unsignedTransaction } from './transaction-signer.ts';
export { orderedRoot, trieRoot } from './trie-build.ts';
export type { TrieEntry } from './trie-keys.ts';
export type { ReadTrieNode, TrieNodes } from './trie-load.ts';
export { isLeafNode } from './trie-node.ts';
export {
  joinTrieProofs,
  openTrieProof,
  proveTrie,
  type TrieProofReader,
  verifyTrieProof,
} from './trie-proof.ts';
export type { TrieUpdate, TrieWrite } from './trie-update.ts';
export { updateTrie } from './trie-update.ts';
