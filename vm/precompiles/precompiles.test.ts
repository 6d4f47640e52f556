/** The precompiled contracts against the public vectors: outputs, gas, failures. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../consensus/testkit/random.ts';
import { bytesToBigint, bytesToHex, concatBytes, hexToBytes } from '../../ledger/model/index.ts';
import type { ForkName } from '../chain-rules.ts';
import { type Precompile, precompilesAt } from './index.ts';

/** Which contract a file of vectors speaks of, and the fork whose gas it gives. */
const FILES: readonly (readonly [file: string, address: number, fork: ForkName])[] = [
  ['ecRecover', 0x01, 'osaka'],
  ['modexp', 0x05, 'byzantium'],
  ['modexp_eip2565', 0x05, 'berlin'],
  ['modexp_eip7883', 0x05, 'osaka'],
  ['bn256Add', 0x06, 'istanbul'],
  ['bn256ScalarMul', 0x07, 'istanbul'],
  ['bn256Pairing', 0x08, 'istanbul'],
  ['blake2F', 0x09, 'istanbul'],
  ['fail-blake2f', 0x09, 'istanbul'],
  ['pointEvaluation', 0x0a, 'cancun'],
  ['blsG1Add', 0x0b, 'prague'],
  ['fail-blsG1Add', 0x0b, 'prague'],
  ['blsG1Mul', 0x0c, 'prague'],
  ['fail-blsG1Mul', 0x0c, 'prague'],
  ['blsG2Add', 0x0d, 'prague'],
  ['fail-blsG2Add', 0x0d, 'prague'],
  ['blsG2Mul', 0x0e, 'prague'],
  ['fail-blsG2Mul', 0x0e, 'prague'],
  ['blsPairing', 0x0f, 'prague'],
  ['fail-blsPairing', 0x0f, 'prague'],
  ['blsMapG1', 0x10, 'prague'],
  ['fail-blsMapG1', 0x10, 'prague'],
  ['blsMapG2', 0x11, 'prague'],
  ['fail-blsMapG2', 0x11, 'prague'],
  ['p256Verify', 0x100, 'osaka'],
];

const SLOW_VECTORS = 9;

type Vector = {
  readonly Name: string;
  readonly Input: string;
  readonly Expected?: string;
  readonly ExpectedError?: string;
  readonly Gas?: number;
};

const directory = join(
  process.env['EHB_FIXTURES'] ??
    join(fileURLToPath(new URL('../..', import.meta.url)), '../shared/fixtures'),
  'precompiles',
);
const isPresent = existsSync(directory);
if (!isPresent && process.env['EHB_FIXTURES'] === undefined) {
  console.log('precompile vectors: 0 run, fixtures absent');
}

const test = suite('vm/precompiles');

if (isPresent || process.env['EHB_FIXTURES'] !== undefined) {
  const loads = ['as it is', 'loaded'] as const;
  for (const [how, file, address, fork] of loads.flatMap((how) =>
    FILES.map((each) => [how, ...each] as const),
  )) {
    if (how === 'loaded' && at(fork, address).load === undefined) continue;
    test(`${file}, ${how}: every vector gives its output, gas or failure`, async () => {
      const contract = at(fork, address);
      if (how === 'loaded') await contract.load?.();
      const all = JSON.parse(readFileSync(join(directory, `${file}.json`), 'utf8')) as Vector[];
      // Unloaded curves are slow: some vectors of each kind show that they agree.
      const isSlow = how === 'as it is' && contract.load !== undefined;
      const vectors = isSlow ? all.slice(0, SLOW_VECTORS) : all;
      assert.ok(vectors.length > 0);
      assert.equal(vectors.map((vector) => faultOf(contract, vector)).filter(Boolean), []);
    });
  }
}

test('the simple ones answer as the yellow paper says, and are paid by the word', () => {
  const abc = new TextEncoder().encode('abc');
  assert.is(
    output(0x02, abc),
    '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  assert.is(
    output(0x03, abc),
    '0x0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc',
  );
  assert.is(output(0x04, abc), '0x616263');
  assert.equal(
    [0x02, 0x03, 0x04].map((address) => at('osaka', address).gas(new Uint8Array(33))),
    [84n, 840n, 21n],
  );
});

test('points off the curve are failures, whatever their coordinates', () => {
  const word = (value: number): string => value.toString(16).padStart(64, '0');
  const pair = [1, 2, 0, 1, 0, 0].map(word).join('');
  assert.is(output(0x08, hexToBytes(`0x${pair}`)), 'failure');
  assert.is(output(0x06, hexToBytes(`0x${word(1)}${word(3)}`)), 'failure');
  assert.is(output(0x07, hexToBytes(`0x${'ff'.repeat(96)}`)), 'failure');
});

test('lengths that no gas pays for are priced and refused, not allocated', () => {
  const input = hexToBytes(`0x${'ff'.repeat(96)}`);
  for (const fork of ['byzantium', 'berlin', 'osaka'] as const) {
    assert.ok(at(fork, 0x05).gas(input) > 2n ** 256n);
    assert.is(at(fork, 0x05).run(input), undefined);
  }
});

test('MODEXP of short numbers is what bigints give, whatever the shape of the numbers', () => {
  const seed = 20_260;
  const random = createRandom(seed);
  // Runs of zeros and ones: where carries travel furthest and quotient digits are guessed too large.
  const bytes = (length: number): Uint8Array => {
    const kind = random.between(0, 4);
    return Uint8Array.from({ length }, () => {
      const any = random.between(0, 255);
      return [any, 0, 0xff, random.chance(0.8) ? 0 : any, random.chance(0.8) ? 0xff : any][
        kind
      ] as number;
    });
  };
  for (let i = 0; i < 3_000; i += 1) {
    const base = bytes(random.chance(0.9) ? random.between(0, 40) : random.between(0, 300));
    const exponent = bytes(random.chance(0.7) ? random.between(0, 3) : random.between(0, 40));
    const modulus = bytes(random.between(1, random.pick([9, 33, 50, 130])));
    if (random.chance(0.2)) modulus.fill(0, 0, random.between(0, modulus.length));
    if (random.chance(0.2)) modulus.fill(0, random.between(0, modulus.length));
    const lengths = [base, exponent, modulus].map(({ length }) => {
      const word = new Uint8Array(32);
      new DataView(word.buffer).setUint32(28, length);
      return word;
    });
    const input = concatBytes(...lengths, base, exponent, modulus);
    const expected = power(bytesToBigint(base), bytesToBigint(exponent), bytesToBigint(modulus));
    assert.is(BigInt(output(0x05, input)), expected, `case ${i} of seed ${seed}`);
  }
});

/** Square and multiply. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus === 0n) return 0n;
  let result = 1n % modulus;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function faultOf(contract: Precompile, vector: Vector): string | undefined {
  const input = hexToBytes(`0x${vector.Input}`);
  const result = contract.run(input);
  const got = result === undefined ? 'failure' : bytesToHex(result);
  const wanted = vector.Expected === undefined ? 'failure' : `0x${vector.Expected}`;
  if (got !== wanted) return `${vector.Name}: ${got}, not ${wanted}`;
  const gas = contract.gas(input);
  if (vector.Gas === undefined || gas === BigInt(vector.Gas)) return undefined;
  return `${vector.Name}: gas ${gas}, not ${vector.Gas}`;
}

function at(fork: ForkName, address: number): Precompile {
  const contract = precompilesAt(fork).get(address);
  assert.ok(contract !== undefined, `nothing at ${address}`);
  return contract;
}

function output(address: number, input: Uint8Array): string {
  const result = at('osaka', address).run(input);
  return result === undefined ? 'failure' : bytesToHex(result);
}

test.run();
