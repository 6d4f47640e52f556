/**
 * Pairing curves in WebAssembly (`mcl-wasm`): the precompiled contracts on it take about a tenth of the time
 * that they take on noble.
 *
 * The library's own wrappers keep one curve for the whole process and convert through text; this talks to its
 * module directly, one instance a curve, points as bytes in its memory. Loading takes some 50 ms, so it
 * happens when a contract first needs it (`Precompile.load`); until then noble answers, with the same results.
 */
import { type MclInstance, openMcl } from './mcl-instance.ts';
import { type CurveFormat, createPointCodec, FP, FR, type Group } from './mcl-points.ts';
import { truth } from './precompile.ts';

/** Numbers of the curves in the library. */
const CURVES: Readonly<Record<CurveFormat['curve'], number>> = { bn254: 4, bls12381: 5 };
/** Bytes of a point of G1, of G2 and of a number of the target group in its memory. */
const [P1, P2, GT] = [3 * FP, 6 * FP, 12 * FP] as const;
/** The maps of RFC 9380. */
const HASH_TO_CURVE = 5;

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

/** @throws TypeError if the library is not the one this was written for */
export async function createMclCurve(format: CurveFormat): Promise<MclCurve> {
  const mcl = await openMcl(CURVES[format.curve]);
  const { call } = mcl;
  // Orders are checked where a contract asks for it, not whenever a point is read.
  call('_verifyOrderG1', 0);
  call('_verifyOrderG2', 0);
  if (format.curve === 'bls12381') {
    call('_setMapToMode', HASH_TO_CURVE);
    call('_setETHserialization', 1);
  }
  return operations(format, mcl);
}

function operations(format: CurveFormat, mcl: MclInstance): MclCurve {
  const { width } = format;
  const { call } = mcl;
  const { withMemory, readCoordinate, readPoint, readCompressed, readScalar, writePoint } =
    createPointCodec(format, mcl);

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
