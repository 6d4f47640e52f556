/**
 * Pairing curves in WebAssembly (`mcl-wasm`): the precompiled contracts on it take about a tenth of the time
 * that they take on noble.
 *
 * The library's own wrappers keep one curve for the whole process and convert through text; this talks to its
 * module directly, one instance a curve, points as bytes in its memory. Loading takes some 50 ms, so it
 * happens when a contract first needs it (`Precompile.load`); until then noble answers, with the same results.
 */
import createModule from 'mcl-wasm/dist/mcl_c.js';
import { bigintToBytes } from '../../ledger/model/index.ts';
import { isZero, truth } from './precompile.ts';

/** Numbers of the curves in the library. */
const CURVES = { bn254: 4, bls12381: 5 } as const;
/** Sizes that the library was compiled for, and the mark by which it checks that its caller knows. */
const FP = 48;
const FR = 32;
const COMPILED_FOR = 46;
const [P1, P2, GT] = [3 * FP, 6 * FP, 12 * FP] as const;
/** The maps of RFC 9380. */
const HASH_TO_CURVE = 5;

export type CurveFormat = {
  readonly curve: keyof typeof CURVES;
  /** Bytes of a coordinate's part in the input, and how many of them, at the end, hold the number. */
  readonly width: number;
  readonly size: number;
  readonly modulus: bigint;
  /** Whether the imaginary part of a G2 coordinate comes first. */
  readonly imaginaryFirst: boolean;
};

/** G1 or G2. */
export type Group = 1 | 2;

/** Undefined stands for refused input throughout. */
export type MclCurve = {
  /** The sum of two points of the curve, whatever their order. */
  add(group: Group, input: Uint8Array): Uint8Array | undefined;
  /** The sum of point times scalar over all terms; `checked`: points must be of the group. */
  multiply(group: Group, input: Uint8Array, checked: boolean): Uint8Array | undefined;
  /** Whether the product of the pairings is one. */
  pairing(input: Uint8Array): Uint8Array | undefined;
  /** The point that a field element maps to. */
  map(group: Group, input: Uint8Array): Uint8Array | undefined;
  /** Makes what `OpeningCheck` says, with the lines through the points of G2 computed beforehand: some ms. */
  openings(setup: OpeningSetup): OpeningCheck;
};

/** Points compressed, as everywhere here. */
export type OpeningSetup = {
  readonly g1: Uint8Array;
  readonly g2: Uint8Array;
  readonly tau: Uint8Array;
};

/** Whether the polynomial that `commitment` commits to is `y` at `z`: e(c - [y]g1, g2) = e(proof, tau - [z]g2). */
export type OpeningCheck = (
  commitment: Uint8Array,
  proof: Uint8Array,
  z: Uint8Array,
  y: Uint8Array,
) => boolean | undefined;

type Exports = Readonly<Record<string, (...args: number[]) => number>> & {
  readonly HEAP8: Int8Array;
};

/** @throws TypeError if the library is not the one this was written for */
export async function createMclCurve(format: CurveFormat): Promise<MclCurve> {
  const { call, heap } = await openMcl(CURVES[format.curve]);
  // Orders are checked where a contract asks for it, not whenever a point is read.
  call('_verifyOrderG1', 0);
  call('_verifyOrderG2', 0);
  if (format.curve === 'bls12381') {
    call('_setMapToMode', HASH_TO_CURVE);
    call('_setETHserialization', 1);
  }
  return operations(format, call, heap);
}

/** An instance of the library: its functions without their common prefix, and its memory. */
type MclInstance = {
  call(name: string, ...args: number[]): number;
  /** Anew after each call: memory that grows moves. */
  heap(): Uint8Array;
};

/** @throws TypeError if the library is not the one this was written for */
async function openMcl(curve: number): Promise<MclInstance> {
  const module = (await createModule({ cryptoGetRandomValues: noRandomness })) as Exports;
  const functions = new Map<string, (...args: number[]) => number>();
  const find = (name: string): ((...args: number[]) => number) => {
    const found = module[`_mclBn${name}`] ?? module[name];
    if (found === undefined) throw new TypeError(`mcl-wasm has no ${name}`);
    functions.set(name, found);
    return found;
  };
  const call = (name: string, ...args: number[]): number =>
    (functions.get(name) ?? find(name))(...args);
  if (call('_init', curve, COMPILED_FOR) !== 0) {
    throw new TypeError(`mcl-wasm has no curve ${curve}`);
  }
  let bytes = new Uint8Array(module.HEAP8.buffer);
  return {
    call,
    heap() {
      // A buffer whose memory has grown is detached and has no length.
      if (bytes.length === 0) bytes = new Uint8Array(module.HEAP8.buffer);
      return bytes;
    },
  };
}

/** The curves are only computed with; nothing draws keys. */
function noRandomness(): never {
  throw new TypeError('a precompiled contract draws no random numbers');
}

function operations(
  format: CurveFormat,
  call: MclInstance['call'],
  heap: MclInstance['heap'],
): MclCurve {
  const { width, size, imaginaryFirst } = format;
  const modulus = bigintToBytes(format.modulus);

  /** Lends memory for one computation. */
  function withMemory<T>(length: number, use: (at: number) => T): T {
    const at = call('_malloc', length + FP);
    try {
      return use(at);
    } finally {
      call('_free', at);
    }
  }

  /** Reads a field element; false if it is none. */
  function readElement(to: number, input: Uint8Array, at: number): boolean {
    const bytes = input.subarray(at + width - size, at + width);
    if (!isZero(input.subarray(at, at + width - size)) || !isBelow(bytes, modulus)) return false;
    return withMemory(size, (scratch) => {
      const memory = heap();
      for (let i = 0; i < size; i += 1) memory[scratch + i] = bytes[size - 1 - i] as number;
      return call('Fp_setLittleEndian', to, scratch, size) === 0;
    });
  }

  function readCoordinate(group: Group, to: number, input: Uint8Array, at: number): boolean {
    if (group === 1) return readElement(to, input, at);
    const [first, second] = imaginaryFirst ? [to + FP, to] : [to, to + FP];
    return readElement(first, input, at) && readElement(second, input, at + width);
  }

  /** Reads a point of the curve; with `checked`, of the group. Zeros are infinity. */
  function readPoint(group: Group, to: number, input: Uint8Array, at: number, checked: boolean) {
    const part = width * group;
    call(`G${group}_clear`, to);
    if (isZero(input.subarray(at, at + 2 * part))) return true;
    if (!readCoordinate(group, to, input, at)) return false;
    if (!readCoordinate(group, to + FP * group, input, at + part)) return false;
    call('Fp_setInt32', to + 2 * FP * group, 1);
    if (call(`G${group}_isValid`, to) !== 1) return false;
    return !checked || call(`G${group}_isValidOrder`, to) === 1;
  }

  /** Reads a point of the group in 48 or 96 bytes. */
  function readCompressed(group: Group, to: number, bytes: Uint8Array): boolean {
    return withMemory(bytes.length, (scratch) => {
      heap().set(bytes, scratch);
      const took = call(`G${group}_deserialize`, to, scratch, bytes.length);
      return took === bytes.length && call(`G${group}_isValidOrder`, to) === 1;
    });
  }

  function writeElement(output: Uint8Array, at: number, from: number): void {
    withMemory(FP, (scratch) => {
      const length = call('Fp_getLittleEndian', scratch, FP, from);
      const memory = heap();
      const end = at + width - 1;
      for (let i = 0; i < length; i += 1) output[end - i] = memory[scratch + i] as number;
    });
  }

  function writePoint(group: Group, from: number): Uint8Array {
    const output = new Uint8Array(2 * width * group);
    if (call(`G${group}_isZero`, from) === 1) return output;
    call(`G${group}_normalize`, from, from);
    for (let coordinate = 0; coordinate < 2; coordinate += 1) {
      for (let part = 0; part < group; part += 1) {
        const place = group === 2 && imaginaryFirst ? 1 - part : part;
        const element = from + (coordinate * group + part) * FP;
        writeElement(output, (coordinate * group + place) * width, element);
      }
    }
    return output;
  }

  function readScalar(to: number, bytes: Uint8Array): void {
    withMemory(FR, (scratch) => {
      heap().set(bytes, scratch);
      call('Fr_setBigEndianMod', to, scratch, bytes.length);
    });
  }

  const pointSize = (group: Group): number => (group === 1 ? P1 : P2);

  function pairsAreOne(g1: number, g2: number, count: number): boolean {
    if (count === 0) return true;
    return withMemory(GT, (product) => {
      call('_millerLoopVec', product, g1, g2, count);
      call('_finalExp', product, product);
      return call('GT_isOne', product) === 1;
    });
  }

  return {
    add: (group, input) =>
      withMemory(2 * P2, (at) => {
        const other = at + pointSize(group);
        if (!readPoint(group, at, input, 0, false)) return undefined;
        if (!readPoint(group, other, input, 2 * width * group, false)) return undefined;
        call(`G${group}_add`, at, at, other);
        return writePoint(group, at);
      }),

    multiply(group, input, checked) {
      const [step, term] = [pointSize(group), 2 * width * group + FR];
      const count = input.length / term;
      return withMemory(count * (step + FR) + step, (points) => {
        const scalars = points + count * step;
        const sum = scalars + count * FR;
        for (let i = 0; i < count; i += 1) {
          const from = i * term;
          if (!readPoint(group, points + i * step, input, from, checked)) return undefined;
          readScalar(scalars + i * FR, input.subarray(from + term - FR, from + term));
        }
        if (count === 1) call(`G${group}_mul`, sum, points, scalars);
        else call(`G${group}_mulVec`, sum, points, scalars, count);
        return writePoint(group, sum);
      });
    },

    pairing(input) {
      const pair = 6 * width;
      const most = input.length / pair;
      return withMemory(most * (P1 + P2), (g1) => {
        const g2 = g1 + most * P1;
        let count = 0;
        for (let at = 0; at < input.length; at += pair) {
          const [p, q] = [g1 + count * P1, g2 + count * P2];
          if (!readPoint(1, p, input, at, true)) return undefined;
          if (!readPoint(2, q, input, at + 2 * width, true)) return undefined;
          // A pair with infinity contributes a factor of one.
          if (call('G1_isZero', p) !== 1 && call('G2_isZero', q) !== 1) count += 1;
        }
        return truth(pairsAreOne(g1, g2, count));
      });
    },

    map: (group, input) =>
      withMemory(2 * FP + P2, (element) => {
        if (!readCoordinate(group, element, input, 0)) return undefined;
        const point = element + 2 * FP;
        call(group === 1 ? 'Fp_mapToG1' : 'Fp2_mapToG2', point, element);
        return writePoint(group, point);
      }),

    openings({ g1, g2, tau }) {
      const lines = 8 * call('_getUint64NumToPrecompute');
      // Kept as long as the instance.
      const base = call('_malloc', P1 + P2 + 2 * lines);
      const [at2, minusLines, tauLines] = [base + P1, base + P1 + P2, base + P1 + P2 + lines];
      if (!readCompressed(1, base, g1) || !readCompressed(2, at2, g2)) return () => undefined;
      call('G2_neg', at2, at2);
      call('_precomputeG2', minusLines, at2);
      if (!readCompressed(2, at2, tau)) return () => undefined;
      call('_precomputeG2', tauLines, at2);
      return (commitment, proof, z, y) =>
        withMemory(4 * P1 + FR + GT, (left) => {
          const [right, term] = [left + P1, left + 2 * P1];
          const [scalar, product] = [left + 4 * P1, left + 4 * P1 + FR];
          if (!readCompressed(1, left, commitment) || !readCompressed(1, right, proof)) {
            return undefined;
          }
          // With [z]proof on the left, both points of G2 are of the setup: e(c - [y]g1 + [z]proof, g2) = e(proof, tau).
          readScalar(scalar, y);
          call('G1_mul', term, base, scalar);
          call('G1_sub', left, left, term);
          readScalar(scalar, z);
          call('G1_mul', term, right, scalar);
          call('G1_add', left, left, term);
          const [isLeftZero, isRightZero] = [call('G1_isZero', left), call('G1_isZero', right)];
          // Nothing but infinity pairs with a generator to one.
          if (isLeftZero === 1 || isRightZero === 1) return isLeftZero === isRightZero;
          call('_precomputedMillerLoop2', product, left, minusLines, right, tauLines);
          call('_finalExp', product, product);
          return call('GT_isOne', product) === 1;
        });
    },
  };
}

/** Whether big-endian `bytes` are less than `limit`, which is as long. */
function isBelow(bytes: Uint8Array, limit: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    const difference = (bytes[i] as number) - (limit[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
