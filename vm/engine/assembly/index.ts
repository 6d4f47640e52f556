/**
 * What the host can do with the engine. The order of a block: `startBlock`, then for each transaction
 * `startTransaction`, accounts and warm sets, one `startCall` or `startCreate`, `run` until it says DONE,
 * `settleTransaction`; then the changes are read.
 *
 * Words and addresses cross through INPUT and OUTPUT; see `layout.ts`.
 */

import { precompileAt } from './account-access';
import {
  accountAt,
  accountCount,
  addressOf,
  balanceOf,
  CLEARED,
  codeHashOf,
  codeOf,
  dropCode,
  EXISTS,
  epochOf,
  flagsOf,
  forgetAccounts,
  HAS_STORAGE,
  hasCode,
  LOADED,
  nonceOf,
  seenOf,
  setCodeOf,
  setEpochOf,
  setFlagsOf,
  setNonceOf,
  setSeenOf,
  setUpAccounts,
} from './accounts';
import { delegate, enter, resolveCode, useCode } from './calls';
import {
  addCode,
  codeBytes,
  codeCount,
  codeLength,
  collectCodes,
  footprint,
  isCodeThere,
  markJumps,
  setUpCodes,
} from './codes';
import { addressByNonce, begin, isTaken } from './creates';
import { gasLeft, leave, setOut } from './endings';
import { hasWarmSets } from './fork-rules';
import {
  CALL,
  CODE_ACCOUNT,
  CREATE,
  DATA,
  DATA_LENGTH,
  dropFrames,
  frame,
  frameCount,
  GAS,
  PRECOMPILE,
  relocate,
  VALUE,
} from './frames';
import { arenaBase, ensureMemory, setArenaTop } from './heap';
import { interpret } from './interpret';
import {
  changeBalance,
  changeCode,
  changeNonce,
  journalLength,
  rollBack,
  settle,
  setUpJournal,
  startTransaction as startJournal,
  touch,
  transaction,
  transfer,
  warmAccount,
  warmSlot,
} from './journal';
import { keccakBytes, keccakWord } from './keccak';
import {
  BLOCK_HASHES_KNOWN,
  COINBASE,
  COLLISION,
  DEPTH,
  DONE,
  ENTERED,
  INPUT,
  FRAME_ENTERED,
  FRAME_LEFT,
  NEED_ACCOUNT,
  NEED_MEMORY,
  NEED_PRECOMPILE,
  NEED_ROOM,
  ORIGIN,
  OUT_OF_GAS,
  OUTPUT,
  PRECOMPILE_FAILED,
  RETURNED,
  SCRATCH,
  SLICE,
  STEP,
  STOPPED,
} from './layout';
import { writeBloom } from './bloom';
import { forgetLogs, logBuffer, logBytes, logCount, setUpLogs } from './logs';
import {
  clearReturnData,
  reserveReturnData,
  returnBytes,
  returnLength,
  setUpReturnData,
} from './return-data';
import {
  asked,
  budget,
  ending,
  isCrowded,
  makeRoom,
  refund,
  setBudget,
  setRefund,
  setTracing,
  tracing,
} from './run-state';
import {
  fillSlot,
  finalValue,
  forgetSlots,
  forgetTransients,
  isSlotWritten,
  prepareSlot,
  setSlotSeen,
  setUpSlots,
  slotAccount,
  slotAt,
  slotCount,
  slotKey,
  slotSeen,
} from './slots';
import { copyWord, isZero, loadAddress, loadBytes, storeAddress, storeBytes } from './word';

/** Once, before anything else. `secret` keys the tables' hash, so that nobody can aim at one cell. */
export function setUp(secret: u64): void {
  setUpAccounts(1024, secret);
  setUpSlots(4096, secret);
  setUpJournal(4096);
  setUpLogs(0x10000);
  setUpReturnData(0x10000);
  setUpCodes(256, 0x100000);
  relocate();
}

/** Forgets all state; codes stay. */
export function startBlock(): void {
  forgetAccounts();
  forgetSlots();
  forgetTransients();
  dropFrames();
  setArenaTop(arenaBase);
  memory.fill(BLOCK_HASHES_KNOWN, 0, 256);
}

export function startTransaction(): void {
  startJournal();
  forgetTransients();
  forgetLogs(0, 0);
  clearReturnData();
  setRefund(0);
  dropFrames();
  setArenaTop(arenaBase);
}

/** Flags of `openTransaction`. */
const HAS_RECIPIENT: u32 = 1;
const WARMS: u32 = 2;
const WARMS_COINBASE: u32 = 4;

/**
 * Starts the transaction of the loaded account `from`, whose nonce goes up; the recipient's 20 bytes are at
 * INPUT. The recipient's number, if there is one.
 */
export function openTransaction(from: u32, flags: u32): u32 {
  startTransaction();
  if (isCrowded()) makeRoom();
  copyWord(ORIGIN, addressOf(from));
  changeNonce(from, nonceOf(from) + 1);
  let to: u32 = 0;
  if ((flags & HAS_RECIPIENT) != 0) {
    loadAddress(INPUT, SCRATCH);
    to = accountAt(SCRATCH);
  }
  if ((flags & WARMS) == 0) return to;
  warmUnseen(from);
  if ((flags & HAS_RECIPIENT) != 0) warmUnseen(to);
  if ((flags & WARMS_COINBASE) != 0) warmUnseen(accountAt(COINBASE));
  return to;
}

/** Warm without having been touched by execution. */
function warmUnseen(account: u32): void {
  if (warmAccount(account)) setSeenOf(account, 0);
}

// Accounts.

/** Number of the account whose 20 bytes are at INPUT. */
export function findAccount(): u32 {
  if (isCrowded()) makeRoom();
  loadAddress(INPUT, SCRATCH);
  return accountAt(SCRATCH);
}

export function accountFlags(account: u32): u32 {
  return flagsOf(account);
}

/** The state underneath has it: nonce given, balance and code hash as 32 bytes each at INPUT. */
export function fillAccount(account: u32, nonce: u64, hasStorage: bool): void {
  loadBytes(INPUT, balanceOf(account));
  loadBytes(INPUT + 32, codeHashOf(account));
  setCodeOf(account, 0);
  setNonceOf(account, nonce);
  setFlagsOf(account, LOADED | EXISTS | (hasStorage ? HAS_STORAGE : 0));
}

/** The state underneath does not have it. */
export function fillMissingAccount(account: u32): void {
  dropCode(account);
  setFlagsOf(account, LOADED);
}

export function accountNonce(account: u32): u64 {
  return nonceOf(account);
}

/** Where the balance lies, as a word. */
export function accountBalance(account: u32): usize {
  return balanceOf(account);
}

/** Writes address (20 bytes) and code hash (32 bytes) to OUTPUT and OUTPUT + 32. */
export function describeAccount(account: u32): void {
  storeAddress(OUTPUT, addressOf(account));
  storeBytes(OUTPUT + 32, codeHashOf(account));
}

/** Whether the account's code hash is not that of nothing is for the host to see; this is its number. */
export function accountCode(account: u32): u32 {
  return codeOf(account);
}

export function setAccountCode(account: u32, code: u32): void {
  setCodeOf(account, code);
}

export function hasAccountCode(account: u32): bool {
  return hasCode(account);
}

/** Not journaled: the account has no storage any more. */
export function clearStorage(account: u32): void {
  const flags = flagsOf(account);
  const kept = flags & ~HAS_STORAGE;
  setFlagsOf(account, (flags & HAS_STORAGE) != 0 ? kept | CLEARED : kept);
  setEpochOf(account, epochOf(account) + 1);
}

/** Not journaled: the 32 bytes at INPUT become the value of the slot. */
export function overrideSlot(slot: u32): void {
  loadBytes(INPUT, SCRATCH);
  fillSlot(slot, SCRATCH);
  prepareSlot(slot, transaction);
  fillSlot(slot, SCRATCH);
}

/** Journaled: the word at INPUT becomes the balance. */
export function setBalance(account: u32): void {
  if (isCrowded()) makeRoom();
  changeBalance(account);
  copyWord(balanceOf(account), INPUT);
}

/** Journaled. */
export function setNonce(account: u32, nonce: u64): void {
  if (isCrowded()) makeRoom();
  changeNonce(account, nonce);
}

/** Journaled: code that `addCode` took; 0 drops the account's code. */
export function giveCode(account: u32, code: u32): void {
  if (isCrowded()) makeRoom();
  changeCode(account);
  if (code == 0) {
    dropCode(account);
    return;
  }
  setCodeOf(account, code);
  keccakWord(codeBytes(code), codeLength(code), codeHashOf(account));
}

/** An empty account that exists is removed when the transaction ends. */
export function touchAccount(account: u32): void {
  if (isCrowded()) makeRoom();
  touch(account);
}

/** `named`: an access list names it, so a report of what was touched does too. */
export function warmUpAccount(account: u32, named: bool): void {
  if (isCrowded()) makeRoom();
  if (named) warmAccount(account);
  else warmUnseen(account);
}

/** The slot whose 32 bytes are at INPUT. */
export function warmUpSlot(account: u32): void {
  if (isCrowded()) makeRoom();
  warmSlot(findSlot(account));
}

export function findSlot(account: u32): u32 {
  if (isCrowded()) makeRoom();
  loadBytes(INPUT, SCRATCH);
  return slotAt(account, SCRATCH);
}

/** The state underneath has that value: 32 bytes at INPUT. */
export function fillSlotValue(slot: u32): void {
  loadBytes(INPUT, SCRATCH);
  fillSlot(slot, SCRATCH);
}

export function slotOwner(slot: u32): u32 {
  return slotAccount(slot);
}

/** Writes key and value to OUTPUT and OUTPUT + 32; whether the block wrote the slot. */
export function describeSlot(slot: u32): bool {
  storeBytes(OUTPUT, slotKey(slot));
  finalValue(slot, SCRATCH);
  storeBytes(OUTPUT + 32, SCRATCH);
  return isSlotWritten(slot);
}

export function accounts(): u32 {
  return accountCount;
}

export function slots(): u32 {
  return slotCount;
}

/** Whether execution touched it in the running transaction, rolled back or not. */
export function wasAccountSeen(account: u32): bool {
  return seenOf(account) == transaction;
}

export function wasSlotSeen(slot: u32): bool {
  return slotSeen(slot) == transaction;
}

// Code.

/**
 * Room for code of that length: its number, or 0 if `dropCodes` has to come first. Write the bytes at
 * `codePlace`, then `analyseCode`. `pinned`: the host cannot bring it again in this block.
 */
export function makeCode(length: u32, pinned: bool): u32 {
  const code = addCode(length, pinned);
  relocate();
  return code;
}

/** Drops all code that the host can bring again and no frame runs; numbers of codes are void then. */
export function dropCodes(): void {
  collectCodes();
  relocate();
}

export function isCodeKnown(code: u32): bool {
  return isCodeThere(code);
}

export function codePlace(code: u32): usize {
  return codeBytes(code);
}

export function codeSize(code: u32): u32 {
  return codeLength(code);
}

export function analyseCode(code: u32): void {
  markJumps(codeBytes(code), codeLength(code));
}

export function codes(): u32 {
  return codeCount;
}

// Running.

/** Room for calldata or initcode of the transaction; where to write it. */
export function prepareData(length: u32): usize {
  if (!ensureMemory(<u64>arenaBase + length + 64)) unreachable();
  setArenaTop(arenaBase + ((length + 31) & ~31));
  return arenaBase;
}

/**
 * Pushes the outermost frame of a message: value as a word at INPUT, data as prepared. ENTERED, or what the
 * host must bring first.
 */
export function startCall(from: u32, to: u32, dataLength: u32, gas: i64): i32 {
  if (isCrowded()) makeRoom();
  const precompile = precompileAt(addressOf(to));
  const missing = resolveCode(to, precompile);
  if (missing < 0) return missing;
  const named = delegate;
  if (hasWarmSets() && named >= 0 && precompileAt(addressOf(named)) == 0) warmUnseen(named);
  enter(CALL, to, from, gas);
  store<u32>(frame, to, CODE_ACCOUNT);
  store<u32>(frame, arenaBase, DATA);
  store<u32>(frame, dataLength, DATA_LENGTH);
  copyWord(frame + VALUE, INPUT);
  useCode(precompile);
  transfer(from, to, frame + VALUE);
  return ENTERED;
}

/** Number of the account that a creation by `from` at `nonce` makes. */
export function findCreated(from: u32, nonce: u64): u32 {
  if (isCrowded()) makeRoom();
  return accountAt(addressByNonce(from, nonce));
}

/** Pushes the outermost frame of a creation: ENTERED, or COLLISION. */
export function startCreate(from: u32, made: u32, dataLength: u32, gas: i64): i32 {
  if (isCrowded()) makeRoom();
  if (isTaken(made)) return COLLISION;
  if (!ensureMemory(<u64>arenaBase + dataLength + footprint(dataLength) + 64)) return NEED_MEMORY;
  copyWord(SCRATCH, INPUT);
  begin(CREATE, made, from, gas, arenaBase, dataLength);
  return ENTERED;
}

/** Runs until the transaction is DONE, the host must bring something, or so much gas is used up. */
export function run(slice: i32): i32 {
  setBudget(slice);
  // A precompile that the transaction itself calls ends it outside this function.
  while (frameCount > 0) {
    const status = load<u32>(frame, PRECOMPILE) != 0 ? NEED_PRECOMPILE : interpret();
    if (status == ENTERED) {
      if ((tracing & 2) != 0) return FRAME_ENTERED;
      if (takeStep()) continue;
      return SLICE;
    }
    if (status == NEED_ROOM) {
      makeRoom();
      continue;
    }
    if (status <= NEED_ACCOUNT && status > STOPPED) return status;
    if (status == SLICE || status == STEP) return status;
    if (finish(status)) return DONE;
    if ((tracing & 2) != 0) return FRAME_LEFT;
    if (!takeStep()) return SLICE;
  }
  return DONE;
}

const FRAME_STEP: i64 = 100;

/** Beginning and ending a frame takes time as well. */
function takeStep(): bool {
  setBudget(budget - FRAME_STEP);
  return budget >= 0;
}

function finish(status: i32): bool {
  if (isCrowded()) makeRoom();
  return leave(status);
}

/** Gas, number, and place and length of the input of the precompile that is wanted: four u32 and a u64 at OUTPUT. */
export function describePrecompile(): void {
  store<u64>(OUTPUT, load<u64>(frame, GAS));
  store<u32>(OUTPUT, load<u32>(frame, PRECOMPILE) - 1, 8);
  store<u32>(OUTPUT, load<u32>(frame, DATA), 12);
  store<u32>(OUTPUT, load<u32>(frame, DATA_LENGTH), 16);
}

/** Where to write what a precompile returns; may move the arena. */
export function reserveOutput(length: u32): usize {
  const place = reserveReturnData(length);
  relocate();
  return place;
}

/** Ends the frame of a precompile whose output lies where `reserveOutput` said. True: all is done. */
export function finishPrecompile(succeeded: bool, gasUsed: u64): bool {
  const gas = load<u64>(frame, GAS);
  if (gasUsed > gas) return finish(OUT_OF_GAS);
  if (!succeeded) return finish(PRECOMPILE_FAILED);
  store<u64>(frame, gas - gasUsed, GAS);
  return finish(RETURNED);
}

export function askedFor(): u32 {
  return asked;
}

/** How the frame that ended last did: STOPPED, RETURNED, REVERTED or a failure. */
export function outcome(): i32 {
  return ending;
}

/** Gas that it had left. */
export function gasRemaining(): i64 {
  return gasLeft;
}

export function gasRefund(): i64 {
  return refund;
}

export function output(): usize {
  return returnBytes();
}

export function outputLength(): u32 {
  return returnLength;
}

export function logPlace(): usize {
  return logBuffer();
}

export function logLength(): u32 {
  return logBytes;
}

export function logsTotal(): u32 {
  return logCount;
}

/** The bloom filter of the logs: 256 bytes at OUTPUT. */
export function bloomLogs(): void {
  writeBloom(OUTPUT);
}

/** For what must not leave a trace if it fails. */
export function mark(): u32 {
  return journalLength;
}

export function undo(to: u32): void {
  rollBack(to);
}

export function settleTransaction(): void {
  settle();
}

/** Stops before every instruction and where frames begin and end, or not. */
export function trace(steps: bool, frames: bool): void {
  setTracing((steps ? 1 : 0) | (frames ? 2 : 0));
}

/** Where the frame on top lies; its fields are in `frames.ts`. */
export function framePlace(): usize {
  return frame;
}

/** How many frames there are. */
export function depth(): u32 {
  return frameCount;
}

/** keccak of `length` bytes at `from` as bytes at OUTPUT. */
export function keccak(from: usize, length: u32): void {
  keccakBytes(from, length, OUTPUT);
}
