/** For the host: messages begun and run, precompiles answered, results read. */
import { precompileAt, precompileNumber } from './account-access';
import { accountAt, addressOf } from './accounts';
import { writeBloom } from './bloom';
import { delegate, enter, resolveCode, useCode } from './calls';
import { footprint } from './codes';
import { addressByNonce, begin, isTaken } from './creates';
import { gasLeft, leave } from './endings';
import { hasWarmSets } from './fork-rules';
import {
  CALL,
  CODE_ACCOUNT,
  CREATE,
  DATA,
  DATA_LENGTH,
  GAS,
  PRECOMPILE,
  VALUE,
  frame,
  frameCount,
  relocate,
} from './frames';
import { arenaBase, ensureMemory, setArenaTop } from './heap';
import { warmUnseen } from './host-blocks';
import { interpret } from './interpret';
import { journalLength, rollBack, settle, transfer } from './journal';
import { keccakBytes } from './keccak';
import {
  COLLISION,
  DONE,
  ENTERED,
  FRAME_ENTERED,
  FRAME_LEFT,
  INPUT,
  NEED_ACCOUNT,
  NEED_MEMORY,
  NEED_PRECOMPILE,
  NEED_ROOM,
  OUTPUT,
  OUT_OF_GAS,
  PRECOMPILE_FAILED,
  RETURNED,
  SCRATCH,
  SLICE,
  STEP,
  STOPPED,
} from './layout';
import { logBuffer, logBytes, logCount, logsMade } from './logs';
import { reserveReturnData, returnBytes, returnLength } from './return-data';
import {
  asked,
  budget,
  ending,
  isCrowded,
  makeRoom,
  refund,
  setBudget,
  setTracing,
  tracing,
} from './run-state';
import { copyWord } from './word';

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
  if (hasWarmSets() && named >= 0) warmUnseen(named);
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
  store<u32>(OUTPUT, precompileNumber(load<u32>(frame, PRECOMPILE)), 8);
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

/** Those counted that were rolled back. */
export function logsEver(): u32 {
  return logsMade;
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
