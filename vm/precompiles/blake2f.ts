/**
 * BLAKE2F (0x09, EIP-152): the compression function of BLAKE2b with as many rounds as the caller pays for.
 *
 * A round costs one gas, so a round is what has to be fast: the sixteen words live in local typed arrays as
 * halves of 32 bits, since JavaScript has no 64-bit integers and bigints are some hundred times slower.
 */
import { type Precompile, padded } from './precompile.ts';

const INPUT = 213;
const [STATE, MESSAGE, OFFSET, FINAL] = [4, 68, 196, 212] as const;

/** Low and high halves of the initial vector. */
// biome-ignore format: a table
const IV = Int32Array.of(
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
  0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
);

/** Order of the message words in each of the ten rounds (RFC 7693, 2.7). */
// biome-ignore format: a table
const SIGMA = Uint8Array.of(
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
);

/** The four words that each of a round's eight mixings works on: columns, then diagonals. */
// biome-ignore format: a table
const MIXINGS = Uint8Array.of(
  0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
  0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14,
);

export const blake2f: Precompile = {
  gas: (input) => BigInt(viewOf(padded(input, 0, 4)).getUint32(0)),
  run(input) {
    const last = input[FINAL];
    if (input.length !== INPUT || (last !== 0 && last !== 1)) return undefined;
    const state = halves(input, STATE, 16);
    const v = new Int32Array(32);
    v.set(state);
    v.set(IV, 16);
    halves(input, OFFSET, 4).forEach((half, i) => {
      v[24 + i] = (v[24 + i] as number) ^ half;
    });
    if (last === 1) {
      v[28] = ~(v[28] as number);
      v[29] = ~(v[29] as number);
    }
    compress(v, halves(input, MESSAGE, 32), viewOf(input).getUint32(0));
    const output = new DataView(new ArrayBuffer(64));
    for (let i = 0; i < 16; i += 1) {
      const half = (state[i] as number) ^ (v[i] as number) ^ (v[i + 16] as number);
      output.setInt32(i * 4, half, true);
    }
    return new Uint8Array(output.buffer);
  },
};

function compress(v: Int32Array, message: Int32Array, rounds: number): void {
  for (let round = 0; round < rounds; round += 1) {
    const order = (round % 10) * 16;
    for (let i = 0; i < 8; i += 1) {
      const x = SIGMA[order + 2 * i] as number;
      const y = SIGMA[order + 2 * i + 1] as number;
      const at = 4 * i;
      mix(
        v,
        2 * (MIXINGS[at] as number),
        2 * (MIXINGS[at + 1] as number),
        2 * (MIXINGS[at + 2] as number),
        2 * (MIXINGS[at + 3] as number),
        message[2 * x] as number,
        message[2 * x + 1] as number,
        message[2 * y] as number,
        message[2 * y + 1] as number,
      );
    }
  }
}

/** The carry out of bit 31 of a sum, told by its operands and its low half. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31;
}

/**
 * RFC 7693, 3.1: a, b, c and d are indexes of low halves. Signed 32-bit integers all the way: a number from
 * 2^31 on would make the engine fall back to floating point, at six times the cost.
 */
function mix(
  v: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  xLow: number,
  xHigh: number,
  yLow: number,
  yHigh: number,
): void {
  let al = v[a] as number;
  let ah = v[a + 1] as number;
  let bl = v[b] as number;
  let bh = v[b + 1] as number;
  let cl = v[c] as number;
  let ch = v[c + 1] as number;
  let dl = v[d] as number;
  let dh = v[d + 1] as number;

  let low = (al + bl) | 0;
  ah = (ah + bh + carry(al, bl, low)) | 0;
  al = (low + xLow) | 0;
  ah = (ah + xHigh + carry(low, xLow, al)) | 0;
  let t = dl ^ al;
  dl = dh ^ ah;
  dh = t;
  low = (cl + dl) | 0;
  ch = (ch + dh + carry(cl, dl, low)) | 0;
  cl = low;
  t = bl ^ cl;
  let u = bh ^ ch;
  bl = (t >>> 24) | (u << 8);
  bh = (u >>> 24) | (t << 8);

  low = (al + bl) | 0;
  ah = (ah + bh + carry(al, bl, low)) | 0;
  al = (low + yLow) | 0;
  ah = (ah + yHigh + carry(low, yLow, al)) | 0;
  t = dl ^ al;
  u = dh ^ ah;
  dl = (t >>> 16) | (u << 16);
  dh = (u >>> 16) | (t << 16);
  low = (cl + dl) | 0;
  ch = (ch + dh + carry(cl, dl, low)) | 0;
  cl = low;
  t = bl ^ cl;
  u = bh ^ ch;
  bl = (u >>> 31) | (t << 1);
  bh = (t >>> 31) | (u << 1);

  v[a] = al;
  v[a + 1] = ah;
  v[b] = bl;
  v[b + 1] = bh;
  v[c] = cl;
  v[c + 1] = ch;
  v[d] = dl;
  v[d + 1] = dh;
}

/** `count` little-endian halves from `at` on. */
function halves(input: Uint8Array, at: number, count: number): Int32Array {
  const view = viewOf(input);
  return Int32Array.from({ length: count }, (_, i) => view.getInt32(at + 4 * i, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
