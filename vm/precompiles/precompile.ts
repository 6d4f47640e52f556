/**
 * What every precompiled contract is: a price and a function, both of the input alone; and how they read
 * and write big-endian numbers.
 */
import { bigintToBytes, bytesToBigint } from '../../ledger/model/index.ts';

export type Precompile = {
  /** What the call costs, known before it runs. A call that fails takes all gas it was given. */
  gas(input: Uint8Array): bigint;
  /** Undefined: the call fails. Never throws, whatever the input. */
  run(input: Uint8Array): Uint8Array | undefined;
  /**
   * Fetches what makes `run` fast; undefined if there is nothing (more) to fetch. `run` gives the same
   * results before.
   */
  load?(): Promise<void> | undefined;
};

/** Bytes `from` to `from + length` of the input, as if zeros followed it. A copy. */
export function padded(input: Uint8Array, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (from < input.length) bytes.set(input.subarray(from, from + length));
  return bytes;
}

/** The number in the `length` bytes from `from` on. */
export function numberAt(bytes: Uint8Array, from: number, length: number): bigint {
  return bytesToBigint(bytes.subarray(from, from + length));
}

/** Writes a number big-endian into the `length` bytes from `from` on; they must be zero before. */
export function putNumber(bytes: Uint8Array, from: number, length: number, value: bigint): void {
  const digits = bigintToBytes(value);
  bytes.set(digits, from + length - digits.length);
}

/** 1 or 0 as a word. */
export function truth(holds: boolean): Uint8Array {
  const word = new Uint8Array(32);
  word[31] = holds ? 1 : 0;
  return word;
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] !== 0) return false;
  return true;
}

/** Price of an input that is paid by words of 32 bytes, a begun one counting whole. */
export function perWord(base: bigint, word: bigint, input: Uint8Array): bigint {
  return base + word * BigInt(Math.ceil(input.length / 32));
}

/** How many whole items of `size` bytes the input has. */
export function itemsOf(input: Uint8Array, size: number): number {
  return Math.floor(input.length / size);
}
