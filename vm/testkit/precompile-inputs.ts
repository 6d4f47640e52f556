/** Valid inputs of precompiled contracts, to measure them with and to spoil. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { p256 } from '@noble/curves/nist.js';
import { sign } from '#crypto';
import { bigintToBytes, concatBytes, hexToBytes } from '../../ledger/model/index.ts';

/** The public vector `pointEvaluation1`: a valid opening. */
export const OPENING: Uint8Array = hexToBytes(
  '0x01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a',
);

/** Hash, v, r, s. */
export function signature(): Uint8Array {
  const hash = new Uint8Array(32).fill(7);
  const key = new Uint8Array(32).fill(9);
  const signed = sign(hash, key);
  return concatBytes(hash, word(27n + BigInt(signed.yParity)), signed.signature);
}

/** Odd and full of ones, the exponent too: no shortcut applies. */
export function modexpInput(base: number, exponent: number, modulus: number): Uint8Array {
  const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);
  const lengths = [base, exponent, modulus].map((length) => word(BigInt(length)));
  const small = ones(base);
  small[0] = 0x7f;
  return concatBytes(...lengths, small, ones(exponent), ones(modulus));
}

/** A multiple of BN254's base point. */
export function bnPoint(scalar: bigint): Uint8Array {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(word(x), word(y));
}

/** Of G1 and G2. */
export function bnPair(): Uint8Array {
  const { x, y } = bn254.G2.Point.BASE.multiply(7n).toAffine();
  return concatBytes(bnPoint(3n), word(x.c1), word(x.c0), word(y.c1), word(y.c0));
}

export function blake2fInput(rounds: number): Uint8Array {
  const input = new Uint8Array(213).fill(0xa5);
  new DataView(input.buffer).setUint32(0, rounds);
  input[212] = 1;
  return input;
}

/** 64 bytes of BLS12-381. */
export function fieldElement(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value);
  return concatBytes(new Uint8Array(64 - bytes.length), bytes);
}

export function g1(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G1.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(fieldElement(x), fieldElement(y));
}

export function g2(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(
    fieldElement(x.c0),
    fieldElement(x.c1),
    fieldElement(y.c0),
    fieldElement(y.c1),
  );
}

/** Hash, r, s, x, y. */
export function p256Signature(): Uint8Array {
  const hash = new Uint8Array(32).fill(3);
  const key = new Uint8Array(32).fill(9);
  const signed = p256.sign(hash, key, { prehash: false });
  return concatBytes(hash, signed, p256.getPublicKey(key, false).subarray(1));
}

/** 32 bytes. */
export function word(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value);
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}
