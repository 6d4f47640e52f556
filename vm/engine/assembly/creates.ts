/** CREATE and CREATE2, the address that they give, and SELFDESTRUCT. */

import { accountOnStack, coldGas, precompileAt, warm } from './account-access';
import {
  accountAt,
  addressOf,
  balanceOf,
  CREATED,
  DESTROYED,
  EXISTS,
  flagsOf,
  HAS_STORAGE,
  hasCode,
  isEmpty,
  isLoaded,
  nonceOf,
} from './accounts';
import { enter } from './calls';
import { footprint, layOut } from './codes';
import {
  destroysOnlyNew,
  initcodeSizeLimit,
  initcodeWordGas,
  selfdestructRefund,
  warmGas,
} from './fork-rules';
import {
  CODE,
  CODE_ACCOUNT,
  CODE_LENGTH,
  CREATE,
  CREATE2,
  frame,
  frameCount,
  GAS,
  IS_STATIC,
  MEM,
  PC,
  SELF,
  SP,
  VALUE,
} from './frames';
import { arenaTop, ensureMemory, setArenaTop } from './heap';
import { changeBalance, changeNonce, raiseFlags, transfer } from './journal';
import { keccakBytes } from './keccak';
import {
  DEPTH_LIMIT,
  ENTERED,
  INITCODE_SIZE,
  NEED_ACCOUNT,
  NEED_MEMORY,
  NEED_ROOM,
  OUT_OF_GAS,
  SCRATCH,
  STOPPED,
  WRITE_PROTECTION,
} from './layout';
import { mem, memSize, reach, saveMemory, shrinkTo, wordsGas } from './machine-memory';
import { clearReturnData } from './return-data';
import { isCrowded, refund, setAsked, setRefund } from './run-state';
import { copyWord, isZero, less, loadAddress, setSmall, storeAddress, storeBytes } from './word';

const NEW_ACCOUNT_GAS: i64 = 25000;
const ADDRESS: usize = SCRATCH + 64;
const PREIMAGE: usize = SCRATCH + 128;
const DIGEST: usize = SCRATCH + 256;

/** Zero: nothing was created and the next instruction follows. */
export function create(kind: u32): i32 {
  if (load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  if (isCrowded()) return NEED_ROOM;
  const sp = <usize>load<u32>(frame, SP);
  const offset = sp - 32;
  const length = sp - 64;
  const before = memSize;
  let left = reach(offset, length, load<i64>(frame, GAS));
  if (left < 0) return <i32>left;
  const size = <usize>load<u64>(length);
  if (size > initcodeSizeLimit()) return INITCODE_SIZE;
  left -= wordsGas(length, initcodeWordGas() + (kind == CREATE2 ? 6 : 0));
  if (left < 0) return OUT_OF_GAS;

  const self = load<u32>(frame, SELF);
  const result = kind == CREATE2 ? sp - 96 : sp - 64;
  const initcode: usize = size == 0 ? 0 : mem + <usize>load<u64>(offset);
  const canPay = !less(balanceOf(self), sp);
  if (!canPay || nonceOf(self) == u64.MAX_VALUE || frameCount > DEPTH_LIMIT) {
    return giveUp(result, left);
  }
  if (kind == CREATE) addressByNonce(self, nonceOf(self));
  else addressBySalt(self, sp - 96, initcode, size);
  const made = accountAt(ADDRESS);
  if (!isLoaded(made)) {
    setAsked(made);
    shrinkTo(before);
    return NEED_ACCOUNT;
  }
  const place = arenaTop;
  if (!ensureMemory(<u64>place + footprint(size))) return NEED_MEMORY;

  clearReturnData();
  warm(made, 0);
  changeNonce(self, nonceOf(self) + 1);
  const given = left - left / 64;
  left -= given;
  if (isTaken(made)) return giveUp(result, left);
  saveMemory();
  store<i64>(frame, left, GAS);
  store<u32>(frame, result - 32, SP);
  copyWord(SCRATCH, sp);
  begin(kind, made, self, given, initcode, size);
  return ENTERED;
}

function giveUp(result: usize, left: i64): i32 {
  clearReturnData();
  saveMemory();
  store<i64>(frame, left, GAS);
  store<u32>(frame, result, SP);
  setSmall(result, 0);
  return 0;
}

/** EIP-684, EIP-7610: an address with nonce, code or storage cannot be created again. */
export function isTaken(account: u32): bool {
  return nonceOf(account) != 0 || hasCode(account) || (flagsOf(account) & HAS_STORAGE) != 0;
}

/** Pushes the frame that runs initcode, with the value at SCRATCH. The arena must have room. */
export function begin(
  kind: u32,
  made: u32,
  creator: u32,
  gas: i64,
  initcode: usize,
  size: usize,
): void {
  const place = arenaTop;
  enter(kind, made, creator, gas);
  const bytes = layOut(place, initcode, size);
  setArenaTop(place + footprint(size));
  store<u32>(frame, arenaTop, MEM);
  store<u32>(frame, bytes, CODE);
  store<u32>(frame, bytes, PC);
  store<u32>(frame, size, CODE_LENGTH);
  store<u32>(frame, made, CODE_ACCOUNT);
  copyWord(frame + VALUE, SCRATCH);
  raiseFlags(made, CREATED | EXISTS);
  changeNonce(made, 1);
  if (!isZero(SCRATCH)) transfer(creator, made, frame + VALUE);
}

/** The low 20 bytes of keccak(rlp([creator, nonce])) as a word at ADDRESS. */
export function addressByNonce(creator: u32, nonce: u64): usize {
  let digits: usize = 0;
  for (let rest = nonce; rest != 0; rest >>= 8) ++digits;
  const nonceLength: usize = nonce < 0x80 ? 1 : 1 + digits;
  store<u8>(PREIMAGE, <u8>(0xc0 + 21 + nonceLength));
  store<u8>(PREIMAGE, 0x94, 1);
  storeAddress(PREIMAGE + 2, addressOf(creator));
  if (nonce == 0) store<u8>(PREIMAGE, 0x80, 22);
  else if (nonce < 0x80) store<u8>(PREIMAGE, <u8>nonce, 22);
  else {
    store<u8>(PREIMAGE, <u8>(0x80 + digits), 22);
    for (let i: usize = 0; i < digits; ++i) {
      store<u8>(PREIMAGE + 23 + i, <u8>(nonce >> ((<u64>(digits - 1 - i)) << 3)));
    }
  }
  keccakBytes(PREIMAGE, 22 + nonceLength, DIGEST);
  loadAddress(DIGEST + 12, ADDRESS);
  return ADDRESS;
}

/** The low 20 bytes of keccak(0xff, creator, salt, keccak(initcode)) (EIP-1014). */
function addressBySalt(creator: u32, salt: usize, initcode: usize, size: usize): void {
  store<u8>(PREIMAGE, 0xff);
  storeAddress(PREIMAGE + 1, addressOf(creator));
  storeBytes(PREIMAGE + 21, salt);
  keccakBytes(initcode, size, PREIMAGE + 53);
  keccakBytes(PREIMAGE, 85, DIGEST);
  loadAddress(DIGEST + 12, ADDRESS);
}

/** STOPPED if it worked. */
export function selfdestruct(): i32 {
  if (load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  if (isCrowded()) return NEED_ROOM;
  const heir = accountOnStack(load<u32>(frame, SP));
  if (!isLoaded(heir)) {
    setAsked(heir);
    return NEED_ACCOUNT;
  }
  const self = load<u32>(frame, SELF);
  const precompile = precompileAt(addressOf(heir));
  const cold = coldGas(heir, precompile);
  let left = load<i64>(frame, GAS);
  if (cold > 0) left -= cold + warmGas();
  if (!isZero(balanceOf(self)) && isEmpty(heir)) left -= NEW_ACCOUNT_GAS;
  if (left < 0) return OUT_OF_GAS;
  store<i64>(frame, left, GAS);
  warm(heir, precompile);
  copyWord(SCRATCH, balanceOf(self));
  if (heir != self) transfer(self, heir, SCRATCH);
  const flags = flagsOf(self);
  if (destroysOnlyNew() && (flags & CREATED) == 0) return STOPPED;
  if (heir == self) {
    changeBalance(self);
    setSmall(balanceOf(self), 0);
  }
  if ((flags & DESTROYED) == 0) setRefund(refund + selfdestructRefund());
  raiseFlags(self, DESTROYED);
  return STOPPED;
}
