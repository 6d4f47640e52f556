/** For the host: accounts and slots, read, filled in and changed; words and addresses cross at INPUT and OUTPUT. */
import {
  EXISTS,
  HAS_STORAGE,
  LOADED,
  accountAt,
  accountCount,
  addressOf,
  balanceOf,
  codeHashOf,
  codeOf,
  dropCode,
  flagsOf,
  hasCode,
  nonceOf,
  seenOf,
  setCodeOf,
  setFlagsOf,
  setNonceOf,
} from './accounts';
import { codeBytes, codeLength } from './codes';
import { warmUnseen } from './host-blocks';
import {
  changeBalance,
  changeCode,
  changeNonce,
  touch,
  transaction,
  warmAccount,
  warmSlot,
} from './journal';
import { keccakWord } from './keccak';
import { INPUT, OUTPUT, SCRATCH } from './layout';
import { isCrowded, makeRoom } from './run-state';
import {
  fillSlot,
  finalValue,
  isSlotWritten,
  slotAccount,
  slotAt,
  slotCount,
  slotKey,
  slotSeen,
} from './slots';
import { copyWord, loadAddress, loadBytes, storeAddress, storeBytes } from './word';

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

/** The number of the slot under the key at INPUT; its value need not be there. */
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
