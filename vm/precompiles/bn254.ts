/**
 * BN254 (EIP-196, EIP-197; "alt_bn128"): addition (0x06), multiplication (0x07) and pairing check (0x08),
 * with the prices of Byzantium and those of EIP-1108.
 *
 * Points are checked here and not by the library: its `assertValidity` proves G1 points to be of the group's
 * order, which all points of that curve are.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { createLazy } from './lazy.ts';
import { createMclCurve } from './mcl.ts';
import {
  isZero,
  itemsOf,
  numberAt,
  type Precompile,
  padded,
  putNumber,
  truth,
} from './precompile.ts';

const { G1, G2, fields } = bn254;
const { Fp, Fp2, Fp12, Fr } = fields;

type Point1 = InstanceType<typeof G1.Point>;
type Point2 = InstanceType<typeof G2.Point>;

const PAIR = 192;

const mcl = createLazy(() =>
  createMclCurve({
    curve: 'bn254',
    width: 32,
    size: 32,
    modulus: Fp.ORDER,
    imaginaryFirst: true,
  }),
);
const { load } = mcl;

const add: Precompile['run'] = (input) => {
  const bytes = padded(input, 0, 128);
  const fast = mcl.current();
  if (fast !== undefined) return fast.add(1, bytes);
  const [a, b] = [point1(bytes, 0), point1(bytes, 64)];
  return a === undefined || b === undefined ? undefined : encode(a.add(b));
};

const multiply: Precompile['run'] = (input) => {
  const bytes = padded(input, 0, 96);
  const fast = mcl.current();
  if (fast !== undefined) return fast.multiply(1, bytes, false);
  const point = point1(bytes, 0);
  if (point === undefined) return undefined;
  return encode(point.multiplyUnsafe(Fr.create(numberAt(bytes, 64, 32))));
};

const pairing: Precompile['run'] = (input) => {
  if (input.length % PAIR !== 0) return undefined;
  const fast = mcl.current();
  if (fast !== undefined) return fast.pairing(input);
  const pairs: { g1: Point1; g2: Point2 }[] = [];
  for (let at = 0; at < input.length; at += PAIR) {
    const [g1, g2] = [point1(input, at), point2(input, at + 64)];
    if (g1 === undefined || g2 === undefined) return undefined;
    // A pair with infinity contributes a factor of one.
    if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
  }
  return truth(pairs.length === 0 || Fp12.eql(bn254.pairingBatch(pairs), Fp12.ONE));
};

export const bn254AddByzantium: Precompile = { gas: () => 500n, run: add, load };
export const bn254MulByzantium: Precompile = { gas: () => 40_000n, run: multiply, load };
export const bn254PairingByzantium: Precompile = {
  gas: (input) => 100_000n + 80_000n * BigInt(itemsOf(input, PAIR)),
  run: pairing,
  load,
};

export const bn254Add: Precompile = { gas: () => 150n, run: add, load };
export const bn254Mul: Precompile = { gas: () => 6_000n, run: multiply, load };
export const bn254Pairing: Precompile = {
  gas: (input) => 45_000n + 34_000n * BigInt(itemsOf(input, PAIR)),
  run: pairing,
  load,
};

/** Undefined unless the 64 bytes are a point of the curve; zeros are infinity. */
function point1(bytes: Uint8Array, at: number): Point1 | undefined {
  const [x, y] = [numberAt(bytes, at, 32), numberAt(bytes, at + 32, 32)];
  if (x === 0n && y === 0n) return G1.Point.ZERO;
  if (x >= Fp.ORDER || y >= Fp.ORDER) return undefined;
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), 3n))) return undefined;
  return G1.Point.fromAffine({ x, y });
}

/** Undefined unless the 128 bytes are a point of the group; imaginary parts come first. */
function point2(bytes: Uint8Array, at: number): Point2 | undefined {
  if (isZero(bytes.subarray(at, at + 128))) return G2.Point.ZERO;
  const parts = [0, 32, 64, 96].map((offset) => numberAt(bytes, at + offset, 32));
  if (parts.some((part) => part >= Fp.ORDER)) return undefined;
  const [x1, x0, y1, y0] = parts as [bigint, bigint, bigint, bigint];
  try {
    const x = Fp2.fromBigTuple([x0, x1]);
    const point = G2.Point.fromAffine({ x, y: Fp2.fromBigTuple([y0, y1]) });
    point.assertValidity();
    return point;
  } catch {
    // The library throws for coordinates that no point has and for points that are not of the group.
    return undefined;
  }
}

function encode(point: Point1): Uint8Array {
  const bytes = new Uint8Array(64);
  if (point.is0()) return bytes;
  const { x, y } = point.toAffine();
  putNumber(bytes, 0, 32, x);
  putNumber(bytes, 32, 32, y);
  return bytes;
}
