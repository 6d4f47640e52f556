/**
 * For each precompiled contract the inputs that take longest for their gas, as far as we know them: what a
 * hostile block would be full of. Measured by `npm run bench -- evm`.
 */

import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { p256 } from '@noble/curves/nist.js';
import { sign } from '#crypto';
import { bigintToBytes, concatBytes, hexToBytes } from '../../ledger/model/index.ts';
import type { ForkName } from '../chain-rules.ts';

export type PrecompileLoad = {
  readonly name: string;
  readonly address: number;
  readonly fork: ForkName;
  readonly input: Uint8Array;
};

/** All of them, at the newest fork and, where an older one prices differently, at that too. */
export function precompileLoads(): readonly PrecompileLoad[] {
  const load = (name: string, address: number, input: Uint8Array, fork: ForkName = 'osaka') => ({
    name,
    address,
    input,
    fork,
  });
  const ff = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);
  return [
    load('ecrecover', 0x01, signature()),
    load('sha256, 64 KiB', 0x02, ff(65_536)),
    load('ripemd160, 64 KiB', 0x03, ff(65_536)),
    load('identity, 64 KiB', 0x04, ff(65_536)),
    ...(['prague', 'osaka'] as const).flatMap((fork) =>
      MODEXP_SIZES.map(([base, exponent, modulus]) =>
        load(
          `modexp, ${base}/${exponent}/${modulus} bytes, ${fork}`,
          0x05,
          modexp(base, exponent, modulus),
          fork,
        ),
      ),
    ),
    load('bn254 add', 0x06, concatBytes(bnPoint(3n), bnPoint(5n))),
    load('bn254 mul', 0x07, concatBytes(bnPoint(3n), ff(32))),
    load('bn254 pairing, 1', 0x08, bnPair()),
    load('bn254 pairing, 8', 0x08, repeat(bnPair(), 8)),
    load('blake2f, 100 000 rounds', 0x09, blake2f(100_000)),
    load('point evaluation', 0x0a, hexToBytes(OPENING)),
    load('BLS12-381 G1 add', 0x0b, concatBytes(g1(3n), g1(5n))),
    load('BLS12-381 G1 multiply, 1', 0x0c, concatBytes(g1(3n), ff(32))),
    load('BLS12-381 G1 multiply, 128', 0x0c, repeat(concatBytes(g1(3n), ff(32)), 128)),
    load('BLS12-381 G2 add', 0x0d, concatBytes(g2(3n), g2(5n))),
    load('BLS12-381 G2 multiply, 1', 0x0e, concatBytes(g2(3n), ff(32))),
    load('BLS12-381 G2 multiply, 128', 0x0e, repeat(concatBytes(g2(3n), ff(32)), 128)),
    load('BLS12-381 pairing, 1', 0x0f, concatBytes(g1(3n), g2(5n))),
    load('BLS12-381 pairing, 8', 0x0f, repeat(concatBytes(g1(3n), g2(5n)), 8)),
    load('BLS12-381 map to G1', 0x10, field(12_345n)),
    load('BLS12-381 map to G2', 0x11, concatBytes(field(12_345n), field(54_321n))),
    load('P256VERIFY', 0x100, p256Signature()),
  ];
}

/** Lengths of base, exponent and modulus: the smallest price, one word, RSA, the largest of EIP-7823. */
const MODEXP_SIZES: readonly (readonly [number, number, number])[] = [
  [1, 32, 1],
  [8, 81, 8],
  [32, 32, 32],
  [40, 32, 40],
  [64, 64, 64],
  [256, 256, 256],
  [1_024, 128, 1_024],
];

/** The public vector `pointEvaluation1`: a valid opening. */
const OPENING =
  '0x01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a';

function signature(): Uint8Array {
  const hash = new Uint8Array(32).fill(7);
  const key = new Uint8Array(32).fill(9);
  const signed = sign(hash, key);
  return concatBytes(hash, word(27n + BigInt(signed.yParity)), signed.signature);
}

/** Odd and full of ones, the exponent too: no shortcut applies. */
function modexp(base: number, exponent: number, modulus: number): Uint8Array {
  const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);
  const lengths = [base, exponent, modulus].map((length) => word(BigInt(length)));
  const small = ones(base);
  small[0] = 0x7f;
  return concatBytes(...lengths, small, ones(exponent), ones(modulus));
}

function bnPoint(scalar: bigint): Uint8Array {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(word(x), word(y));
}

function bnPair(): Uint8Array {
  const { x, y } = bn254.G2.Point.BASE.multiply(7n).toAffine();
  return concatBytes(bnPoint(3n), word(x.c1), word(x.c0), word(y.c1), word(y.c0));
}

function blake2f(rounds: number): Uint8Array {
  const input = new Uint8Array(213).fill(0xa5);
  new DataView(input.buffer).setUint32(0, rounds);
  input[212] = 1;
  return input;
}

function field(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value);
  return concatBytes(new Uint8Array(64 - bytes.length), bytes);
}

function g1(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G1.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(field(x), field(y));
}

function g2(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(scalar).toAffine();
  return concatBytes(field(x.c0), field(x.c1), field(y.c0), field(y.c1));
}

function p256Signature(): Uint8Array {
  const hash = new Uint8Array(32).fill(3);
  const key = new Uint8Array(32).fill(9);
  const signed = p256.sign(hash, key, { prehash: false });
  return concatBytes(hash, signed, p256.getPublicKey(key, false).subarray(1));
}

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  return concatBytes(...Array.from({ length: times }, () => bytes));
}

function word(value: bigint): Uint8Array {
  const bytes = bigintToBytes(value);
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}
