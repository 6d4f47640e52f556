/**
 * The loop over instructions of one frame.
 *
 * `OPCODES` holds for each byte value what is the same for every run of it: static gas in bits 0-15, the
 * fewest bytes of stack in 16-31, how many more are allowed in 32-47, and in 48-63 which case of the switch
 * it is (the byte itself, or 0xfe if the fork does not have it). So underflow, overflow and static gas are
 * checked once, above the switch, and forks are data.
 *
 * The switch must become one jump table: its cases are dense on purpose, and the build looks at what came
 * out. It is one function, and long, because the loop's variables have to stay in registers; what an
 * instruction does beyond a few lines is in the file of its group.
 */

import { balance, extcodecopy, extcodehash, extcodesize } from './account-access';
import { addressOf, balanceOf } from './accounts';
import { blockhash } from './block-hashes';
import { call } from './calls';
import { create, selfdestruct } from './creates';
import {
  ANNOUNCED,
  BASE,
  CALL,
  CALLCODE,
  CALLER,
  CODE,
  CODE_LENGTH,
  CREATE,
  CREATE2,
  DATA,
  DATA_LENGTH,
  DELEGATECALL,
  frame,
  GAS,
  PC,
  SELF,
  SP,
  STATICCALL,
  VALUE,
} from './frames';
import {
  BASE_FEE,
  BLOB_BASE_FEE,
  BLOB_COUNT,
  BLOB_HASHES,
  CHAIN_ID,
  COINBASE,
  ENTERED,
  GAS_LIMIT,
  GAS_PRICE,
  INVALID_JUMP,
  INVALID_OPCODE,
  NEED_ACCOUNT,
  NUMBER,
  OPCODES,
  ORIGIN,
  OUT_OF_GAS,
  PREV_RANDAO,
  RETURNED,
  REVERTED,
  SLICE,
  STACK_OVERFLOW,
  STACK_UNDERFLOW,
  STEP,
  STEP_OPCODES,
  STOPPED,
  TIMESTAMP,
} from './layout';
import { log } from './logs';
import {
  copyPadded,
  growTo,
  loadMemory,
  MOST_BYTES,
  mem,
  memSize,
  saveMemory,
} from './machine-memory';
import {
  copyIn,
  copyReturned,
  copyWithin,
  exponentiate,
  finish,
  hash,
} from './memory-instructions';
import {
  addModulo,
  divide,
  divideSigned,
  modulo,
  moduloSigned,
  multiply,
  multiplyModulo,
} from './multiply';
import { returnLength } from './return-data';
import { budget, setBudget, tracing } from './run-state';
import { dup, flag, isTarget, push, swap } from './stack';
import { sload, sstore, tload, tstore } from './storage';
import { noticeUnpaid } from './unpaid';
import {
  add,
  clamp,
  copyWord,
  equal,
  extendSign,
  isNegative,
  isSmall,
  isZero,
  leadingZeros,
  less,
  lessSigned,
  loadBytes,
  setSmall,
  shiftLeft,
  shiftRight,
  storeBytes,
  subtract,
} from './word';

/** Runs the frame on top until it ends, enters another, or needs something: see `layout.ts`. */
export function interpret(): i32 {
  loadMemory();
  const base = <usize>load<u32>(frame, BASE);
  const code = <usize>load<u32>(frame, CODE);
  const codeLength = load<u32>(frame, CODE_LENGTH);
  const table = (tracing & 1) != 0 ? STEP_OPCODES : OPCODES;
  let pc = <usize>load<u32>(frame, PC);
  let sp = <usize>load<u32>(frame, SP);
  let gas = load<i64>(frame, GAS);
  // Below this a jump, a hash or a copy ends the slice.
  let pauseAt = gas - budget;
  let status: i32 = 0;
  let left: i64 = 0;
  const first = load<u32>(frame, ANNOUNCED) != 0 ? OPCODES : table;
  store<u32>(frame, 0, ANNOUNCED);
  let entry = load<u64>(first + ((<usize>load<u8>(pc)) << 3));
  for (; ; entry = load<u64>(table + ((<usize>load<u8>(pc)) << 3))) {
    const depth = <u32>(sp - base);
    const fewest = <u32>(entry >> 16) & 0xffff;
    if (depth - fewest > (<u32>(entry >> 32) & 0xffff)) {
      status = depth < fewest ? STACK_UNDERFLOW : STACK_OVERFLOW;
      return stop(status, entry, pc, sp, gas, pauseAt);
    }
    gas -= <i64>(entry & 0xffff);
    if (gas < 0) {
      noticeUnpaid(<u32>(entry >> 48), sp);
      return stop(OUT_OF_GAS, entry, pc, sp, gas, pauseAt);
    }
    switch (<u32>(entry >> 48)) {
      case 0x00: // STOP
        status = STOPPED;
        break;
      case 0x01: // ADD
        add(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x02: // MUL
        multiply(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x03: // SUB
        subtract(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x04: // DIV
        divide(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x05: // SDIV
        divideSigned(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x06: // MOD
        modulo(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x07: // SMOD
        moduloSigned(sp, sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x08: // ADDMOD
        addModulo(sp, sp - 32, sp - 64, sp - 64);
        sp -= 64;
        ++pc;
        continue;
      case 0x09: // MULMOD
        multiplyModulo(sp, sp - 32, sp - 64, sp - 64);
        sp -= 64;
        ++pc;
        continue;
      case 0x0a: // EXP
        left = exponentiate(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 32;
        ++pc;
        continue;
      case 0x0b: // SIGNEXTEND
        if (clamp(sp) < 31) extendSign(<u32>load<u64>(sp), sp - 32, sp - 32);
        sp -= 32;
        ++pc;
        continue;
      case 0x10: // LT
        flag(sp - 32, less(sp, sp - 32));
        sp -= 32;
        ++pc;
        continue;
      case 0x11: // GT
        flag(sp - 32, less(sp - 32, sp));
        sp -= 32;
        ++pc;
        continue;
      case 0x12: // SLT
        flag(sp - 32, lessSigned(sp, sp - 32));
        sp -= 32;
        ++pc;
        continue;
      case 0x13: // SGT
        flag(sp - 32, lessSigned(sp - 32, sp));
        sp -= 32;
        ++pc;
        continue;
      case 0x14: // EQ
        flag(sp - 32, equal(sp, sp - 32));
        sp -= 32;
        ++pc;
        continue;
      case 0x15: // ISZERO
        flag(sp, isZero(sp));
        ++pc;
        continue;
      case 0x16: // AND
        v128.store(sp - 32, v128.and(v128.load(sp), v128.load(sp - 32)));
        v128.store(sp - 32, v128.and(v128.load(sp, 16), v128.load(sp - 32, 16)), 16);
        sp -= 32;
        ++pc;
        continue;
      case 0x17: // OR
        v128.store(sp - 32, v128.or(v128.load(sp), v128.load(sp - 32)));
        v128.store(sp - 32, v128.or(v128.load(sp, 16), v128.load(sp - 32, 16)), 16);
        sp -= 32;
        ++pc;
        continue;
      case 0x18: // XOR
        v128.store(sp - 32, v128.xor(v128.load(sp), v128.load(sp - 32)));
        v128.store(sp - 32, v128.xor(v128.load(sp, 16), v128.load(sp - 32, 16)), 16);
        sp -= 32;
        ++pc;
        continue;
      case 0x19: // NOT
        v128.store(sp, v128.not(v128.load(sp)));
        v128.store(sp, v128.not(v128.load(sp, 16)), 16);
        ++pc;
        continue;
      case 0x1a: // BYTE
        left = clamp(sp) < 32 ? <i64>load<u8>(sp - 1 - <usize>load<u64>(sp)) : 0;
        setSmall(sp - 32, left);
        sp -= 32;
        ++pc;
        continue;
      case 0x1b: // SHL
        if (clamp(sp) < 256) shiftLeft(sp - 32, <u32>load<u64>(sp), sp - 32);
        else setSmall(sp - 32, 0);
        sp -= 32;
        ++pc;
        continue;
      case 0x1c: // SHR
        if (clamp(sp) < 256) shiftRight(sp - 32, <u32>load<u64>(sp), 0, sp - 32);
        else setSmall(sp - 32, 0);
        sp -= 32;
        ++pc;
        continue;
      case 0x1d: // SAR
        left = isNegative(sp - 32) ? -1 : 0;
        if (clamp(sp) < 256) shiftRight(sp - 32, <u32>load<u64>(sp), left, sp - 32);
        else v128.store(sp - 32, i64x2.splat(left)), v128.store(sp - 32, i64x2.splat(left), 16);
        sp -= 32;
        ++pc;
        continue;
      case 0x1e: // CLZ
        setSmall(sp, leadingZeros(sp));
        ++pc;
        continue;
      case 0x20: // KECCAK256
        left = hash(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 32;
        ++pc;
        if (gas >= pauseAt) continue;
        status = SLICE;
        break;
      case 0x30: // ADDRESS
        sp += 32;
        copyWord(sp, addressOf(load<u32>(frame, SELF)));
        ++pc;
        continue;
      case 0x31: // BALANCE
        left = balance(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        ++pc;
        continue;
      case 0x32: // ORIGIN
        sp += 32;
        copyWord(sp, ORIGIN);
        ++pc;
        continue;
      case 0x33: // CALLER
        sp += 32;
        copyWord(sp, addressOf(load<u32>(frame, CALLER)));
        ++pc;
        continue;
      case 0x34: // CALLVALUE
        sp += 32;
        copyWord(sp, frame + VALUE);
        ++pc;
        continue;
      case 0x35: // CALLDATALOAD
        left = load<u32>(frame, DATA_LENGTH);
        if (isSmall(sp) && load<u64>(sp) <= <u64>left - 32 && left >= 32) {
          loadBytes(<usize>load<u32>(frame, DATA) + <usize>load<u64>(sp), sp);
        } else {
          copyPadded(sp, load<u32>(frame, DATA), left, sp, 32);
          loadBytes(sp, sp);
        }
        ++pc;
        continue;
      case 0x36: // CALLDATASIZE
        sp += 32;
        setSmall(sp, load<u32>(frame, DATA_LENGTH));
        ++pc;
        continue;
      case 0x37: // CALLDATACOPY
        left = copyIn(sp, load<u32>(frame, DATA), load<u32>(frame, DATA_LENGTH), gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 96;
        ++pc;
        continue;
      case 0x38: // CODESIZE
        sp += 32;
        setSmall(sp, codeLength);
        ++pc;
        continue;
      case 0x39: // CODECOPY
        left = copyIn(sp, code, codeLength, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 96;
        ++pc;
        continue;
      case 0x3a: // GASPRICE
        sp += 32;
        copyWord(sp, GAS_PRICE);
        ++pc;
        continue;
      case 0x3b: // EXTCODESIZE
        left = extcodesize(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        ++pc;
        continue;
      case 0x3c: // EXTCODECOPY
        left = extcodecopy(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 128;
        ++pc;
        continue;
      case 0x3d: // RETURNDATASIZE
        sp += 32;
        setSmall(sp, returnLength);
        ++pc;
        continue;
      case 0x3e: // RETURNDATACOPY
        left = copyReturned(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 96;
        ++pc;
        continue;
      case 0x3f: // EXTCODEHASH
        left = extcodehash(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        ++pc;
        continue;
      case 0x40: // BLOCKHASH
        status = blockhash(sp);
        if (status != 0) break;
        ++pc;
        continue;
      case 0x41: // COINBASE
        sp += 32;
        copyWord(sp, COINBASE);
        ++pc;
        continue;
      case 0x42: // TIMESTAMP
        sp += 32;
        copyWord(sp, TIMESTAMP);
        ++pc;
        continue;
      case 0x43: // NUMBER
        sp += 32;
        copyWord(sp, NUMBER);
        ++pc;
        continue;
      case 0x44: // PREVRANDAO
        sp += 32;
        copyWord(sp, PREV_RANDAO);
        ++pc;
        continue;
      case 0x45: // GASLIMIT
        sp += 32;
        copyWord(sp, GAS_LIMIT);
        ++pc;
        continue;
      case 0x46: // CHAINID
        sp += 32;
        copyWord(sp, CHAIN_ID);
        ++pc;
        continue;
      case 0x47: // SELFBALANCE
        sp += 32;
        copyWord(sp, balanceOf(load<u32>(frame, SELF)));
        ++pc;
        continue;
      case 0x48: // BASEFEE
        sp += 32;
        copyWord(sp, BASE_FEE);
        ++pc;
        continue;
      case 0x49: // BLOBHASH
        if (clamp(sp) < <u64>load<u32>(BLOB_COUNT))
          copyWord(sp, BLOB_HASHES + ((<usize>load<u64>(sp)) << 5));
        else setSmall(sp, 0);
        ++pc;
        continue;
      case 0x4a: // BLOBBASEFEE
        sp += 32;
        copyWord(sp, BLOB_BASE_FEE);
        ++pc;
        continue;
      case 0x50: // POP
        sp -= 32;
        ++pc;
        continue;
      case 0x51: // MLOAD
        left = clamp(sp);
        if (<u64>left + 32 > memSize || <u64>left > memSize) {
          left = <u64>left > MOST_BYTES ? OUT_OF_GAS : growTo(<u64>left + 32, gas);
          if (left < 0) {
            status = <i32>left;
            break;
          }
          gas = left;
        }
        loadBytes(mem + <usize>load<u64>(sp), sp);
        ++pc;
        continue;
      case 0x52: // MSTORE
        left = clamp(sp);
        if (<u64>left + 32 > memSize || <u64>left > memSize) {
          left = <u64>left > MOST_BYTES ? OUT_OF_GAS : growTo(<u64>left + 32, gas);
          if (left < 0) {
            status = <i32>left;
            break;
          }
          gas = left;
        }
        storeBytes(mem + <usize>load<u64>(sp), sp - 32);
        sp -= 64;
        ++pc;
        continue;
      case 0x53: // MSTORE8
        left = clamp(sp);
        if (<u64>left + 1 > memSize || <u64>left > memSize) {
          left = <u64>left > MOST_BYTES ? OUT_OF_GAS : growTo(<u64>left + 1, gas);
          if (left < 0) {
            status = <i32>left;
            break;
          }
          gas = left;
        }
        store<u8>(mem + <usize>load<u64>(sp), load<u8>(sp - 32));
        sp -= 64;
        ++pc;
        continue;
      case 0x54: // SLOAD
        left = sload(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        ++pc;
        continue;
      case 0x55: // SSTORE
        left = sstore(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 64;
        ++pc;
        continue;
      case 0x56: // JUMP
        if (!isTarget(sp, code, codeLength)) {
          status = INVALID_JUMP;
          break;
        }
        pc = code + <usize>load<u64>(sp);
        sp -= 32;
        if (gas >= pauseAt) continue;
        status = SLICE;
        break;
      case 0x57: // JUMPI
        if (isZero(sp - 32)) {
          sp -= 64;
          ++pc;
          continue;
        }
        if (!isTarget(sp, code, codeLength)) {
          status = INVALID_JUMP;
          break;
        }
        pc = code + <usize>load<u64>(sp);
        sp -= 64;
        if (gas >= pauseAt) continue;
        status = SLICE;
        break;
      case 0x58: // PC
        sp += 32;
        setSmall(sp, pc - code);
        ++pc;
        continue;
      case 0x59: // MSIZE
        sp += 32;
        setSmall(sp, memSize);
        ++pc;
        continue;
      case 0x5a: // GAS
        sp += 32;
        setSmall(sp, gas);
        ++pc;
        continue;
      case 0x5b: // JUMPDEST
        ++pc;
        continue;
      case 0x5c: // TLOAD
        status = tload(sp);
        if (status != 0) break;
        ++pc;
        continue;
      case 0x5d: // TSTORE
        status = tstore(sp);
        if (status != 0) break;
        sp -= 64;
        ++pc;
        continue;
      case 0x5e: // MCOPY
        left = copyWithin(sp, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 96;
        ++pc;
        if (gas >= pauseAt) continue;
        status = SLICE;
        break;
      case 0x5f: // PUSH0
        sp += 32;
        setSmall(sp, 0);
        ++pc;
        continue;
      case 0x60: // PUSH1
        sp += 32;
        setSmall(sp, load<u8>(pc, 1));
        pc += 2;
        continue;
      case 0x61: // PUSH2
        sp += 32;
        push(sp, pc, 2);
        pc += 3;
        continue;
      case 0x62: // PUSH3
        sp += 32;
        push(sp, pc, 3);
        pc += 4;
        continue;
      case 0x63: // PUSH4
        sp += 32;
        push(sp, pc, 4);
        pc += 5;
        continue;
      case 0x64: // PUSH5
        sp += 32;
        push(sp, pc, 5);
        pc += 6;
        continue;
      case 0x65: // PUSH6
        sp += 32;
        push(sp, pc, 6);
        pc += 7;
        continue;
      case 0x66: // PUSH7
        sp += 32;
        push(sp, pc, 7);
        pc += 8;
        continue;
      case 0x67: // PUSH8
        sp += 32;
        push(sp, pc, 8);
        pc += 9;
        continue;
      case 0x68: // PUSH9
        sp += 32;
        push(sp, pc, 9);
        pc += 10;
        continue;
      case 0x69: // PUSH10
        sp += 32;
        push(sp, pc, 10);
        pc += 11;
        continue;
      case 0x6a: // PUSH11
        sp += 32;
        push(sp, pc, 11);
        pc += 12;
        continue;
      case 0x6b: // PUSH12
        sp += 32;
        push(sp, pc, 12);
        pc += 13;
        continue;
      case 0x6c: // PUSH13
        sp += 32;
        push(sp, pc, 13);
        pc += 14;
        continue;
      case 0x6d: // PUSH14
        sp += 32;
        push(sp, pc, 14);
        pc += 15;
        continue;
      case 0x6e: // PUSH15
        sp += 32;
        push(sp, pc, 15);
        pc += 16;
        continue;
      case 0x6f: // PUSH16
        sp += 32;
        push(sp, pc, 16);
        pc += 17;
        continue;
      case 0x70: // PUSH17
        sp += 32;
        push(sp, pc, 17);
        pc += 18;
        continue;
      case 0x71: // PUSH18
        sp += 32;
        push(sp, pc, 18);
        pc += 19;
        continue;
      case 0x72: // PUSH19
        sp += 32;
        push(sp, pc, 19);
        pc += 20;
        continue;
      case 0x73: // PUSH20
        sp += 32;
        push(sp, pc, 20);
        pc += 21;
        continue;
      case 0x74: // PUSH21
        sp += 32;
        push(sp, pc, 21);
        pc += 22;
        continue;
      case 0x75: // PUSH22
        sp += 32;
        push(sp, pc, 22);
        pc += 23;
        continue;
      case 0x76: // PUSH23
        sp += 32;
        push(sp, pc, 23);
        pc += 24;
        continue;
      case 0x77: // PUSH24
        sp += 32;
        push(sp, pc, 24);
        pc += 25;
        continue;
      case 0x78: // PUSH25
        sp += 32;
        push(sp, pc, 25);
        pc += 26;
        continue;
      case 0x79: // PUSH26
        sp += 32;
        push(sp, pc, 26);
        pc += 27;
        continue;
      case 0x7a: // PUSH27
        sp += 32;
        push(sp, pc, 27);
        pc += 28;
        continue;
      case 0x7b: // PUSH28
        sp += 32;
        push(sp, pc, 28);
        pc += 29;
        continue;
      case 0x7c: // PUSH29
        sp += 32;
        push(sp, pc, 29);
        pc += 30;
        continue;
      case 0x7d: // PUSH30
        sp += 32;
        push(sp, pc, 30);
        pc += 31;
        continue;
      case 0x7e: // PUSH31
        sp += 32;
        push(sp, pc, 31);
        pc += 32;
        continue;
      case 0x7f: // PUSH32
        sp += 32;
        push(sp, pc, 32);
        pc += 33;
        continue;
      case 0x80: // DUP1
        dup(sp, 1);
        sp += 32;
        ++pc;
        continue;
      case 0x81: // DUP2
        dup(sp, 2);
        sp += 32;
        ++pc;
        continue;
      case 0x82: // DUP3
        dup(sp, 3);
        sp += 32;
        ++pc;
        continue;
      case 0x83: // DUP4
        dup(sp, 4);
        sp += 32;
        ++pc;
        continue;
      case 0x84: // DUP5
        dup(sp, 5);
        sp += 32;
        ++pc;
        continue;
      case 0x85: // DUP6
        dup(sp, 6);
        sp += 32;
        ++pc;
        continue;
      case 0x86: // DUP7
        dup(sp, 7);
        sp += 32;
        ++pc;
        continue;
      case 0x87: // DUP8
        dup(sp, 8);
        sp += 32;
        ++pc;
        continue;
      case 0x88: // DUP9
        dup(sp, 9);
        sp += 32;
        ++pc;
        continue;
      case 0x89: // DUP10
        dup(sp, 10);
        sp += 32;
        ++pc;
        continue;
      case 0x8a: // DUP11
        dup(sp, 11);
        sp += 32;
        ++pc;
        continue;
      case 0x8b: // DUP12
        dup(sp, 12);
        sp += 32;
        ++pc;
        continue;
      case 0x8c: // DUP13
        dup(sp, 13);
        sp += 32;
        ++pc;
        continue;
      case 0x8d: // DUP14
        dup(sp, 14);
        sp += 32;
        ++pc;
        continue;
      case 0x8e: // DUP15
        dup(sp, 15);
        sp += 32;
        ++pc;
        continue;
      case 0x8f: // DUP16
        dup(sp, 16);
        sp += 32;
        ++pc;
        continue;
      case 0x90: // SWAP1
        swap(sp, 1);
        ++pc;
        continue;
      case 0x91: // SWAP2
        swap(sp, 2);
        ++pc;
        continue;
      case 0x92: // SWAP3
        swap(sp, 3);
        ++pc;
        continue;
      case 0x93: // SWAP4
        swap(sp, 4);
        ++pc;
        continue;
      case 0x94: // SWAP5
        swap(sp, 5);
        ++pc;
        continue;
      case 0x95: // SWAP6
        swap(sp, 6);
        ++pc;
        continue;
      case 0x96: // SWAP7
        swap(sp, 7);
        ++pc;
        continue;
      case 0x97: // SWAP8
        swap(sp, 8);
        ++pc;
        continue;
      case 0x98: // SWAP9
        swap(sp, 9);
        ++pc;
        continue;
      case 0x99: // SWAP10
        swap(sp, 10);
        ++pc;
        continue;
      case 0x9a: // SWAP11
        swap(sp, 11);
        ++pc;
        continue;
      case 0x9b: // SWAP12
        swap(sp, 12);
        ++pc;
        continue;
      case 0x9c: // SWAP13
        swap(sp, 13);
        ++pc;
        continue;
      case 0x9d: // SWAP14
        swap(sp, 14);
        ++pc;
        continue;
      case 0x9e: // SWAP15
        swap(sp, 15);
        ++pc;
        continue;
      case 0x9f: // SWAP16
        swap(sp, 16);
        ++pc;
        continue;
      case 0xa0: // LOG0
        left = log(sp, 0, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 64;
        ++pc;
        continue;
      case 0xa1: // LOG1
        left = log(sp, 1, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 96;
        ++pc;
        continue;
      case 0xa2: // LOG2
        left = log(sp, 2, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 128;
        ++pc;
        continue;
      case 0xa3: // LOG3
        left = log(sp, 3, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 160;
        ++pc;
        continue;
      case 0xa4: // LOG4
        left = log(sp, 4, gas);
        if (left < 0) {
          status = <i32>left;
          break;
        }
        gas = left;
        sp -= 192;
        ++pc;
        continue;
      case 0xf0: // CREATE
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = create(CREATE);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xf1: // CALL
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = call(CALL);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xf2: // CALLCODE
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = call(CALLCODE);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xf3: // RETURN
        left = finish(sp, gas);
        status = left < 0 ? <i32>left : RETURNED;
        gas = left;
        break;
      case 0xf4: // DELEGATECALL
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = call(DELEGATECALL);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xf5: // CREATE2
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = create(CREATE2);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xfa: // STATICCALL
        store<u32>(frame, pc + 1, PC);
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        left = gas - pauseAt;
        status = call(STATICCALL);
        if (status != 0) break;
        sp = load<u32>(frame, SP);
        gas = load<i64>(frame, GAS);
        pauseAt = gas - left;
        ++pc;
        continue;
      case 0xfb: // announce (tracing)
        store<u32>(frame, 1, ANNOUNCED);
        status = STEP;
        break;
      case 0xfd: // REVERT
        left = finish(sp, gas);
        status = left < 0 ? <i32>left : REVERTED;
        gas = left;
        break;
      case 0xff: // SELFDESTRUCT
        store<u32>(frame, sp, SP);
        store<i64>(frame, gas, GAS);
        status = selfdestruct();
        gas = load<i64>(frame, GAS);
        break;
      default: // INVALID, and what the fork does not have
        status = INVALID_OPCODE;
        break;
    }
    return stop(status, entry, pc, sp, gas, pauseAt);
  }
}

/** Leaves the loop: saves what another `interpret` goes on with. */
function stop(status: i32, entry: u64, pc: usize, sp: usize, gas: i64, pauseAt: i64): i32 {
  setBudget(gas - pauseAt);
  if (status == ENTERED) return status;
  let left = gas;
  if (status <= NEED_ACCOUNT && status > STOPPED) {
    // It did not happen yet: the same instruction runs again, with the gas it found.
    left += <i64>(entry & 0xffff);
    store<u32>(frame, tracing & 1, ANNOUNCED);
  }
  store<u32>(frame, pc, PC);
  store<u32>(frame, sp, SP);
  store<i64>(frame, left, GAS);
  saveMemory();
  return status;
}
