/**
 * What the host can do with the engine. The order of a block: `startBlock`, then for each transaction
 * `startTransaction`, accounts and warm sets, one `startCall` or `startCreate`, `run` until it says DONE,
 * `settleTransaction`; then the changes are read.
 *
 * Words and addresses cross through INPUT and OUTPUT; see `layout.ts`.
 */

export {
  logTransfers,
  openTransaction,
  setUp,
  startBlock,
  startTransaction,
} from './host-blocks';
export {
  accountBalance,
  accountCode,
  accountFlags,
  accountNonce,
  accounts,
  describeAccount,
  describeSlot,
  fillAccount,
  fillMissingAccount,
  fillSlotValue,
  findAccount,
  findSlot,
  giveCode,
  hasAccountCode,
  setAccountCode,
  setBalance,
  setNonce,
  slotOwner,
  slots,
  touchAccount,
  warmUpAccount,
  warmUpSlot,
  wasAccountSeen,
  wasSlotSeen,
} from './host-accounts';
export {
  analyseCode,
  codePlace,
  codeSize,
  codes,
  dropCodes,
  isCodeKnown,
  makeCode,
} from './host-codes';
export {
  askedFor,
  bloomLogs,
  depth,
  describePrecompile,
  findCreated,
  finishPrecompile,
  framePlace,
  gasRefund,
  gasRemaining,
  keccak,
  logLength,
  logPlace,
  logsEver,
  logsTotal,
  mark,
  outcome,
  output,
  outputLength,
  prepareData,
  reserveOutput,
  run,
  settleTransaction,
  startCall,
  startCreate,
  trace,
  undo,
} from './host-runs';
export { hasPrecompile, isAccountWarm, isSlotWarm, readSlot } from './host-tracing';
