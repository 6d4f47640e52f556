/** How a frame ends: code is deposited, changes stay or go, gas and data return to the frame below. */
import { addressOf, codeHashOf, setCodeOf } from './accounts';
import { addCode, codeBytes, markJumps } from './codes';
import { codeSizeLimit, refusesEf } from './fork-rules';
import {
  ARENA_START,
  CREATE,
  frame,
  frameCount,
  GAS,
  JOURNAL_MARK,
  KIND,
  LOG_COUNT,
  LOG_MARK,
  MEM,
  PRECOMPILE,
  popFrame,
  REFUND_MARK,
  RET_LENGTH,
  RET_OFFSET,
  relocate,
  SELF,
  SP,
} from './frames';
import { setArenaTop } from './heap';
import { changeCode, rollBack } from './journal';
import { keccakWord } from './keccak';
import {
  CODE_PREFIX,
  CODE_SIZE,
  CODE_STORE_OUT_OF_GAS,
  RETURNED,
  REVERTED,
  STOPPED,
} from './layout';
import { forgetLogs } from './logs';
import { clearReturnData, reserveReturnData, returnBytes, returnLength } from './return-data';
import { setEnding, setRefund } from './run-state';
import { copyWord, setSmall } from './word';

const CODE_BYTE_GAS: i64 = 200;

/** What RETURN or REVERT hands over, as an offset into the frame's memory. */
export let outOffset: usize = 0;
export let outLength: usize = 0;
/** Gas that the frame had left which ended last. */
export let gasLeft: i64 = 0;

export function setOut(offset: usize, length: usize): void {
  outOffset = offset;
  outLength = length;
}

/** Ends the frame on top; true if it was the outermost. `status` is final: see `ending`. */
export function leave(reached: i32): bool {
  let status = reached;
  const isCreate = load<u32>(frame, KIND) >= CREATE;
  if (status == STOPPED) outLength = 0;
  if (isCreate && (status == STOPPED || status == RETURNED)) status = deposit(status);
  let left = load<i64>(frame, GAS);
  if (status > REVERTED && status != STOPPED && status != RETURNED) {
    outLength = 0;
    left = 0;
  }
  const succeeded = status == STOPPED || status == RETURNED;
  if (!succeeded) {
    rollBack(load<u32>(frame, JOURNAL_MARK));
    forgetLogs(load<u32>(frame, LOG_MARK), load<u32>(frame, LOG_COUNT));
    setRefund(load<i64>(frame, REFUND_MARK));
  }
  const isOutermost = frameCount == 1;
  // What created code returned is the code; only whoever sent the transaction is told.
  if (isCreate && succeeded && !isOutermost) clearReturnData();
  // What a precompile returned was put in its place by the host.
  else if (!succeeded || load<u32>(frame, PRECOMPILE) == 0) handOver();
  setEnding(status);
  const self = load<u32>(frame, SELF);
  const retOffset = load<u32>(frame, RET_OFFSET);
  const retLength = load<u32>(frame, RET_LENGTH);
  setArenaTop(load<u32>(frame, ARENA_START));
  popFrame();
  gasLeft = left;
  if (isOutermost) return true;
  store<i64>(frame, load<i64>(frame, GAS) + left, GAS);
  const sp = <usize>load<u32>(frame, SP) + 32;
  store<u32>(frame, sp, SP);
  if (!succeeded) setSmall(sp, 0);
  else if (isCreate) copyWord(sp, addressOf(self));
  else setSmall(sp, 1);
  const copied = min<u32>(retLength, returnLength);
  if (!isCreate && copied > 0) {
    memory.copy(<usize>load<u32>(frame, MEM) + retOffset, returnBytes(), copied);
  }
  return false;
}

/** Moves what the frame hands over out of its memory, which may move meanwhile. */
function handOver(): void {
  const to = reserveReturnData(outLength);
  relocate();
  if (outLength > 0) memory.copy(to, <usize>load<u32>(frame, MEM) + outOffset, outLength);
}

/** Stores what initcode returned as the code of the new account. */
function deposit(status: i32): i32 {
  const length = outLength;
  if (length > codeSizeLimit()) return CODE_SIZE;
  const from = <usize>load<u32>(frame, MEM) + outOffset;
  if (length > 0 && refusesEf() && load<u8>(from) == 0xef) return CODE_PREFIX;
  const left = load<i64>(frame, GAS) - <i64>length * CODE_BYTE_GAS;
  if (left < 0) return CODE_STORE_OUT_OF_GAS;
  store<i64>(frame, left, GAS);
  if (length == 0) return status;
  const self = load<u32>(frame, SELF);
  const code = addCode(length, true);
  relocate();
  const bytes = codeBytes(code);
  memory.copy(bytes, <usize>load<u32>(frame, MEM) + outOffset, length);
  markJumps(bytes, length);
  changeCode(self);
  setCodeOf(self, code);
  keccakWord(bytes, length, codeHashOf(self));
  return status;
}
