/**
 * base ** exponent modulo a modulus of at most eight 64-bit limbs, odd or even.
 *
 * The modulus is shifted up until its top bit is set, and a product is reduced by long division (Knuth,
 * algorithm D) whose quotient digits come from a reciprocal of the top limb (Moeller and Granlund, "Improved
 * division by invariant integers", algorithm 4), so that nothing is divided but once.
 */
import { multiplyHigh } from '../multiply';
import { INPUT, MODEXP, OUTPUT } from './layout';

const MOST_BYTES: usize = 64;
/** The modulus, shifted. */
const MODULUS: usize = MODEXP;
const RESULT: usize = MODEXP + 0x80;
/** A product of two residues, or what is left of it; one limb more than twice the longest modulus. */
const PRODUCT: usize = MODEXP + 0x100;
/** Powers 0 to 15 of the base. */
const POWERS: usize = MODEXP + 0x280;
const BASE: usize = POWERS + MOST_BYTES;

let limbs: usize = 0;
let shift: u64 = 0;
let top: u64 = 0;
let reciprocal: u64 = 0;

/**
 * Takes base, exponent and modulus, big-endian, one after the other at INPUT, and leaves the result at OUTPUT
 * in as many bytes as the modulus has.
 *
 * @param modulusLength at most 64 bytes
 */
export function modexp(baseLength: u32, exponentLength: u32, modulusLength: u32): void {
  const exponent = INPUT + baseLength;
  memory.fill(OUTPUT, 0, modulusLength);
  if (!readModulus(exponent + exponentLength, modulusLength)) return;
  reduceBase(INPUT, baseLength);
  raise(exponent, exponentLength);
  writeResult(modulusLength);
}

/** False if the modulus is zero. */
function readModulus(from: usize, length: u32): bool {
  memory.fill(MODULUS, 0, MOST_BYTES);
  for (let i: u32 = 0; i < length; ++i) {
    store<u8>(MODULUS + i, load<u8>(from + length - 1 - i));
  }
  limbs = MOST_BYTES >> 3;
  while (limbs > 0 && load<u64>(MODULUS + ((limbs - 1) << 3)) == 0) --limbs;
  if (limbs == 0) return false;
  shift = clz(load<u64>(MODULUS + ((limbs - 1) << 3)));
  shiftUp(MODULUS, MODULUS, limbs);
  top = load<u64>(MODULUS + ((limbs - 1) << 3));
  reciprocal = reciprocalOf(top);
  return true;
}

/** `count` limbs shifted up; nothing leaves them. */
@inline
function shiftUp(from: usize, to: usize, count: usize): void {
  const by = shift;
  // Shifting by 64 is shifting by nothing in WebAssembly, so what comes from below goes in two steps.
  let below: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const limb = load<u64>(from + i);
    store<u64>(to + i, (limb << by) | ((below >> 1) >> (63 - by)));
    below = limb;
  }
}

@inline
function shiftDown(from: usize, to: usize): void {
  const by = shift;
  const last = (limbs - 1) << 3;
  let limb = load<u64>(from);
  for (let i: usize = 0; i < last; i += 8) {
    const above = load<u64>(from + i, 8);
    store<u64>(to + i, (limb >> by) | ((above << 1) << (63 - by)));
    limb = above;
  }
  store<u64>(to + last, limb >> by);
}

/** (2^128 - 1) / divisor - 2^64, bit by bit; the divisor's top bit is set. */
function reciprocalOf(divisor: u64): u64 {
  let rest = ~divisor;
  let quotient: u64 = 0;
  for (let i = 0; i < 64; ++i) {
    const carried = rest >> 63;
    rest = (rest << 1) | 1;
    quotient <<= 1;
    if (carried != 0 || rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  return quotient;
}

/** (high, low) divided by the top limb; `high` is less than that. */
@inline
function quotientOf(high: u64, low: u64): u64 {
  const product = reciprocal * high;
  const sum = product + low;
  let quotient = multiplyHigh(reciprocal, high) + high + u64(sum < product) + 1;
  let rest = low - quotient * top;
  if (rest > sum) {
    --quotient;
    rest += top;
  }
  if (rest >= top) ++quotient;
  return quotient;
}

/** Takes the modulus off the limbs at `rest` (one more than the modulus has) as often as it goes. */
@inline
function reduceStep(rest: usize): void {
  const length = limbs << 3;
  const last = rest + length;
  const high = load<u64>(last);
  const quotient = high >= top ? u64.MAX_VALUE : quotientOf(high, load<u64>(last - 8));
  let carry: u64 = 0;
  for (let i: usize = 0; i < length; i += 8) {
    const limb = load<u64>(MODULUS + i);
    const low = quotient * limb;
    const taken = low + carry;
    const before = load<u64>(rest + i);
    store<u64>(rest + i, before - taken);
    carry = multiplyHigh(quotient, limb) + u64(taken < low) + u64(before < taken);
  }
  let left = high - carry;
  // The quotient is at most two too large: less than nothing is left then.
  while (left != 0) {
    let added: u64 = 0;
    for (let i: usize = 0; i < length; i += 8) {
      const before = load<u64>(rest + i);
      const sum = before + load<u64>(MODULUS + i);
      const whole = sum + added;
      store<u64>(rest + i, whole);
      added = u64(sum < before) | u64(whole < sum);
    }
    left += added;
  }
}

/** to = a * b modulo the modulus; both are less than it. `to` may be either. */
function multiplyResidues(a: usize, b: usize, to: usize): void {
  const length = limbs << 3;
  for (let j: usize = 0; j < length; j += 8) store<u64>(PRODUCT + j, 0);
  for (let i: usize = 0; i < length; i += 8) {
    const left = load<u64>(a + i);
    const row = PRODUCT + i;
    let carry: u64 = 0;
    for (let j: usize = 0; j < length; j += 8) {
      const right = load<u64>(b + j);
      const low = left * right;
      const partial = load<u64>(row + j) + low;
      const sum = partial + carry;
      carry = multiplyHigh(left, right) + u64(partial < low) + u64(sum < carry);
      store<u64>(row + j, sum);
    }
    store<u64>(row + length, carry);
  }
  shiftUp(PRODUCT, PRODUCT, limbs << 1);
  for (let i = length; i > 0; i -= 8) reduceStep(PRODUCT + i - 8);
  shiftDown(PRODUCT, to);
}

/** BASE = the base modulo the modulus. */
function reduceBase(from: usize, length: u32): void {
  const size = limbs << 3;
  memory.fill(PRODUCT, 0, MOST_BYTES + 8);
  // The value so far is at PRODUCT + 8, shifted; each limb comes in below it, the first one short.
  let at: u32 = 0;
  let part: u32 = length & 7;
  if (part == 0) part = 8;
  while (at < length) {
    let limb: u64 = 0;
    for (let i: u32 = 0; i < part; ++i) limb = (limb << 8) | load<u8>(from + at + i);
    at += part;
    part = 8;
    store<u64>(PRODUCT, limb << shift);
    store<u64>(PRODUCT, load<u64>(PRODUCT, 8) | ((limb >> 1) >> (63 - shift)), 8);
    reduceStep(PRODUCT);
    for (let i = size; i > 0; i -= 8) store<u64>(PRODUCT + i, load<u64>(PRODUCT + i - 8));
  }
  shiftDown(PRODUCT + 8, BASE);
}

/** RESULT = BASE to the exponent. */
function raise(from: usize, length: u32): void {
  while (length > 0 && load<u8>(from) == 0) {
    ++from;
    --length;
  }
  setOne(POWERS);
  memory.copy(RESULT, POWERS, MOST_BYTES);
  if (length == 0) return;
  if (limbs == 1) {
    raiseLimb(from, length);
    return;
  }
  if (length == 1) {
    const byte = <u32>load<u8>(from);
    for (let bit = 31 - <i32>clz(byte); bit >= 0; --bit) {
      multiplyResidues(RESULT, RESULT, RESULT);
      if (((byte >> bit) & 1) != 0) multiplyResidues(RESULT, BASE, RESULT);
    }
    return;
  }
  for (let i: usize = 2; i < 16; ++i) {
    multiplyResidues(POWERS + (i - 1) * MOST_BYTES, BASE, POWERS + i * MOST_BYTES);
  }
  for (let i: u32 = 0; i < length; ++i) {
    const byte = <usize>load<u8>(from + i);
    raiseBy(byte >> 4);
    raiseBy(byte & 15);
  }
}

/** The next four bits of the exponent. */
@inline
function raiseBy(bits: usize): void {
  for (let i = 0; i < 4; ++i) multiplyResidues(RESULT, RESULT, RESULT);
  if (bits != 0) multiplyResidues(RESULT, POWERS + bits * MOST_BYTES, RESULT);
}

/** `raise` for a modulus of one limb, in registers. */
function raiseLimb(from: usize, length: u32): void {
  let result = load<u64>(RESULT);
  const base = load<u64>(BASE);
  if (length == 1) {
    const byte = <u32>load<u8>(from);
    for (let bit = 31 - <i32>clz(byte); bit >= 0; --bit) {
      result = multiplyLimbs(result, result);
      if (((byte >> bit) & 1) != 0) result = multiplyLimbs(result, base);
    }
    store<u64>(RESULT, result);
    return;
  }
  let power = base;
  for (let i: usize = 2; i < 16; ++i) {
    power = multiplyLimbs(power, base);
    store<u64>(POWERS + i * MOST_BYTES, power);
  }
  for (let i: u32 = 0; i < length << 1; ++i) {
    const byte = <usize>load<u8>(from + (i >> 1));
    const bits = (i & 1) == 0 ? byte >> 4 : byte & 15;
    result = multiplyLimbs(result, result);
    result = multiplyLimbs(result, result);
    result = multiplyLimbs(result, result);
    result = multiplyLimbs(result, result);
    if (bits != 0) result = multiplyLimbs(result, load<u64>(POWERS + bits * MOST_BYTES));
  }
  store<u64>(RESULT, result);
}

/** a * b modulo a modulus of one limb. */
@inline
function multiplyLimbs(a: u64, b: u64): u64 {
  const shifted = b << shift;
  const high = multiplyHigh(a, shifted);
  const low = a * shifted;
  const product = reciprocal * high;
  const sum = product + low;
  const quotient = multiplyHigh(reciprocal, high) + high + u64(sum < product) + 1;
  let rest = low - quotient * top;
  if (rest > sum) rest += top;
  if (rest >= top) rest -= top;
  return rest >> shift;
}

/** One modulo the modulus: zero if that is one. */
function setOne(to: usize): void {
  memory.fill(to, 0, MOST_BYTES);
  const isOne = limbs == 1 && top >> shift == 1;
  if (!isOne) store<u64>(to, 1);
}

function writeResult(length: u32): void {
  const most = min(length, <u32>(limbs << 3));
  for (let i: u32 = 0; i < most; ++i) {
    store<u8>(OUTPUT + length - 1 - i, load<u8>(RESULT + i));
  }
}
