/**
 * The compression function of BLAKE2b (RFC 7693, 3.2) with any number of rounds (EIP-152).
 *
 * The sixteen words are eight pairs; a mixing step works on two columns, then on two diagonals at once. The
 * message is laid out beforehand in the order in which the ten kinds of rounds read it.
 */
import { BLAKE_MESSAGE, INPUT, OUTPUT } from './layout';

const IV = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

/**
 * Order of the message words in each of the ten rounds (RFC 7693, 2.7), of each half round first those of
 * the first additions, then those of the second.
 */
const ORDER = memory.data<u8>([
  0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15,
  14, 4, 9, 13, 10, 8, 15, 6, 1, 0, 11, 5, 12, 2, 7, 3,
  11, 12, 5, 15, 8, 0, 2, 13, 10, 3, 7, 9, 14, 6, 1, 4,
  7, 3, 13, 11, 9, 1, 12, 14, 2, 5, 4, 15, 6, 10, 0, 8,
  9, 5, 2, 10, 0, 7, 4, 15, 14, 11, 6, 3, 1, 12, 8, 13,
  2, 6, 0, 8, 12, 10, 11, 3, 4, 7, 15, 1, 13, 5, 14, 9,
  12, 1, 14, 4, 5, 15, 13, 10, 0, 6, 9, 8, 7, 3, 2, 11,
  13, 7, 12, 3, 11, 14, 1, 9, 5, 15, 8, 2, 0, 4, 6, 10,
  6, 14, 11, 0, 15, 9, 3, 8, 12, 13, 1, 10, 2, 7, 4, 5,
  10, 8, 7, 1, 2, 4, 6, 5, 15, 9, 3, 13, 11, 14, 12, 0,
]);
const ROUND_BYTES: usize = 128;
const ROUNDS_END: usize = BLAKE_MESSAGE + 10 * ROUND_BYTES;

// Where the parts of the input begin (EIP-152).
const STATE: usize = INPUT + 4;
const MESSAGE: usize = INPUT + 68;
const OFFSET: usize = INPUT + 196;
const LAST: usize = INPUT + 212;

@inline
function rotate32(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}

@inline
function rotate24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
}

@inline
function rotate16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
}

@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.shl(x, 1), i64x2.shr_u(x, 63));
}

/** The upper word of `low` and the lower one of `high`. */
@inline
function between(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(low, high, 1, 2);
}

/** Takes the 213 bytes at INPUT, the first four of them the number of rounds, and leaves 64 at OUTPUT. */
export function blake2f(): void {
  for (let i: usize = 0; i < 160; ++i) {
    const word = load<u64>(MESSAGE + ((<usize>load<u8>(ORDER + i)) << 3));
    store<u64>(BLAKE_MESSAGE + (i << 3), word);
  }
  const offset = v128.load(OFFSET);
  const inverted = load<u8>(LAST) == 1 ? <i64>-1 : 0;
  let a0 = v128.load(STATE);
  let a1 = v128.load(STATE, 16);
  let b0 = v128.load(STATE, 32);
  let b1 = v128.load(STATE, 48);
  let c0 = v128.load(IV);
  let c1 = v128.load(IV, 16);
  let d0 = v128.xor(v128.load(IV, 32), offset);
  let d1 = v128.xor(v128.load(IV, 48), i64x2.replace_lane(i64x2.splat(0), 0, inverted));
  let m = BLAKE_MESSAGE;
  for (let left = bswap(load<u32>(INPUT)); left != 0; --left) {
    // Columns.
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(m));
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(m, 16));
    d0 = rotate32(v128.xor(d0, a0));
    d1 = rotate32(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate24(v128.xor(b0, c0));
    b1 = rotate24(v128.xor(b1, c1));
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(m, 32));
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(m, 48));
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate63(v128.xor(b0, c0));
    b1 = rotate63(v128.xor(b1, c1));
    // Diagonals become columns.
    const b = between(b0, b1);
    b1 = between(b1, b0);
    b0 = b;
    const c = c0;
    c0 = c1;
    c1 = c;
    const d = between(d1, d0);
    d1 = between(d0, d1);
    d0 = d;
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(m, 64));
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(m, 80));
    d0 = rotate32(v128.xor(d0, a0));
    d1 = rotate32(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate24(v128.xor(b0, c0));
    b1 = rotate24(v128.xor(b1, c1));
    a0 = i64x2.add(i64x2.add(a0, b0), v128.load(m, 96));
    a1 = i64x2.add(i64x2.add(a1, b1), v128.load(m, 112));
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate63(v128.xor(b0, c0));
    b1 = rotate63(v128.xor(b1, c1));
    // And back.
    const e = between(b1, b0);
    b1 = between(b0, b1);
    b0 = e;
    const f = c0;
    c0 = c1;
    c1 = f;
    const g = between(d0, d1);
    d1 = between(d1, d0);
    d0 = g;
    m += ROUND_BYTES;
    if (m == ROUNDS_END) m = BLAKE_MESSAGE;
  }
  v128.store(OUTPUT, v128.xor(v128.load(STATE), v128.xor(a0, c0)));
  v128.store(OUTPUT, v128.xor(v128.load(STATE, 16), v128.xor(a1, c1)), 16);
  v128.store(OUTPUT, v128.xor(v128.load(STATE, 32), v128.xor(b0, d0)), 32);
  v128.store(OUTPUT, v128.xor(v128.load(STATE, 48), v128.xor(b1, d1)), 48);
}
