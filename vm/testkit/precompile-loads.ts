/**
 * For each precompiled contract the inputs that take longest for their gas, as far as we know them: what a
 * hostile block would be full of. Measured by `npm run bench -- evm`.
 */

import { asAddress, concatBytes, hexToBytes, ZERO_HASH } from '../../ledger/model/index.ts';
import type { ForkName } from '../chain-rules.ts';
import type { BlockEnvironment, CallRequest } from '../engine.ts';
import { createMemoryState, type MemoryState } from './memory-state.ts';
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
    ...[0, 65_536].flatMap((length) => [
      load(`sha256, ${length} bytes`, 0x02, ff(length)),
      load(`ripemd160, ${length} bytes`, 0x03, ff(length)),
      load(`identity, ${length} bytes`, 0x04, ff(length)),
    ]),
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

export type CallLoad = {
  readonly state: MemoryState;
  readonly environment: BlockEnvironment;
  readonly request: CallRequest;
};

/**
 * A call of a contract that calls a precompiled one until its gas is used up, again and again with the same input.
 *
 * @param price what one call of it costs
 */
export function callsInARow(address: number, input: Uint8Array, price: number): CallLoad {
  const caller = asAddress(new Uint8Array(20).fill(0xca));
  const digits = (value: number, length: number): string =>
    value.toString(16).padStart(2 * length, '0');
  // No output; all calldata, at 0; whom; all gas; STATICCALL, POP.
  const call = `5f5f365f61${digits(address, 2)}5afa50`;
  const enough = price + Math.ceil(price / 62) + 10_000;
  const code = hexToBytes(
    // The calldata to memory; then calls as long as the gas is enough for one more.
    `0x365f5f375b${call}63${digits(enough, 4)}5a1160045700`,
  );
  const state = createMemoryState([{ address: caller, nonce: 1n, code }]);
  const gas = BigInt(Math.max(3_000_000, 3 * enough));
  const environment: BlockEnvironment = {
    number: 1n,
    timestamp: 1n,
    parentHash: ZERO_HASH,
    gasLimit: gas,
    beneficiary: caller,
    prevRandao: ZERO_HASH,
    difficulty: 1n,
    baseFeePerGas: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: ZERO_HASH,
  };
  const request: CallRequest = {
    from: asAddress(new Uint8Array(20).fill(0xaa)),
    to: caller,
    data: input,
    value: 0n,
    gas,
    gasPrice: 0n,
  };
  return { state, environment, request };
}

/** Lengths of base, exponent and modulus: least price, one word, short exponents, RSA, the largest of EIP-7823. */
const MODEXP_SIZES: readonly (readonly [number, number, number])[] = [
  [1, 32, 1],
  [8, 81, 8],
  [32, 2, 32],
  [32, 32, 32],
  [40, 32, 40],
  [48, 2, 48],
  [64, 1, 64],
  [64, 64, 64],
  [128, 1, 128],
  [256, 256, 256],
  [1_024, 128, 1_024],
];

function repeat(bytes: Uint8Array, times: number): Uint8Array {
  return concatBytes(...Array.from({ length: times }, () => bytes));
}
