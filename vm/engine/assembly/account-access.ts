/** BALANCE, EXTCODE* and what calls share with them: finding an account, its code and its delegation. */
import {
  accountAt,
  balanceOf,
  codeHashOf,
  codeOf,
  hasCode,
  isEmpty,
  isLoaded,
  setSeenOf,
  warmthOf,
} from './accounts';
import { codeBytes, codeLength, isCodeThere } from './codes';
import { coldAccountGas, hasDelegations, hasWarmSets } from './fork-rules';
import { transaction, warmAccount } from './journal';
import {
  MOVED,
  MOVED_COUNT,
  NEED_ACCOUNT,
  NEED_CODE,
  NEED_ROOM,
  OUT_OF_GAS,
  PRECOMPILES,
  SCRATCH,
} from './layout';
import { copyPadded, mem, reach, wordsGas } from './machine-memory';
import { isCrowded, setAsked } from './run-state';
import { copyWord, loadAddress, maskAddress, setSmall } from './word';

/** Code number of the empty code. */
export const NO_CODE: u32 = 1;
const ADDRESS: usize = SCRATCH;

/** Marks a precompile that was moved: its new address is cold like any other. */
const IS_MOVED: u32 = 0x10000;

/**
 * One more than the number of a precompile at that address, with IS_MOVED if it is not there by itself; zero if
 * there is none.
 */
export function precompileAt(address: usize): u32 {
  if (load<u32>(MOVED_COUNT) != 0) {
    const moved = movedTo(address);
    if (moved != 0) return moved;
  }
  if ((load<u64>(address, 8) | load<u32>(address, 16)) != 0) return 0;
  const number = load<u64>(address);
  if (number >= 1024 || load<u8>(PRECOMPILES + <usize>number) == 0) return 0;
  return <u32>number + 1;
}

function movedTo(address: usize): u32 {
  const end = MOVED + <usize>load<u32>(MOVED_COUNT) * 32;
  for (let entry = MOVED; entry < end; entry += 32) {
    if (
      load<u64>(entry) == load<u64>(address) &&
      load<u64>(entry, 8) == load<u64>(address, 8) &&
      load<u32>(entry, 16) == load<u32>(address, 16)
    ) {
      return (load<u32>(entry, 20) + 1) | IS_MOVED;
    }
  }
  return 0;
}

/** The number that `precompileAt` gave, without what it adds. */
export function precompileNumber(precompile: u32): u32 {
  return (precompile & ~IS_MOVED) - 1;
}

/** Whether there is a precompile, at the address where it is by itself. */
@inline
export function isInPlace(precompile: u32): bool {
  return precompile != 0 && precompile < IS_MOVED;
}

let arePrecompilesWarm: bool = false;

/** EIP-2929: precompiles are warm from the beginning of a transaction; in a system call they are not. */
export function setPrecompilesWarm(areWarm: bool): void {
  arePrecompilesWarm = areWarm;
}

@inline
export function isAlwaysWarm(precompile: u32): bool {
  return arePrecompilesWarm && isInPlace(precompile);
}

/** The account that a word on the stack names. */
export function accountOnStack(word: usize): u32 {
  copyWord(ADDRESS, word);
  maskAddress(ADDRESS);
  return accountAt(ADDRESS);
}

/** What touching the account costs beyond the warm price; noticed, but not warmed yet. */
export function coldGas(account: u32, precompile: u32): i64 {
  if (!hasWarmSets() || isAlwaysWarm(precompile) || warmthOf(account) == transaction) return 0;
  // A report of what was touched has it even if the gas does not suffice.
  setSeenOf(account, transaction);
  return coldAccountGas();
}

/** For the report of what was touched: the account that a word on the stack names. */
export function noticeAccount(word: usize): void {
  if (isCrowded()) return;
  const account = accountOnStack(word);
  coldGas(account, precompileAt(ADDRESS));
}

@inline
export function warm(account: u32, precompile: u32): void {
  if (hasWarmSets() && !isAlwaysWarm(precompile)) warmAccount(account);
}

/** Number of the account's code; negative: the host must bring it. */
export function codeFor(account: u32): i32 {
  if (!hasCode(account)) return NO_CODE;
  const code = codeOf(account);
  if (isCodeThere(code)) return <i32>code;
  setAsked(account);
  return NEED_CODE;
}

/** Whether code is 0xef0100 and an address (EIP-7702). */
export function isDelegation(code: u32): bool {
  if (!hasDelegations() || codeLength(code) != 23) return false;
  return (load<u32>(codeBytes(code)) & 0xffffff) == 0x0001ef;
}

/** The account that delegation code names. There must be room. */
export function delegateOf(code: u32): u32 {
  loadAddress(codeBytes(code) + 3, ADDRESS);
  return accountAt(ADDRESS);
}

/** Finds the account for an instruction that reads it and pays for the touch. */
function reachAccount(word: usize, gas: i64): i64 {
  if (isCrowded()) return NEED_ROOM;
  found = accountOnStack(word);
  if (!isLoaded(found)) {
    setAsked(found);
    return NEED_ACCOUNT;
  }
  const precompile = precompileAt(ADDRESS);
  const left = gas - coldGas(found, precompile);
  if (left < 0) return OUT_OF_GAS;
  foundPrecompile = precompile;
  return left;
}

let found: u32 = 0;
let foundPrecompile: u32 = 0;

export function balance(sp: usize, gas: i64): i64 {
  const left = reachAccount(sp, gas);
  if (left < 0) return left;
  warm(found, foundPrecompile);
  copyWord(sp, balanceOf(found));
  return left;
}

export function extcodehash(sp: usize, gas: i64): i64 {
  const left = reachAccount(sp, gas);
  if (left < 0) return left;
  warm(found, foundPrecompile);
  if (isEmpty(found)) setSmall(sp, 0);
  else copyWord(sp, codeHashOf(found));
  return left;
}

export function extcodesize(sp: usize, gas: i64): i64 {
  const left = reachAccount(sp, gas);
  if (left < 0) return left;
  const code = codeFor(found);
  if (code < 0) return code;
  warm(found, foundPrecompile);
  setSmall(sp, codeLength(code));
  return left;
}

/** Address, place in memory, place in code, length. */
export function extcodecopy(sp: usize, gas: i64): i64 {
  let left = reachAccount(sp, gas);
  if (left < 0) return left;
  const code = codeFor(found);
  if (code < 0) return code;
  const length = sp - 96;
  left = reach(sp - 32, length, left);
  if (left < 0) return left;
  left -= wordsGas(length, 3);
  if (left < 0) return OUT_OF_GAS;
  warm(found, foundPrecompile);
  const bytes = load<u64>(length);
  if (bytes > 0) {
    const to = mem + <usize>load<u64>(sp - 32);
    copyPadded(to, codeBytes(code), codeLength(code), sp - 64, <usize>bytes);
  }
  return left;
}
