/**
 * BLS12-381 (EIP-2537): additions (0x0b, 0x0d), multiplications (0x0c, 0x0e), pairing check (0x0f) and maps
 * from field elements (0x10, 0x11).
 *
 * A coordinate is 64 bytes of which the first 16 are zero. Additions take any point of the curve,
 * multiplications and pairings only points of the group.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { G1_TERM, G2_TERM, g1MsmGas, g2MsmGas, PAIR, pairingGas } from './bls12-381-gas.ts';
import { createLazy, type Lazy } from './lazy.ts';
import { createMclCurve, type MclCurve } from './mcl.ts';
import { isZero, numberAt, type Precompile, putNumber, truth } from './precompile.ts';

const { G1, G2 } = bls12_381;
const { Fp, Fp2, Fp12, Fr } = bls12_381.fields;

type Point1 = InstanceType<typeof G1.Point>;
type Point2 = InstanceType<typeof G2.Point>;
type Element2 = ReturnType<typeof Fp2.fromBigTuple>;

const [ELEMENT, POINT1, POINT2, SCALAR] = [64, 128, 256, 32] as const;

const mcl = createLazy(() =>
  createMclCurve({
    curve: 'bls12381',
    width: ELEMENT,
    size: 48,
    modulus: Fp.ORDER,
    imaginaryFirst: false,
  }),
);
const { load } = mcl;

/** The curve in WebAssembly, once it is loaded. */
export const fastBls12: Lazy<MclCurve> = mcl;

export const bls12G1Add: Precompile = {
  load,
  gas: () => 375n,
  run(input) {
    if (input.length !== 2 * POINT1) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.add(1, input);
    const [a, b] = [point1(input, 0), point1(input, POINT1)];
    return a === undefined || b === undefined ? undefined : encode1(a.add(b));
  },
};

export const bls12G2Add: Precompile = {
  load,
  gas: () => 600n,
  run(input) {
    if (input.length !== 2 * POINT2) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.add(2, input);
    const [a, b] = [point2(input, 0), point2(input, POINT2)];
    return a === undefined || b === undefined ? undefined : encode2(a.add(b));
  },
};

export const bls12G1Msm: Precompile = {
  load,
  gas: g1MsmGas,
  run(input) {
    if (input.length === 0 || input.length % G1_TERM !== 0) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.multiply(1, input, true);
    let sum = G1.Point.ZERO;
    for (let at = 0; at < input.length; at += G1_TERM) {
      const point = inGroup(point1(input, at));
      if (point === undefined) return undefined;
      sum = sum.add(point.multiplyUnsafe(scalar(input, at + POINT1)));
    }
    return encode1(sum);
  },
};

export const bls12G2Msm: Precompile = {
  load,
  gas: g2MsmGas,
  run(input) {
    if (input.length === 0 || input.length % G2_TERM !== 0) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.multiply(2, input, true);
    let sum = G2.Point.ZERO;
    for (let at = 0; at < input.length; at += G2_TERM) {
      const point = inGroup(point2(input, at));
      if (point === undefined) return undefined;
      sum = sum.add(point.multiplyUnsafe(scalar(input, at + POINT2)));
    }
    return encode2(sum);
  },
};

export const bls12Pairing: Precompile = {
  load,
  gas: pairingGas,
  run(input) {
    if (input.length === 0 || input.length % PAIR !== 0) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.pairing(input);
    const pairs: { g1: Point1; g2: Point2 }[] = [];
    for (let at = 0; at < input.length; at += PAIR) {
      const [g1, g2] = [inGroup(point1(input, at)), inGroup(point2(input, at + POINT1))];
      if (g1 === undefined || g2 === undefined) return undefined;
      if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
    }
    return truth(pairs.length === 0 || Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE));
  },
};

export const bls12MapG1: Precompile = {
  load,
  gas: () => 5_500n,
  run(input) {
    if (input.length !== ELEMENT) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.map(1, input);
    const element = element1(input, 0);
    if (element === undefined) return undefined;
    return encode1(G1.Point.fromAffine(affine(mapToG1(element))));
  },
};

export const bls12MapG2: Precompile = {
  load,
  gas: () => 23_800n,
  run(input) {
    if (input.length !== 2 * ELEMENT) return undefined;
    const fast = mcl.current();
    if (fast !== undefined) return fast.map(2, input);
    const element = element2(input, 0);
    if (element === undefined) return undefined;
    return encode2(G2.Point.fromAffine(affine(bls12_381.G2.mapToCurve([element.c0, element.c1]))));
  },
};

/** Undefined unless the bytes are a point of the curve, whatever its order; zeros are infinity. */
function point1(bytes: Uint8Array, at: number): Point1 | undefined {
  const [x, y] = [element1(bytes, at), element1(bytes, at + ELEMENT)];
  if (x === undefined || y === undefined) return undefined;
  if (x === 0n && y === 0n) return G1.Point.ZERO;
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), 4n))) return undefined;
  return G1.Point.fromAffine({ x, y });
}

function point2(bytes: Uint8Array, at: number): Point2 | undefined {
  if (isZero(bytes.subarray(at, at + POINT2))) return G2.Point.ZERO;
  const [x, y] = [element2(bytes, at), element2(bytes, at + 2 * ELEMENT)];
  if (x === undefined || y === undefined) return undefined;
  const four = Fp2.fromBigTuple([4n, 4n]);
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), four))) return undefined;
  return G2.Point.fromAffine({ x, y });
}

function inGroup<P extends Point1 | Point2>(point: P | undefined): P | undefined {
  return point === undefined || point.is0() || point.isTorsionFree() ? point : undefined;
}

function element1(bytes: Uint8Array, at: number): bigint | undefined {
  const value = numberAt(bytes, at, ELEMENT);
  return value < Fp.ORDER ? value : undefined;
}

function element2(bytes: Uint8Array, at: number): Element2 | undefined {
  const [real, imaginary] = [element1(bytes, at), element1(bytes, at + ELEMENT)];
  if (real === undefined || imaginary === undefined) return undefined;
  return Fp2.fromBigTuple([real, imaginary]);
}

/** For a field without extension the library takes the bare number, against its own types. */
function mapToG1(element: bigint): { readonly x: bigint; readonly y: bigint } {
  return bls12_381.G1.mapToCurve(element as unknown as bigint[]);
}

/** The library's map gives a point of which its types promise the coordinates alone. */
function affine<T>({ x, y }: { readonly x: T; readonly y: T }): { x: T; y: T } {
  return { x, y };
}

function scalar(bytes: Uint8Array, at: number): bigint {
  return Fr.create(numberAt(bytes, at, SCALAR));
}

function encode1(point: Point1): Uint8Array {
  const bytes = new Uint8Array(POINT1);
  if (point.is0()) return bytes;
  const { x, y } = point.toAffine();
  [x, y].forEach((part, i) => {
    putNumber(bytes, i * ELEMENT, ELEMENT, part);
  });
  return bytes;
}

function encode2(point: Point2): Uint8Array {
  const bytes = new Uint8Array(POINT2);
  if (point.is0()) return bytes;
  const { x, y } = point.toAffine();
  [x.c0, x.c1, y.c0, y.c1].forEach((part, i) => {
    putNumber(bytes, i * ELEMENT, ELEMENT, part);
  });
  return bytes;
}
