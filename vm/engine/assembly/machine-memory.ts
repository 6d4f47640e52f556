/** The memory of the running frame: what it costs, how it grows, and copying between it and elsewhere. */
import { frame, MEM, MEM_SIZE } from './frames';
import { ensureMemory, setArenaTop } from './heap';
import { NEED_MEMORY, OUT_OF_GAS } from './layout';
import { clamp, isZero } from './word';

/** Memory of the running frame, here rather than in the frame because every access needs it. */
export let mem: usize = 0;
/** Bytes, a multiple of 32. */
export let memSize: u64 = 0;

/** Beyond, the price overflows (and geth gives up too). */
export const MOST_BYTES: u64 = 0x1fffffffe0;

export function loadMemory(): void {
  mem = load<u32>(frame, MEM);
  memSize = load<u32>(frame, MEM_SIZE);
}

export function saveMemory(): void {
  store<u32>(frame, <u32>memSize, MEM_SIZE);
}

@inline
function price(words: u64): u64 {
  return words * 3 + ((words * words) >> 9);
}

/** Gas left after making memory reach `end`; negative: a failure. */
export function growTo(end: u64, gas: i64): i64 {
  if (end > MOST_BYTES) return OUT_OF_GAS;
  const words = (end + 31) >> 5;
  const cost = price(words) - price(memSize >> 5);
  if (cost > <u64>gas) return OUT_OF_GAS;
  const size = words << 5;
  const top = <u64>mem + size;
  if (top > 0xffff0000 || !ensureMemory(top)) return NEED_MEMORY;
  memory.fill(mem + <usize>memSize, 0, <usize>(size - memSize));
  memSize = size;
  setArenaTop(mem + <usize>size);
  return gas - <i64>cost;
}

/** Takes growth back, for an instruction that has to run again and pay for it then. */
export function shrinkTo(size: u64): void {
  memSize = size;
}

/** `growTo` for `length` bytes at `offset`, both words; nothing happens for no bytes. */
@inline
export function reach(offset: usize, length: usize, gas: i64): i64 {
  if (isZero(length)) return gas;
  const from = clamp(offset);
  const bytes = clamp(length);
  if (from > MOST_BYTES || bytes > MOST_BYTES) return OUT_OF_GAS;
  const end = from + bytes;
  return end <= memSize ? gas : growTo(end, gas);
}

/** Gas for copying `length` bytes (a word that `reach` accepted) at `each` a word. */
@inline
export function wordsGas(length: usize, each: u64): i64 {
  return <i64>(((load<u64>(length) + 31) >> 5) * each);
}

/** Copies what `source` has from `offset` (a word) on, and zeros after its end. */
export function copyPadded(
  to: usize,
  source: usize,
  sourceLength: u64,
  offset: usize,
  length: usize,
): void {
  const from = clamp(offset);
  let available: u64 = from < sourceLength ? sourceLength - from : 0;
  if (available > <u64>length) available = length;
  memory.copy(to, source + <usize>(available == 0 ? 0 : from), <usize>available);
  memory.fill(to + <usize>available, 0, length - <usize>available);
}
