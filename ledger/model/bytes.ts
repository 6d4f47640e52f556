/**
 * Byte strings and the only hexadecimal conversion of the project.
 *
 * Inside, hashes and addresses are branded `Uint8Array`s; `0x` strings exist in rpc, cli and apps.
 */

import { bytesToHex as toHex, hexToBytes as fromHex } from '@noble/hashes/utils.js';

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

/** Lower-case hexadecimal with `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${toHex(bytes)}`;
}

/** Bytes of a hexadecimal string with or without `0x`. @throws Error on anything else */
export function hexToBytes(hex: string): Uint8Array {
  return fromHex(hex.startsWith('0x') ? hex.slice(2) : hex);
}

/** A key for `Map` and `Set`: equal for equal bytes. */
export function keyOf(bytes: Uint8Array): string {
  return toHex(bytes);
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
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** Big-endian bytes as an unsigned integer; the empty string is zero. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}
