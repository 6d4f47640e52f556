/**
 * Code that was read or deployed: bytes, and a bit for each byte that is a jump target. Found by number; the
 * host knows which hash has which number.
 *
 * 32 zero bytes before and 64 after the code let PUSH read past both ends, and make running off the end a
 * STOP.
 */
import { allocate } from './heap';

const ENTRY: usize = 16;
const BEFORE: usize = 32;
const AFTER: usize = 64;

let entries: usize = 0;
let capacity: u32 = 0;
/** Code 1 is the empty one; 0 stands for not known. */
export let codeCount: u32 = 1;
let space: usize = 0;
let spaceEnd: usize = 0;
let spaceUsed: usize = 0;

export function setUpCodes(size: u32, bytes: usize): void {
  capacity = size;
  entries = allocate(<usize>size * ENTRY);
  space = allocate(bytes);
  spaceEnd = space + bytes;
  spaceUsed = space;
  addCode(0);
}

/** Bytes that code of this length takes with its margins and bits. */
@inline
export function footprint(length: usize): usize {
  return (BEFORE + length + AFTER + ((length + 7) >> 3) + 31) & ~15;
}

export function codeSpaceUsed(): usize {
  return spaceUsed - space;
}

/** Makes room for code; its number. Write the bytes at `codeBytes`, then call `analyse`. */
export function addCode(length: usize): u32 {
  const size = footprint(length);
  if (spaceUsed + size > spaceEnd) {
    const bytes = max<usize>(size, 0x400000);
    space = allocate(bytes);
    spaceEnd = space + bytes;
    spaceUsed = space;
  }
  if (codeCount == capacity) {
    const bigger = allocate(<usize>capacity * 2 * ENTRY);
    memory.copy(bigger, entries, <usize>codeCount * ENTRY);
    entries = bigger;
    capacity *= 2;
  }
  const id = codeCount++;
  const place = spaceUsed;
  spaceUsed += size;
  memory.fill(place, 0, size);
  const entry = entries + <usize>id * ENTRY;
  store<u32>(entry, <u32>(place + BEFORE));
  store<u32>(entry, <u32>length, 4);
  return id;
}

@inline
export function codeBytes(code: u32): usize {
  return load<u32>(entries + <usize>code * ENTRY);
}
@inline
export function codeLength(code: u32): u32 {
  return load<u32>(entries + <usize>code * ENTRY, 4);
}
@inline
export function jumpsAt(bytes: usize, length: u32): usize {
  return bytes + length + AFTER;
}

/** Puts code with its margins at `place`; where its bytes are. */
export function layOut(place: usize, from: usize, length: usize): usize {
  memory.fill(place, 0, BEFORE);
  const bytes = place + BEFORE;
  memory.copy(bytes, from, length);
  memory.fill(bytes + length, 0, footprint(length) - BEFORE - length);
  markJumps(bytes, length);
  return bytes;
}

/** Sets the bit of every JUMPDEST that is not the operand of a PUSH. */
export function markJumps(bytes: usize, length: usize): void {
  const jumps = jumpsAt(bytes, <u32>length);
  let at: usize = 0;
  while (at < length) {
    const instruction = load<u8>(bytes + at);
    if (instruction == 0x5b) {
      const cell = jumps + (at >> 3);
      store<u8>(cell, load<u8>(cell) | ((<u8>1) << (<u8>at & 7)));
    }
    at += instruction >= 0x60 && instruction <= 0x7f ? <usize>instruction - 0x5e : 1;
  }
}
