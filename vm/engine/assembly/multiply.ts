/**
 * Products and quotients of words.
 *
 * WebAssembly multiplies 64 by 64 bits to 64 only, so upper halves are put together from 32-bit parts, and
 * long division (Knuth, algorithm D) works on 32-bit digits.
 */
import { DIVISION, WIDE } from './layout';
import { add, copyWord, isSmall, isZero, less, negate, setSmall, subtract } from './word';

const LOW: u64 = 0xffffffff;

/** The upper 64 bits of a 128-bit product. */
@inline
export function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & LOW;
  const a1 = a >> 32;
  const b0 = b & LOW;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const cross = a0 * b1 + (middle & LOW);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

/** a * b modulo 2^256. */
export function multiply(a: usize, b: usize, to: usize): void {
  const a0 = load<u64>(a);
  const b0 = load<u64>(b);
  if (isSmall(a) && isSmall(b)) {
    store<u64>(to, a0 * b0);
    store<u64>(to, multiplyHigh(a0, b0), 8);
    store<u64>(to, 0, 16);
    store<u64>(to, 0, 24);
    return;
  }
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const b1 = load<u64>(b, 8);
  const b2 = load<u64>(b, 16);
  let r3 = a0 * load<u64>(b, 24) + load<u64>(a, 24) * b0 + a1 * b2 + a2 * b1;

  const r0 = a0 * b0;
  let r1 = multiplyHigh(a0, b0);
  let r2: u64 = 0;
  let part = a0 * b1;
  r1 += part;
  r2 += u64(r1 < part);
  part = a1 * b0;
  r1 += part;
  r2 += u64(r1 < part);

  part = multiplyHigh(a0, b1);
  r2 += part;
  r3 += u64(r2 < part);
  part = multiplyHigh(a1, b0);
  r2 += part;
  r3 += u64(r2 < part);
  part = a0 * b2;
  r2 += part;
  r3 += u64(r2 < part);
  part = a1 * b1;
  r2 += part;
  r3 += u64(r2 < part);
  part = a2 * b0;
  r2 += part;
  r3 += u64(r2 < part);

  r3 += multiplyHigh(a0, b2) + multiplyHigh(a1, b1) + multiplyHigh(a2, b0);
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/** The 64-byte product of two words, limbs lowest first. */
function multiplyWide(a: usize, b: usize, to: usize): void {
  memory.fill(to, 0, 64);
  for (let i: usize = 0; i < 32; i += 8) {
    const left = load<u64>(a + i);
    if (left == 0) continue;
    let carry: u64 = 0;
    for (let j: usize = 0; j < 32; j += 8) {
      const right = load<u64>(b + j);
      const place = to + i + j;
      const low = left * right;
      let high = multiplyHigh(left, right);
      let sum = load<u64>(place) + low;
      high += u64(sum < low);
      sum += carry;
      high += u64(sum < carry);
      store<u64>(place, sum);
      carry = high;
    }
    store<u64>(to + i + 32, carry);
  }
}

/** Number of 32-bit digits without leading zeros. */
@inline
function digitsOf(a: usize, most: i32): i32 {
  let count = most;
  while (count > 0 && load<u32>(a + ((<usize>(count - 1)) << 2)) == 0) --count;
  return count;
}

/** Dividend while it is worked on (17 digits), shifted divisor (8 digits), quotient (16 digits). */
const REST: usize = DIVISION;
const DIVISOR: usize = DIVISION + 80;
const QUOTIENT: usize = DIVISION + 128;

/**
 * Divides `count` 32-bit digits at `a` by the word at `b`, which is not zero.
 * Leaves quotient and remainder at QUOTIENT and REST, eight digits each.
 */
function divideDigits(a: usize, count: i32, b: usize): void {
  const n = digitsOf(b, 8);
  const m = digitsOf(a, count);
  memory.fill(QUOTIENT, 0, 64);
  if (m < n) {
    copyWord(REST, a);
    return;
  }
  if (n == 1) {
    divideByDigit(a, m, <u64>load<u32>(b));
    return;
  }
  const shift = <u64>clz(load<u32>(b + ((<usize>(n - 1)) << 2)));
  let carry: u64 = 0;
  for (let i = 0; i < n; ++i) {
    const digit = ((<u64>load<u32>(b + ((<usize>i) << 2))) << shift) | carry;
    store<u32>(DIVISOR + ((<usize>i) << 2), <u32>digit);
    carry = digit >> 32;
  }
  carry = 0;
  for (let i = 0; i < m; ++i) {
    const digit = ((<u64>load<u32>(a + ((<usize>i) << 2))) << shift) | carry;
    store<u32>(REST + ((<usize>i) << 2), <u32>digit);
    carry = digit >> 32;
  }
  store<u32>(REST + ((<usize>m) << 2), <u32>carry);
  const top = <u64>load<u32>(DIVISOR + ((<usize>(n - 1)) << 2));
  const next = <u64>load<u32>(DIVISOR + ((<usize>(n - 2)) << 2));
  for (let j = m - n; j >= 0; --j) {
    store<u32>(QUOTIENT + ((<usize>j) << 2), divideStep(REST + ((<usize>j) << 2), n, top, next));
  }
  for (let i = 0; i < n; ++i) {
    const place = REST + ((<usize>i) << 2);
    store<u32>(place, <u32>(load<u64>(place) >> shift));
  }
  for (let i = n; i < 8; ++i) store<u32>(REST + ((<usize>i) << 2), 0);
}

/** One digit of the quotient, taken off the dividend at `rest` (n + 1 digits). */
@inline
function divideStep(rest: usize, n: i32, top: u64, next: u64): u32 {
  const head = load<u64>(rest + ((<usize>(n - 1)) << 2));
  let guess = head / top;
  let remainder = head - guess * top;
  while (
    guess > LOW ||
    guess * next > ((remainder << 32) | load<u32>(rest + ((<usize>(n - 2)) << 2)))
  ) {
    --guess;
    remainder += top;
    if (remainder > LOW) break;
  }
  let borrow: i64 = 0;
  let carry: u64 = 0;
  for (let i = 0; i < n; ++i) {
    const offset = (<usize>i) << 2;
    const product = guess * load<u32>(DIVISOR + offset) + carry;
    carry = product >> 32;
    const digit = <i64>load<u32>(rest + offset) + borrow - <i64>(product & LOW);
    store<u32>(rest + offset, <u32>digit);
    borrow = digit >> 32;
  }
  const last = rest + ((<usize>n) << 2);
  const digit = <i64>load<u32>(last) + borrow - <i64>carry;
  store<u32>(last, <u32>digit);
  if (digit >= 0) return <u32>guess;
  carry = 0;
  for (let i = 0; i < n; ++i) {
    const offset = (<usize>i) << 2;
    const sum = <u64>load<u32>(rest + offset) + load<u32>(DIVISOR + offset) + carry;
    store<u32>(rest + offset, <u32>sum);
    carry = sum >> 32;
  }
  store<u32>(last, load<u32>(last) + <u32>carry);
  return <u32>(guess - 1);
}

function divideByDigit(a: usize, count: i32, by: u64): void {
  let remainder: u64 = 0;
  for (let i = count - 1; i >= 0; --i) {
    const offset = (<usize>i) << 2;
    const digit = (remainder << 32) | load<u32>(a + offset);
    const quotient = digit / by;
    store<u32>(QUOTIENT + offset, <u32>quotient);
    remainder = digit - quotient * by;
  }
  setSmall(REST, remainder);
}

/** a / b; zero if b is. */
export function divide(a: usize, b: usize, to: usize): void {
  if (isSmall(b)) {
    const by = load<u64>(b);
    if (by == 0) {
      setSmall(to, 0);
      return;
    }
    if (isSmall(a)) {
      setSmall(to, load<u64>(a) / by);
      return;
    }
  }
  divideDigits(a, 8, b);
  copyWord(to, QUOTIENT);
}

/** a modulo b; zero if b is. */
export function modulo(a: usize, b: usize, to: usize): void {
  if (isSmall(b)) {
    const by = load<u64>(b);
    if (by == 0) {
      setSmall(to, 0);
      return;
    }
    if (isSmall(a)) {
      setSmall(to, load<u64>(a) % by);
      return;
    }
  }
  divideDigits(a, 8, b);
  copyWord(to, REST);
}

const LEFT: usize = WIDE + 64;
const RIGHT: usize = WIDE + 96;

/** Truncated division of two's complement numbers. */
export function divideSigned(a: usize, b: usize, to: usize): void {
  const flips = load<i64>(a, 24) < 0 != load<i64>(b, 24) < 0;
  absolute(a, LEFT);
  absolute(b, RIGHT);
  divide(LEFT, RIGHT, to);
  if (flips) negate(to, to);
}

/** The remainder has the sign of the dividend. */
export function moduloSigned(a: usize, b: usize, to: usize): void {
  const flips = load<i64>(a, 24) < 0;
  absolute(a, LEFT);
  absolute(b, RIGHT);
  modulo(LEFT, RIGHT, to);
  if (flips) negate(to, to);
}

@inline
function absolute(a: usize, to: usize): void {
  if (load<i64>(a, 24) < 0) negate(a, to);
  else copyWord(to, a);
}

/** (a + b) modulo m with a 257-bit sum; zero if m is. */
export function addModulo(a: usize, b: usize, m: usize, to: usize): void {
  if (isZero(m)) {
    setSmall(to, 0);
    return;
  }
  if (less(a, m) && less(b, m)) {
    // The common case: at most one subtraction, whose borrow takes the carry with it.
    const carried = add(a, b, LEFT);
    if (carried || !less(LEFT, m)) subtract(LEFT, m, to);
    else copyWord(to, LEFT);
    return;
  }
  const carried = add(a, b, WIDE);
  setSmall(WIDE + 32, u64(carried));
  divideDigits(WIDE, 16, m);
  copyWord(to, REST);
}

/** (a * b) modulo m with a 512-bit product; zero if m is. */
export function multiplyModulo(a: usize, b: usize, m: usize, to: usize): void {
  if (isZero(m)) {
    setSmall(to, 0);
    return;
  }
  multiplyWide(a, b, WIDE);
  divideDigits(WIDE, 16, m);
  copyWord(to, REST);
}

/** a to the power b modulo 2^256, b at most `bits` long. */
export function power(a: usize, b: usize, bits: u32, to: usize): void {
  copyWord(LEFT, a);
  copyWord(RIGHT, b);
  setSmall(to, 1);
  for (let i: u32 = 0; i < bits; ++i) {
    const limb = load<u64>(RIGHT + ((<usize>i >> 6) << 3));
    if (((limb >> (i & 63)) & 1) != 0) multiply(to, LEFT, to);
    multiply(LEFT, LEFT, LEFT);
  }
}
