/**
 * Byte strings and the only hexadecimal conversion of the project.
 *
 * Inside, hashes and addresses are branded `Uint8Array`s; `0x` strings exist in rpc, cli and apps.
 */

declare const brand: unique symbol;

/** 32 bytes: a Keccak-256 digest. */
export type Hash = Uint8Array & { readonly [brand]: 'Hash' };
/** 20 bytes: the account address of the yellow paper. */
export type Address = Uint8Array & { readonly [brand]: 'Address' };
/** `0x` and an even number of lower-case digits. */
export type Hex = `0x${string}`;

/** Block number. */
export type Height = bigint;
/** Smallest unit of the native coin; 10^18 are one coin. */
export type Wei = bigint;
/** Units of computation. */
export type Gas = bigint;
/** Seconds since 1970-01-01T00:00:00Z. */
export type UnixSeconds = bigint;

/** Brands 32 bytes as a hash. @throws RangeError on any other length */
export function asHash(bytes: Uint8Array): Hash {
  if (bytes.length !== 32) throw new RangeError(`a hash has 32 bytes, got ${bytes.length}`);
  return bytes as Hash;
}

/** Brands 20 bytes as an address. @throws RangeError on any other length */
export function asAddress(bytes: Uint8Array): Address {
  if (bytes.length !== 20) throw new RangeError(`an address has 20 bytes, got ${bytes.length}`);
  return bytes as Address;
}

/** The same bytes as a plain `Uint8Array`: a view without copy if a subclass (Node's `Buffer`) came. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Lower-case hexadecimal with `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${hexDigits(bytes)}`;
}

/** Bytes of a hexadecimal string with or without `0x`. @throws RangeError on anything else */
export function hexToBytes(hex: string): Uint8Array {
  const start = hex.startsWith('0x') ? 2 : 0;
  if (hex.length % 2 !== 0) throw new RangeError('hexadecimal needs an even number of digits');
  const bytes = new Uint8Array((hex.length - start) / 2);
  for (let i = 0, at = start; i < bytes.length; i += 1, at += 2) {
    const high = DIGIT_VALUES[hex.charCodeAt(at)] ?? NO_DIGIT;
    const low = DIGIT_VALUES[hex.charCodeAt(at + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) {
      throw new RangeError(`no hexadecimal digits at position ${at}`);
    }
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** A key for `Map` and `Set`: equal for equal bytes. Not for people: one code unit a byte. */
export function keyOf(bytes: Uint8Array): string {
  // One call makes a flat one-byte string, which a Map hashes at once; hexadecimal costs three times that.
  if (bytes.length <= 64) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  return hexDigits(bytes);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic order: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Minimal big-endian bytes: zero is the empty string. @throws RangeError below zero */
export function bigintToBytes(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError(`an unsigned quantity, got ${value}`);
  if (value <= MAX_SAFE) return numberToBytes(Number(value));
  if (value >> 256n !== 0n) {
    const digits = value.toString(16);
    return hexToBytes(digits.length % 2 === 0 ? digits : `0${digits}`);
  }
  // Four numbers of 64 bits: digits would cost several times that.
  let at = 32;
  for (let rest = value; rest > 0n; rest >>= 64n) {
    at -= 8;
    WORD_VIEW.setBigUint64(at, BigInt.asUintN(64, rest));
  }
  while (WORD[at] === 0) at += 1;
  return WORD.slice(at);
}

/** Minimal big-endian bytes: zero is the empty string. @throws RangeError unless a safe unsigned integer */
export function numberToBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`an unsigned integer below 2^53, got ${value}`);
  }
  let length = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length += 1;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** Big-endian bytes as an unsigned integer; the empty string is zero. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length <= 6) return BigInt(bytesToNumber(bytes));
  if (bytes.length > 32) return BigInt(`0x${hexDigits(bytes)}`);
  const length = (bytes.length + 7) & ~7;
  WORD.fill(0, 32 - length);
  WORD.set(bytes, 32 - bytes.length);
  let value = WORD_VIEW.getBigUint64(32 - length);
  for (let at = 40 - length; at < 32; at += 8) value = (value << 64n) | WORD_VIEW.getBigUint64(at);
  return value;
}

/** Big-endian bytes as an unsigned integer, exact up to 6 bytes. */
export function bytesToNumber(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i += 1) value = value * 256 + (bytes[i] as number);
  return value;
}

/** Where a number of up to 256 bits is taken apart. */
const WORD = new Uint8Array(32);
const WORD_VIEW = new DataView(WORD.buffer);

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const NO_DIGIT = 0xff;

/** Value of a hexadecimal digit by character code; `NO_DIGIT` for every other character. */
const DIGIT_VALUES: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** The two digits of each byte. */
const DIGIT_PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

function hexDigits(bytes: Uint8Array): string {
  let digits = '';
  for (let i = 0; i < bytes.length; i += 1) digits += DIGIT_PAIRS[bytes[i] as number];
  return digits;
}
