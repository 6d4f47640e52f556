/**
 * The pairing check of the point evaluation precompile (EIP-4844, address 0x0a).
 *
 * Checking one opening needs a single point of the trusted setup, [tau]G2, so nothing is loaded: the setup's
 * other 8 192 points serve provers.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { hexToBytes } from '../../ledger/model/index.ts';

/** [tau]G2 of the Ethereum KZG ceremony: `g2_monomial[1]` of the published setup. */
const TAU_G2 =
  '0xb5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

const { G1, G2 } = bls12_381;
const { Fr, Fp12 } = bls12_381.fields;

/**
 * Whether the polynomial behind `commitment` has value `y` at `z`: e(C - [y]G1, -G2) * e(proof, [tau]G2 - [z]G2) = 1.
 *
 * @param commitment 48 bytes as hex, as are the others: `z` and `y` 32, `proof` 48
 * @throws RangeError `C_KZG_BADARGS` for a point off the curve or a scalar that is not canonical
 */
export function verifyPointEvaluation(
  commitment: string,
  z: string,
  y: string,
  proof: string,
): boolean {
  const [c, p] = [point(commitment), point(proof)];
  const [at, value] = [scalar(z), scalar(y)];
  const left = c.subtract(G1.Point.BASE.multiplyUnsafe(value));
  const tau = G2.Point.fromBytes(hexToBytes(TAU_G2));
  const right = tau.subtract(G2.Point.BASE.multiplyUnsafe(at));
  const product = bls12_381.pairingBatch(
    [
      { g1: left, g2: G2.Point.BASE.negate() },
      { g1: p, g2: right },
    ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0()),
  );
  return Fp12.eql(product, Fp12.ONE);
}

function point(hex: string): InstanceType<typeof G1.Point> {
  try {
    const decoded = G1.Point.fromBytes(hexToBytes(hex));
    decoded.assertValidity();
    return decoded;
  } catch (cause) {
    if (isInfinity(hex)) return G1.Point.ZERO;
    throw new RangeError('C_KZG_BADARGS: not a point', { cause });
  }
}

function isInfinity(hex: string): boolean {
  return /^0xc00*$/.test(hex);
}

function scalar(hex: string): bigint {
  const value = BigInt(hex);
  if (value >= Fr.ORDER) throw new RangeError('C_KZG_BADARGS: not a canonical scalar');
  return value;
}
