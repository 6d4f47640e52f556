/**
 * Logs of the running transaction, one after the other: account, number of topics, length of the data, and how many
 * logs there were before, rolled back or not, as u32; then topics and data as bytes, then zeros up to a multiple of
 * four.
 */
import { addressOf } from './accounts';
import { frame, IS_STATIC, relocate, SELF } from './frames';
import { allocate } from './heap';
import { NEED_ROOM, OUT_OF_GAS, WRITE_PROTECTION } from './layout';
import { mem, memSize, reach, shrinkTo } from './machine-memory';
import { storeAddress, storeBytes } from './word';

const HEAD: usize = 16;

let buffer: usize = 0;
let capacity: u32 = 0;
let wanted: u32 = 0;
export let logBytes: u32 = 0;
export let logCount: u32 = 0;
/** Those counted that were rolled back. */
export let logsMade: u32 = 0;

export function setUpLogs(size: usize): void {
  buffer = allocate(size);
  capacity = <u32>size;
}

/** For the next transaction. */
export function dropLogs(): void {
  forgetLogs(0, 0);
  logsMade = 0;
}

export function forgetLogs(bytes: u32, count: u32): void {
  logBytes = bytes;
  logCount = count;
}

@inline
export function logBuffer(): usize {
  return buffer;
}

/** Makes the room that the last NEED_ROOM of a LOG asked for. */
export function growLogs(): void {
  if (wanted <= capacity) return;
  const size = max<u32>(wanted, capacity * 2);
  const bigger = allocate(size);
  memory.copy(bigger, buffer, logBytes);
  buffer = bigger;
  capacity = <u32>size;
}

/** In place of the account of a log: what is logged is a transfer of value. */
const NO_ACCOUNT: u32 = 0xffffffff;
/** Sender, recipient and value, 32 bytes each, of which the first two are topics. */
const TRANSFER_SIZE: u32 = <u32>HEAD + 96;

let logsTransfers: bool = false;

/** Whether transfers of value are logged, until the next block. */
export function setLogsTransfers(on: bool): void {
  logsTransfers = on;
}

/** Among the logs, so that it goes with them if the frame fails. Moves the arena, so nothing may point into it. */
export function logTransfer(from: u32, to: u32, value: usize): void {
  if (!logsTransfers) return;
  wanted = logBytes + TRANSFER_SIZE;
  if (wanted > capacity) {
    growLogs();
    relocate();
  }
  const place = buffer + logBytes;
  memory.fill(place, 0, TRANSFER_SIZE);
  store<u32>(place, NO_ACCOUNT);
  store<u32>(place, 2, 4);
  store<u32>(place, 32, 8);
  store<u32>(place, logsMade++, 12);
  storeAddress(place + HEAD + 12, addressOf(from));
  storeAddress(place + HEAD + 44, addressOf(to));
  storeBytes(place + HEAD + 64, value);
  logBytes += TRANSFER_SIZE;
  ++logCount;
}

/** LOG0 to LOG4; gas left, or how it failed. */
export function log(sp: usize, topics: u32, gas: i64): i64 {
  if (load<u32>(frame, IS_STATIC) != 0) return WRITE_PROTECTION;
  const offset = sp;
  const length = sp - 32;
  const before = memSize;
  let left = reach(offset, length, gas);
  if (left < 0) return left;
  const bytes = load<u64>(length);
  left -= <i64>(bytes * 8);
  if (left < 0) return OUT_OF_GAS;
  const size = (HEAD + <usize>topics * 32 + <usize>bytes + 3) & ~3;
  wanted = logBytes + <u32>size;
  if (wanted > capacity) {
    shrinkTo(before);
    return NEED_ROOM;
  }
  const place = buffer + logBytes;
  store<u32>(place, load<u32>(frame, SELF));
  store<u32>(place, topics, 4);
  store<u32>(place, <u32>bytes, 8);
  store<u32>(place, logsMade++, 12);
  for (let i: u32 = 0; i < topics; ++i) {
    storeBytes(place + HEAD + <usize>i * 32, sp - 64 - <usize>i * 32);
  }
  const data = place + HEAD + <usize>topics * 32;
  if (bytes > 0) memory.copy(data, mem + <usize>load<u64>(offset), <usize>bytes);
  logBytes += <u32>size;
  ++logCount;
  return left;
}
