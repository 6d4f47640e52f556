/**
 * For each precompiled contract the inputs that take longest for their gas, as far as we know them: what a
 * hostile block would be full of. Measured by `npm run bench -- evm`.
 */

import { concatBytes } from '../../ledger/model/index.ts';
import type { ForkName } from '../chain-rules.ts';
import {
  blake2fInput,
  bnPair,
  bnPoint,
  fieldElement,
  g1,
  g2,
  modexpInput,
  OPENING,
  p256Signature,
  signature,
} from './precompile-inputs.ts';

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
          modexpInput(base, exponent, modulus),
          fork,
        ),
      ),
    ),
    load('bn254 add', 0x06, concatBytes(bnPoint(3n), bnPoint(5n))),
    load('bn254 mul', 0x07, concatBytes(bnPoint(3n), ff(32))),
    load('bn254 pairing, 1', 0x08, bnPair()),
    load('bn254 pairing, 8', 0x08, repeat(bnPair(), 8)),
    load('blake2f, 100 000 rounds', 0x09, blake2fInput(100_000)),
    load('point evaluation', 0x0a, OPENING),
    load('BLS12-381 G1 add', 0x0b, concatBytes(g1(3n), g1(5n))),
    load('BLS12-381 G1 multiply, 1', 0x0c, concatBytes(g1(3n), ff(32))),
    load('BLS12-381 G1 multiply, 128', 0x0c, repeat(concatBytes(g1(3n), ff(32)), 128)),
    load('BLS12-381 G2 add', 0x0d, concatBytes(g2(3n), g2(5n))),
    load('BLS12-381 G2 multiply, 1', 0x0e, concatBytes(g2(3n), ff(32))),
    load('BLS12-381 G2 multiply, 128', 0x0e, repeat(concatBytes(g2(3n), ff(32)), 128)),
    load('BLS12-381 pairing, 1', 0x0f, concatBytes(g1(3n), g2(5n))),
    load('BLS12-381 pairing, 8', 0x0f, repeat(concatBytes(g1(3n), g2(5n)), 8)),
    load('BLS12-381 map to G1', 0x10, fieldElement(12_345n)),
    load('BLS12-381 map to G2', 0x11, concatBytes(fieldElement(12_345n), fieldElement(54_321n))),
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

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  return concatBytes(...Array.from({ length: times }, () => bytes));
}
