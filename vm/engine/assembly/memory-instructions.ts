/** Instructions that read or write memory by the stretch: gas left, or how it failed (see `layout.ts`). */
import { setOut } from './endings';
import { expByteGas } from './fork-rules';
import { keccakWord } from './keccak';
import { OUT_OF_GAS, RETURN_DATA_BOUNDS } from './layout';
import { copyPadded, mem, reach, wordsGas } from './machine-memory';
import { power } from './multiply';
import { returnBytes, returnLength } from './return-data';
import { clamp, leadingZeros } from './word';

/** Copies from a source outside memory; gas left. */
export function copyIn(sp: usize, source: usize, sourceLength: u64, gas: i64): i64 {
  const length = sp - 64;
  let left = reach(sp, length, gas);
  if (left < 0) return left;
  left -= wordsGas(length, 3);
  if (left < 0) return OUT_OF_GAS;
  const bytes = <usize>load<u64>(length);
  if (bytes > 0) copyPadded(mem + <usize>load<u64>(sp), source, sourceLength, sp - 32, bytes);
  return left;
}

/** RETURNDATACOPY, which does not pad but fails. */
export function copyReturned(sp: usize, gas: i64): i64 {
  const from = clamp(sp - 32);
  const length = clamp(sp - 64);
  if (from > returnLength || length > <u64>returnLength - from) return RETURN_DATA_BOUNDS;
  let left = reach(sp, sp - 64, gas);
  if (left < 0) return left;
  left -= wordsGas(sp - 64, 3);
  if (left < 0) return OUT_OF_GAS;
  if (length > 0) {
    memory.copy(mem + <usize>load<u64>(sp), returnBytes() + <usize>from, <usize>length);
  }
  return left;
}

/** MCOPY: memory reaches as far as the farther of both. */
export function copyWithin(sp: usize, gas: i64): i64 {
  const length = sp - 64;
  let left = reach(sp, length, gas);
  if (left < 0) return left;
  left = reach(sp - 32, length, left);
  if (left < 0) return left;
  left -= wordsGas(length, 3);
  if (left < 0) return OUT_OF_GAS;
  const bytes = <usize>load<u64>(length);
  if (bytes > 0) {
    memory.copy(mem + <usize>load<u64>(sp), mem + <usize>load<u64>(sp - 32), bytes);
  }
  return left;
}

/** KECCAK256. */
export function hash(sp: usize, gas: i64): i64 {
  const length = sp - 32;
  let left = reach(sp, length, gas);
  if (left < 0) return left;
  left -= wordsGas(length, 6);
  if (left < 0) return OUT_OF_GAS;
  const bytes = <usize>load<u64>(length);
  keccakWord(bytes == 0 ? 0 : mem + <usize>load<u64>(sp), bytes, length);
  return left;
}

export function exponentiate(sp: usize, gas: i64): i64 {
  const exponent = sp - 32;
  const bits = 256 - leadingZeros(exponent);
  const left = gas - expByteGas() * ((bits + 7) >> 3);
  if (left < 0) return OUT_OF_GAS;
  power(sp, exponent, bits, exponent);
  return left;
}

/** RETURN and REVERT. */
export function finish(sp: usize, gas: i64): i64 {
  const left = reach(sp, sp - 32, gas);
  if (left < 0) return left;
  const length = <usize>load<u64>(sp - 32);
  setOut(length == 0 ? 0 : <usize>load<u64>(sp), length);
  return left;
}
