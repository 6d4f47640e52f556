/**
 * Logs of the running transaction, one after the other: account, number of topics and length of the data as
 * u32, then topics and data as bytes, then zeros up to a multiple of four.
 */
import { frame, IS_STATIC, SELF } from './frames';
import { allocate } from './heap';
import { NEED_ROOM, OUT_OF_GAS, WRITE_PROTECTION } from './layout';
import { mem, memSize, reach, shrinkTo } from './machine-memory';
import { storeBytes } from './word';

const HEAD: usize = 12;

let buffer: usize = 0;
let capacity: u32 = 0;
let wanted: u32 = 0;
export let logBytes: u32 = 0;
export let logCount: u32 = 0;

export function setUpLogs(size: usize): void {
  buffer = allocate(size);
  capacity = <u32>size;
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
  for (let i: u32 = 0; i < topics; ++i) {
    storeBytes(place + HEAD + <usize>i * 32, sp - 64 - <usize>i * 32);
  }
  const data = place + HEAD + <usize>topics * 32;
  if (bytes > 0) memory.copy(data, mem + <usize>load<u64>(offset), <usize>bytes);
  logBytes += <u32>size;
  ++logCount;
  return left;
}
