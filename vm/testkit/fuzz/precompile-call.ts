/**
 * Calls of precompiled contracts: valid inputs, most of them spoilt in one or two places, with gas around what
 * the call costs, through a contract that keeps all it sees of the outcome.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { p256 } from '@noble/curves/nist.js';
import type { Random } from '../../../consensus/testkit/random.ts';
import { concatBytes } from '../../../ledger/model/index.ts';
import type { ChainRules, ForkName } from '../../chain-rules.ts';
import { precompilesAt } from '../../precompiles/index.ts';
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
  word,
} from '../precompile-inputs.ts';
import { randomBytes } from './pool.ts';
import type { Program } from './program.ts';

/** The cheap ones mostly: on the reference engine a curve takes milliseconds. */
const CHEAP = [1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 7, 9, 9, 9, 0x100] as const;
const DEAR = [8, 10, 11, 12, 13, 14, 15, 16, 17] as const;

/** Number of a precompiled contract, whether or not the fork has it. */
export function randomPrecompile(random: Random): number {
  return random.chance(0.93) ? random.pick(CHEAP) : random.pick(DEAR);
}

/** An input for the contract with that number. */
export function precompileInput(random: Random, number: number): Uint8Array {
  let input = validInput(random, number);
  for (let spoilt = random.pick([0, 0, 1, 1, 1, 2, 2, 3]); spoilt > 0; spoilt -= 1) {
    input = spoil(random, input);
  }
  return input;
}

/** Gas, number of the contract, input: what `forwarder` takes. */
export function forwarded(random: Random, fork: ForkName, rules: ChainRules): Uint8Array {
  const number = randomPrecompile(random);
  const input = precompileInput(random, number);
  const contract = precompilesAt(fork, rules.precompileGasFactors).get(number);
  const price = contract?.gas(input) ?? 0n;
  const gas = price + BigInt(random.pick([-1, 0, 0, 1, 700]));
  const given = gas >= 0n && gas < 2n ** 256n ? gas : 10_000n;
  return concatBytes(word(given), word(BigInt(number)), input);
}

/**
 * Calls what its second word names with the gas of its first and the rest of its input; stores whether that
 * succeeded, how long the answer is, the hash of it and the gas that is left.
 */
export function forwarder(random: Random): Program {
  const kind = random.pick([0xf1, 0xf1, 0xf2, 0xf4, 0xfa, 0xfa]);
  const hasValue = kind === 0xf1 || kind === 0xf2;
  return [
    bytes('6040360360406000', '37'), // CALLDATACOPY(0, 64, size - 64)
    bytes('60006000', '60403603', '6000'), // no room for output; size - 64 bytes at 0
    ...(hasValue ? [bytes(random.chance(0.8) ? '6000' : '6001')] : []),
    bytes('602035', '600035'), // whom, with how much gas
    Uint8Array.of(kind),
    bytes('600055'), // slot 0: success
    bytes('3d600155'), // slot 1: length
    bytes('3d600060003e'), // the answer to memory
    bytes('3d600020600255'), // slot 2: its hash
    bytes('5a600355'), // slot 3: gas left
  ];
}

function bytes(...digits: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.join(''), 'hex'));
}

function validInput(random: Random, number: number): Uint8Array {
  switch (number) {
    case 1:
      return SIGNATURES.secp256k1;
    case 5:
      return modexp(random);
    case 6:
      return concatBytes(random.pick(BN_POINTS), random.pick(BN_POINTS));
    case 7:
      return concatBytes(random.pick(BN_POINTS), edge(random));
    case 8:
      return concatBytes(...some(random, BN_PAIRS));
    case 9:
      return blake2fInput(random.chance(0.7) ? random.between(0, 25) : random.between(0, 2_000));
    case 10:
      return OPENING;
    case 11:
      return concatBytes(random.pick(POINTS1), random.pick(POINTS1));
    case 12:
      return concatBytes(random.pick(POINTS1), edge(random));
    case 13:
      return concatBytes(random.pick(POINTS2), random.pick(POINTS2));
    case 14:
      return concatBytes(random.pick(POINTS2), edge(random));
    case 15:
      return concatBytes(random.pick(POINTS1), random.pick(POINTS2));
    case 16:
      return fieldElement(BigInt(random.between(0, 3)));
    case 17:
      return concatBytes(...[0, 0].map(() => fieldElement(BigInt(random.between(0, 3)))));
    case 0x100:
      return SIGNATURES.p256;
    default:
      return randomBytes(random, random.between(0, 200));
  }
}

function modexp(random: Random): Uint8Array {
  const length = (): number =>
    random.chance(0.85) ? random.between(0, 34) : random.between(0, 130);
  const input = modexpInput(
    length(),
    random.chance(0.7) ? random.between(0, 4) : length(),
    length(),
  );
  if (random.chance(0.3)) return input;
  for (let at = 96; at < input.length; at += 1)
    input[at] = random.pick([0, 1, 0x80, 0xff, random.between(0, 255)]);
  if (random.chance(0.3)) input[input.length - 1] = 0;
  return input;
}

function some<T>(random: Random, items: readonly T[]): T[] {
  return Array.from({ length: random.between(0, 2) }, () => random.pick(items));
}

/** A point of BLS12-381's curve that is not of the group, as `outside2` for the twist. */
function outside1(): Uint8Array {
  const { Fp } = bls12_381.fields;
  for (let x = 1n; ; x += 1n) {
    const y = rootOf(Fp, Fp.add(Fp.pow(x, 3n), 4n));
    if (y !== undefined) return concatBytes(fieldElement(x), fieldElement(y));
  }
}

function outside2(): Uint8Array {
  const { Fp2 } = bls12_381.fields;
  for (let x = 1n; ; x += 1n) {
    const point = Fp2.fromBigTuple([x, 0n]);
    const y = rootOf(Fp2, Fp2.add(Fp2.pow(point, 3n), Fp2.fromBigTuple([4n, 4n])));
    if (y !== undefined) return concatBytes(...[x, 0n, y.c0, y.c1].map(fieldElement));
  }
}

/** The base point of BN254 and a point of the twist that is not of the group. */
function bnPairOutside(): Uint8Array {
  const { Fp2 } = bn254.fields;
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let x = 1n; ; x += 1n) {
    const point = Fp2.fromBigTuple([x, 0n]);
    const y = rootOf(Fp2, Fp2.add(Fp2.pow(point, 3n), b));
    if (y !== undefined) return concatBytes(bnPoint(1n), ...[0n, x, y.c1, y.c0].map(word));
  }
}

function rootOf<T>(field: { sqrt(value: T): T }, value: T): T | undefined {
  try {
    return field.sqrt(value);
  } catch {
    return undefined;
  }
}

/** The numbers at whose sides curves change their mind. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  bn254.fields.Fp.ORDER,
  bn254.fields.Fr.ORDER,
  bls12_381.fields.Fr.ORDER,
  p256.Point.Fp.ORDER,
  p256.Point.Fn.ORDER,
  0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n,
  2n ** 256n - 2n,
].flatMap((value) => [value, value + 1n, ...(value > 0n ? [value - 1n] : [])]);

function edge(random: Random): Uint8Array {
  return word(random.pick(EDGES));
}

const SIGNATURES = { secp256k1: signature(), p256: p256Signature() };
const BN_POINTS = [bnPoint(1n), bnPoint(2n), bnPoint(3n), new Uint8Array(64)];
const BN_PAIRS = [bnPair(), bnPair(), bnPairOutside()];
const POINTS1 = [g1(1n), g1(2n), g1(3n), outside1(), new Uint8Array(128)];
const POINTS2 = [g2(1n), g2(2n), g2(3n), outside2(), new Uint8Array(256)];

/** One change: a bit, a byte, a word, two words swapped, an end cut off or put on. */
function spoil(random: Random, input: Uint8Array): Uint8Array {
  const spoilt = input.slice();
  const at = random.between(0, Math.max(0, input.length - 1));
  const place = at - (at % 32);
  switch (random.between(0, 7)) {
    case 0:
    case 1:
      if (input.length > 0) spoilt[at] = (spoilt[at] as number) ^ (1 << random.between(0, 7));
      return spoilt;
    case 2:
      if (input.length > 0) spoilt[at] = random.pick([0, 1, 0xff]);
      return spoilt;
    case 3:
    case 4:
      spoilt.set(edge(random).subarray(0, input.length - place), place);
      return spoilt;
    case 5:
      spoilt.fill(0, place, place + random.pick([32, 64, 128]));
      return spoilt;
    case 6:
      return spoilt.subarray(0, random.chance(0.5) ? at : input.length - random.between(0, 1));
    default:
      return concatBytes(spoilt, new Uint8Array(random.pick([1, 32, 64])));
  }
}
