/**
 * Point evaluation (0x0a, EIP-4844): whether the polynomial behind a KZG commitment has a value at a point.
 *
 * Checking one opening needs a single point of the trusted setup, [tau]G2, so nothing is loaded: the setup's
 * other 8 192 points serve provers.
 */

import { bls12_381 } from '@noble/curves/bls12-381.js';
import { sha256 } from '#crypto';
import { concatBytes, equalBytes, hexToBytes } from '../../ledger/model/index.ts';
import { fastBls12 } from './bls12-381.ts';
import type { OpeningCheck } from './mcl.ts';
import { numberAt, type Precompile, putNumber } from './precompile.ts';

/** [tau]G2 of the Ethereum KZG ceremony: `g2_monomial[1]` of the published setup. */
const TAU_G2 =
  '0xb5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

const INPUT = 192;
const VERSION = Uint8Array.of(1);
const FIELD_ELEMENTS_PER_BLOB = 4_096n;

const { G1, G2 } = bls12_381;
const { Fr, Fp12 } = bls12_381.fields;

type Point = InstanceType<typeof G1.Point>;

/** Versioned hash, z, y, commitment, proof; fails unless all of it is true. */
export const pointEvaluation: Precompile = {
  gas: () => 50_000n,
  load: fastBls12.load,
  run(input) {
    if (input.length !== INPUT) return undefined;
    const [commitment, proof] = [input.subarray(96, 144), input.subarray(144)];
    const hash = concatBytes(VERSION, sha256(commitment).subarray(1));
    if (!equalBytes(hash, input.subarray(0, 32))) return undefined;
    const [z, y] = [input.subarray(32, 64), input.subarray(64, 96)];
    const holds = verifyFast(commitment, z, y, proof) ?? verifyOpening(commitment, z, y, proof);
    if (holds !== true) return undefined;
    const answer = new Uint8Array(64);
    putNumber(answer, 0, 32, FIELD_ELEMENTS_PER_BLOB);
    putNumber(answer, 32, 32, Fr.ORDER);
    return answer;
  },
};

/** Of the curve in WebAssembly, once that is loaded. */
const kept: { check: OpeningCheck | undefined } = { check: undefined };

/** Undefined if the fast curve is not there or refuses the input, which is for the other to judge then. */
function verifyFast(
  commitment: Uint8Array,
  z: Uint8Array,
  y: Uint8Array,
  proof: Uint8Array,
): boolean | undefined {
  if (numberAt(z, 0, 32) >= Fr.ORDER || numberAt(y, 0, 32) >= Fr.ORDER) return undefined;
  kept.check ??= fastBls12.current()?.openings({
    g1: G1.Point.BASE.toBytes(),
    g2: G2.Point.BASE.toBytes(),
    tau: hexToBytes(TAU_G2),
  });
  return kept.check?.(commitment, proof, z, y);
}

/**
 * Whether the polynomial behind `commitment` is `y` at `z`: e(C - [y]G1, -G2) * e(proof, [tau]G2 - [z]G2) = 1.
 *
 * @param commitment 48 bytes, as is `proof`; `z` and `y` are 32
 * @returns undefined for a point off the curve or out of the group, or a scalar that is not canonical
 */
export function verifyOpening(
  commitment: Uint8Array,
  z: Uint8Array,
  y: Uint8Array,
  proof: Uint8Array,
): boolean | undefined {
  const [c, p] = [decodePoint(commitment), decodePoint(proof)];
  const [at, value] = [numberAt(z, 0, 32), numberAt(y, 0, 32)];
  if (c === undefined || p === undefined || at >= Fr.ORDER || value >= Fr.ORDER) return undefined;
  const pairs = [
    { g1: c.subtract(G1.Point.BASE.multiplyUnsafe(value)), g2: G2.Point.BASE.negate() },
    {
      g1: p,
      g2: G2.Point.fromBytes(hexToBytes(TAU_G2)).subtract(G2.Point.BASE.multiplyUnsafe(at)),
    },
  ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
  return pairs.length === 0 || Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE);
}

function decodePoint(bytes: Uint8Array): Point | undefined {
  if (bytes[0] === 0xc0 && bytes.subarray(1).every((byte) => byte === 0)) return G1.Point.ZERO;
  try {
    const point = G1.Point.fromBytes(bytes.slice());
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}
