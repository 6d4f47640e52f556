/**
 * Code that was read or deployed: bytes, and a bit for each byte that is a jump target. Found by number; the
 * host knows which hash has which number.
 *
 * 32 zero bytes before and 64 after the code let PUSH read past both ends, and make running off the end a
 * STOP.
 *
 * What the host can bring again lies in a space of limited size: when that is full, what no frame runs is
 * dropped and the rest moves to the other half. Code that the block deploys is pinned: it is paid for by
 * the byte, and exists nowhere else yet.
 */
import { CODE, CODE_NUMBER, frameCount, PC } from './frames';
import { allocate } from './heap';
import { FRAME_SIZE, FRAMES } from './layout';

const ENTRY: usize = 16;
const LENGTH: usize = 4;
const PINNED: usize = 8;
const BEFORE: usize = 32;
const AFTER: usize = 64;

/** Bytes of code that the host brought, margins and bits included. */
const MOST_BYTES: usize = 0x4000000;
const CHUNK: usize = 0x400000;

let entries: usize = 0;
let capacity: u32 = 0;
/** Code 1 is the empty one; 0 stands for not known. */
export let codeCount: u32 = 1;
let space: usize = 0;
let spaceEnd: usize = 0;
let spaceUsed: usize = 0;
/** In chunks, until the halves are needed. */
let bytesInChunks: usize = 0;
let halfInUse: usize = 0;
let otherHalf: usize = 0;

export function setUpCodes(size: u32, bytes: usize): void {
  capacity = size;
  entries = allocate(<usize>size * ENTRY);
  space = allocate(bytes);
  spaceEnd = space + bytes;
  spaceUsed = space;
  bytesInChunks = bytes;
  addCode(0, true);
}

/** Bytes that code of this length takes with its margins and bits. */
@inline
export function footprint(length: usize): usize {
  return (BEFORE + length + AFTER + ((length + 7) >> 3) + 31) & ~15;
}

/** Makes room for code; its number, or 0: `collectCodes` first. Write the bytes, then call `markJumps`. */
export function addCode(length: usize, pinned: bool): u32 {
  const size = footprint(length);
  let place: usize = 0;
  if (pinned) place = allocate(size);
  else {
    if (spaceUsed + size > spaceEnd && !addChunk(size)) return 0;
    place = spaceUsed;
    spaceUsed += size;
    memory.fill(place, 0, size);
  }
  if (codeCount == capacity) {
    const bigger = allocate(<usize>capacity * 2 * ENTRY);
    memory.copy(bigger, entries, <usize>codeCount * ENTRY);
    entries = bigger;
    capacity *= 2;
  }
  const id = codeCount++;
  const entry = entries + <usize>id * ENTRY;
  store<u32>(entry, <u32>(place + BEFORE));
  store<u32>(entry, <u32>length, LENGTH);
  store<u32>(entry, u32(pinned), PINNED);
  return id;
}

function addChunk(size: usize): bool {
  if (halfInUse != 0 || size > CHUNK || bytesInChunks + CHUNK > MOST_BYTES) return false;
  space = allocate(CHUNK);
  spaceEnd = space + CHUNK;
  spaceUsed = space;
  bytesInChunks += CHUNK;
  return true;
}

/** Keeps what frames run, in the other half; whatever else the host brought is gone and its number void. */
export function collectCodes(): void {
  if (otherHalf == 0) otherHalf = allocate(MOST_BYTES);
  let used = otherHalf;
  for (let i: u32 = 0; i < frameCount; ++i) {
    const frame = FRAMES + <usize>i * FRAME_SIZE;
    const code = load<u32>(frame, CODE_NUMBER);
    if (code == 0) continue;
    const entry = entries + <usize>code * ENTRY;
    if (load<u32>(entry, PINNED) != 0) continue;
    let bytes = <usize>load<u32>(entry);
    if (bytes < otherHalf || bytes >= otherHalf + MOST_BYTES) {
      const size = footprint(load<u32>(entry, LENGTH));
      memory.copy(used, bytes - BEFORE, size);
      bytes = used + BEFORE;
      used += size;
      store<u32>(entry, <u32>bytes);
    }
    const at = load<u32>(frame, PC) - load<u32>(frame, CODE);
    store<u32>(frame, <u32>bytes, CODE);
    store<u32>(frame, <u32>bytes + at, PC);
  }
  for (let code: u32 = 1; code < codeCount; ++code) {
    const entry = entries + <usize>code * ENTRY;
    const bytes = <usize>load<u32>(entry);
    const isKept = bytes >= otherHalf && bytes < otherHalf + MOST_BYTES;
    if (load<u32>(entry, PINNED) == 0 && !isKept) store<u32>(entry, 0);
  }
  space = otherHalf;
  spaceEnd = space + MOST_BYTES;
  spaceUsed = used;
  otherHalf = halfInUse;
  halfInUse = space;
}

/** Whether the number still stands for code. */
@inline
export function isCodeThere(code: u32): bool {
  return code != 0 && load<u32>(entries + <usize>code * ENTRY) != 0;
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
