/**
 * MODEXP (0x05): base, exponent and modulus of any length (EIP-198), priced by EIP-2565 from Berlin on and
 * by EIP-7883 from Osaka on, where EIP-7823 also bounds the three lengths.
 *
 * Lengths are 256-bit numbers that nobody checked yet: pricing works on bigints and reads at most one word of
 * the exponent, so a length that no gas pays for costs nothing.
 */
import { bytesToBigint } from '../../ledger/model/index.ts';
import { compiledPrecompiles, MOST_INPUT, MOST_MODULUS } from './compiled.ts';
import { isZero, numberAt, type Precompile, padded, putNumber } from './precompile.ts';

const HEADER = 96;
/** EIP-7823: the longest base, exponent and modulus in bytes. */
const MOST_BYTES = 1_024n;
/** Bytes up to which compiled arithmetic is faster with any exponent; above, up to what it takes, with one of a byte. */
const SHORT_MODULUS = 48;
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

/** Compiled where bigints cost more than the arithmetic on them; for longer numbers they are faster. */
function compute(input: Uint8Array, lengths: Lengths): Uint8Array {
  const [base, exponent, modulus] = [
    Number(lengths.base),
    Number(lengths.exponent),
    Number(lengths.modulus),
  ];
  const size = base + exponent + modulus;
  if (size > MOST_INPUT || modulus > MOST_MODULUS) return computeLong(input, lengths);
  const numbers = padded(input, HEADER, size);
  const isByte = isZero(numbers.subarray(base, base + Math.max(0, exponent - 1)));
  if (modulus > SHORT_MODULUS && !isByte) return computeLong(input, lengths);
  return compiledPrecompiles().modexp(numbers, base, exponent, modulus);
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
  if (exponent.length - first === 1) return powerOfByte(base, exponent[first] as number, modulus);
  const table = [1n, base];
  for (let i = 2; i < 16; i += 1) table.push(((table[i - 1] as bigint) * base) % modulus);
  let result = 1n;
  for (const byte of exponent.subarray(first)) {
    for (const bits of [byte >> 4, byte & 15]) {
      for (let i = 0; i < 4; i += 1) result = (result * result) % modulus;
      if (bits !== 0) result = (result * (table[bits] as bigint)) % modulus;
    }
  }
  return result;
}

/** From the bit below the highest on; the exponent is not zero. */
function powerOfByte(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = base;
  for (let bit = 30 - Math.clz32(exponent); bit >= 0; bit -= 1) {
    result = (result * result) % modulus;
    if (((exponent >> bit) & 1) === 1) result = (result * base) % modulus;
  }
  return result;
}

function lengthsOf(input: Uint8Array): Lengths {
  const header = input.length < HEADER ? padded(input, 0, HEADER) : input;
  return {
    base: lengthAt(header, 0),
    exponent: lengthAt(header, 32),
    modulus: lengthAt(header, 64),
  };
}

/** Most are short, and reading a whole word as a bigint takes longer than what is then computed. */
function lengthAt(header: Uint8Array, at: number): bigint {
  if (!isZero(header.subarray(at, at + 26))) return numberAt(header, at, 32);
  return numberAt(header, at + 26, 6);
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
