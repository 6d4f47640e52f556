/** 256-bit words in memory: moving, comparing, adding, shifting. Results may lie on their operands. */

@inline
export function isZero(a: usize): bool {
  return (load<u64>(a) | load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

/** Whether the word fits in 64 bits. */
@inline
export function isSmall(a: usize): bool {
  return (load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

/** The word, or 2^64 - 1 if it is larger. */
@inline
export function clamp(a: usize): u64 {
  return isSmall(a) ? load<u64>(a) : u64.MAX_VALUE;
}

@inline
export function copyWord(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

@inline
export function setSmall(to: usize, value: u64): void {
  store<u64>(to, value);
  store<u64>(to, 0, 8);
  store<u64>(to, 0, 16);
  store<u64>(to, 0, 24);
}

@inline
export function equal(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  );
}

@inline
export function less(a: usize, b: usize): bool {
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  if (a3 != b3) return a3 < b3;
  const a2 = load<u64>(a, 16);
  const b2 = load<u64>(b, 16);
  if (a2 != b2) return a2 < b2;
  const a1 = load<u64>(a, 8);
  const b1 = load<u64>(b, 8);
  if (a1 != b1) return a1 < b1;
  return load<u64>(a) < load<u64>(b);
}

@inline
export function isNegative(a: usize): bool {
  return load<i64>(a, 24) < 0;
}

@inline
export function lessSigned(a: usize, b: usize): bool {
  const a3 = load<i64>(a, 24);
  const b3 = load<i64>(b, 24);
  return a3 != b3 ? a3 < b3 : less(a, b);
}

/** a + b; whether it overflowed. */
@inline
export function add(a: usize, b: usize, to: usize): bool {
  const a0 = load<u64>(a);
  const r0 = a0 + load<u64>(b);
  const a1 = load<u64>(a, 8);
  const s1 = a1 + load<u64>(b, 8);
  const r1 = s1 + u64(r0 < a0);
  const c1 = u64(s1 < a1) | u64(r1 < s1);
  const a2 = load<u64>(a, 16);
  const s2 = a2 + load<u64>(b, 16);
  const r2 = s2 + c1;
  const c2 = u64(s2 < a2) | u64(r2 < s2);
  const a3 = load<u64>(a, 24);
  const s3 = a3 + load<u64>(b, 24);
  const r3 = s3 + c2;
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
  return bool(u64(s3 < a3) | u64(r3 < s3));
}

/** a - b; whether it borrowed. */
@inline
export function subtract(a: usize, b: usize, to: usize): bool {
  const a0 = load<u64>(a);
  const b0 = load<u64>(b);
  const a1 = load<u64>(a, 8);
  const b1 = load<u64>(b, 8);
  const a2 = load<u64>(a, 16);
  const b2 = load<u64>(b, 16);
  const a3 = load<u64>(a, 24);
  const b3 = load<u64>(b, 24);
  const c0 = u64(a0 < b0);
  const d1 = a1 - b1;
  const c1 = u64(a1 < b1) | u64(d1 < c0);
  const d2 = a2 - b2;
  const c2 = u64(a2 < b2) | u64(d2 < c1);
  const d3 = a3 - b3;
  store<u64>(to, a0 - b0);
  store<u64>(to, d1 - c0, 8);
  store<u64>(to, d2 - c1, 16);
  store<u64>(to, d3 - c2, 24);
  return bool(u64(a3 < b3) | u64(d3 < c2));
}

/** -a. */
export function negate(a: usize, to: usize): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  store<u64>(to, ~load<u64>(a, 24) + u64((a0 | a1 | a2) == 0), 24);
  store<u64>(to, ~a2 + u64((a0 | a1) == 0), 16);
  store<u64>(to, ~a1 + u64(a0 == 0), 8);
  store<u64>(to, 0 - a0);
}

export function shiftLeft(a: usize, by: u32, to: usize): void {
  let r0 = load<u64>(a);
  let r1 = load<u64>(a, 8);
  let r2 = load<u64>(a, 16);
  let r3 = load<u64>(a, 24);
  for (let limbs = by >> 6; limbs > 0; --limbs) {
    r3 = r2;
    r2 = r1;
    r1 = r0;
    r0 = 0;
  }
  const bits = <u64>(by & 63);
  if (bits != 0) {
    const back = 64 - bits;
    r3 = (r3 << bits) | (r2 >> back);
    r2 = (r2 << bits) | (r1 >> back);
    r1 = (r1 << bits) | (r0 >> back);
    r0 <<= bits;
  }
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/** a >> by, filling with `fill` (0 or all ones). */
export function shiftRight(a: usize, by: u32, fill: u64, to: usize): void {
  let r0 = load<u64>(a);
  let r1 = load<u64>(a, 8);
  let r2 = load<u64>(a, 16);
  let r3 = load<u64>(a, 24);
  for (let limbs = by >> 6; limbs > 0; --limbs) {
    r0 = r1;
    r1 = r2;
    r2 = r3;
    r3 = fill;
  }
  const bits = <u64>(by & 63);
  if (bits != 0) {
    const back = 64 - bits;
    r0 = (r0 >> bits) | (r1 << back);
    r1 = (r1 >> bits) | (r2 << back);
    r2 = (r2 >> bits) | (r3 << back);
    r3 = (r3 >> bits) | (fill << back);
  }
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/** Extends the sign of the two's complement number in the lowest `index` + 1 bytes; `index` < 31. */
export function extendSign(index: u32, a: usize, to: usize): void {
  const by = 248 - (index << 3);
  shiftLeft(a, by, to);
  shiftRight(to, by, isNegative(to) ? u64.MAX_VALUE : 0, to);
}

export function leadingZeros(a: usize): u32 {
  const a3 = load<u64>(a, 24);
  if (a3 != 0) return <u32>clz(a3);
  const a2 = load<u64>(a, 16);
  if (a2 != 0) return 64 + <u32>clz(a2);
  const a1 = load<u64>(a, 8);
  if (a1 != 0) return 128 + <u32>clz(a1);
  return 192 + <u32>clz(load<u64>(a));
}

/** 32 big-endian bytes as a word. */
@inline
export function loadBytes(from: usize, to: usize): void {
  const r3 = bswap(load<u64>(from));
  const r2 = bswap(load<u64>(from, 8));
  const r1 = bswap(load<u64>(from, 16));
  const r0 = bswap(load<u64>(from, 24));
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, r3, 24);
}

/** A word as 32 big-endian bytes. */
@inline
export function storeBytes(to: usize, from: usize): void {
  loadBytes(from, to);
}

/** 20 big-endian bytes as a word. */
@inline
export function loadAddress(from: usize, to: usize): void {
  const r2 = <u64>bswap(load<u32>(from));
  const r1 = bswap(load<u64>(from, 4));
  const r0 = bswap(load<u64>(from, 12));
  store<u64>(to, r0);
  store<u64>(to, r1, 8);
  store<u64>(to, r2, 16);
  store<u64>(to, 0, 24);
}

/** The lowest 20 bytes of a word, big-endian. */
@inline
export function storeAddress(to: usize, from: usize): void {
  const r0 = load<u64>(from);
  const r1 = load<u64>(from, 8);
  const r2 = load<u32>(from, 16);
  store<u32>(to, bswap(r2));
  store<u64>(to, bswap(r1), 4);
  store<u64>(to, bswap(r0), 12);
}

/** Drops what is above 20 bytes. */
@inline
export function maskAddress(a: usize): void {
  store<u32>(a, 0, 20);
  store<u64>(a, 0, 24);
}
