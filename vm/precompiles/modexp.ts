/**
 * MODEXP (0x05): base, exponent and modulus of any length (EIP-198), priced by EIP-2565 from Berlin on and
 * by EIP-7883 from Osaka on, where EIP-7823 also bounds the three lengths.
 *
 * Lengths are 256-bit numbers that nobody checked yet: pricing works on bigints and reads at most one word of
 * the exponent, so a length that no gas pays for costs nothing.
 */
import { bytesToBigint } from '../../ledger/model/index.ts';
import { compiledPrecompiles, MOST_INPUT, MOST_MODULUS } from './compiled.ts';
import { numberAt, type Precompile, padded, putNumber } from './precompile.ts';

const HEADER = 96;
/** EIP-7823: the longest base, exponent and modulus in bytes. */
const MOST_BYTES = 1_024n;
/** No gas pays for more than this; beyond it the lengths are not even sizes of arrays. */
const ADDRESSABLE = 2n ** 31n;

type Lengths = { readonly base: bigint; readonly exponent: bigint; readonly modulus: bigint };

/** From Byzantium to Istanbul. */
export const modexpByzantium: Precompile = contract((lengths, input) => {
  const size = longest(lengths);
  return (byzantiumComplexity(size) * iterations(lengths, input, 8n)) / 20n;
});

/** From Berlin to Prague. */
export const modexpBerlin: Precompile = contract((lengths, input) => {
  const words = (longest(lengths) + 7n) / 8n;
  return atLeast(200n, (words * words * iterations(lengths, input, 8n)) / 3n);
});

/** From Osaka on. */
export const modexpOsaka: Precompile = contract((lengths, input) => {
  const size = longest(lengths);
  const words = (size + 7n) / 8n;
  const complexity = size <= 32n ? 16n : 2n * words * words;
  return atLeast(500n, complexity * iterations(lengths, input, 16n));
}, MOST_BYTES);

function contract(
  price: (lengths: Lengths, input: Uint8Array) => bigint,
  mostBytes: bigint | undefined = undefined,
): Precompile {
  return {
    gas: (input) => price(lengthsOf(input), input),
    run(input) {
      const lengths = lengthsOf(input);
      if (mostBytes !== undefined && Object.values(lengths).some((length) => length > mostBytes)) {
        return undefined;
      }
      if (lengths.modulus === 0n) return new Uint8Array(0);
      if (lengths.base + lengths.exponent + lengths.modulus > ADDRESSABLE) return undefined;
      return compute(input, lengths);
    },
  };
}

/** Compiled for numbers so short that a bigint costs more than the arithmetic on it. */
function compute(input: Uint8Array, lengths: Lengths): Uint8Array {
  const [base, exponent, modulus] = [lengths.base, lengths.exponent, lengths.modulus].map(
    Number,
  ) as [number, number, number];
  const size = base + exponent + modulus;
  if (modulus > MOST_MODULUS || size > MOST_INPUT) return computeLong(input, lengths);
  return compiledPrecompiles().modexp(padded(input, HEADER, size), base, exponent, modulus);
}

function computeLong(input: Uint8Array, lengths: Lengths): Uint8Array {
  const size = Number(lengths.modulus);
  const exponentAt = HEADER + Number(lengths.base);
  const modulusAt = exponentAt + Number(lengths.exponent);
  const modulus = bytesToBigint(padded(input, modulusAt, size));
  const result = new Uint8Array(size);
  if (modulus <= 1n) return result;
  const base = bytesToBigint(padded(input, HEADER, Number(lengths.base)));
  const exponent = padded(input, exponentAt, Number(lengths.exponent));
  putNumber(result, 0, size, power(base % modulus, exponent, modulus));
  return result;
}

/** `base ** exponent % modulus`, four bits of the exponent at a time; `base` is below the modulus. */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const first = exponent.findIndex((byte) => byte !== 0);
  if (first < 0) return 1n;
  const table = [1n, base];
  const tableSize = exponent.length - first > 1 ? 16 : 2;
  for (let i = 2; i < tableSize; i += 1) table.push(((table[i - 1] as bigint) * base) % modulus);
  let result = 1n;
  for (const byte of exponent.subarray(first)) {
    for (const bits of tableSize === 16 ? [byte >> 4, byte & 15] : bitsOf(byte)) {
      for (let i = 1; i < tableSize; i *= 2) result = (result * result) % modulus;
      if (bits !== 0) result = (result * (table[bits] as bigint)) % modulus;
    }
  }
  return result;
}

function bitsOf(byte: number): number[] {
  return [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1);
}

function lengthsOf(input: Uint8Array): Lengths {
  const header = padded(input, 0, HEADER);
  return {
    base: numberAt(header, 0, 32),
    exponent: numberAt(header, 32, 32),
    modulus: numberAt(header, 64, 32),
  };
}

function longest({ base, modulus }: Lengths): bigint {
  return base > modulus ? base : modulus;
}

/** Squarings that the exponent takes: bits of its first word, and `perByte` for each byte after that. */
function iterations({ base, exponent }: Lengths, input: Uint8Array, perByte: bigint): bigint {
  const headLength = exponent < 32n ? Number(exponent) : 32;
  const headAt = BigInt(HEADER) + base;
  // An offset behind the input reads zeros, whatever its size.
  const at = headAt < BigInt(input.length) ? Number(headAt) : input.length;
  const head = bytesToBigint(padded(input, at, headLength));
  const bits = head === 0n ? 0n : BigInt(head.toString(2).length - 1);
  const tail = exponent > 32n ? (exponent - 32n) * perByte : 0n;
  return atLeast(1n, tail + bits);
}

/** EIP-198. */
function byzantiumComplexity(size: bigint): bigint {
  if (size <= 64n) return size * size;
  if (size <= 1_024n) return (size * size) / 4n + 96n * size - 3_072n;
  return (size * size) / 16n + 480n * size - 199_680n;
}

function atLeast(least: bigint, value: bigint): bigint {
  return value < least ? least : value;
}
