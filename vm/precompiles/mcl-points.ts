/** Field elements and points between the input of a contract and the memory of `mcl-wasm`. */
import { bigintToBytes } from '../../ledger/model/index.ts';
import type { MclInstance } from './mcl-instance.ts';
import { isZero } from './precompile.ts';

/** Bytes of a part of a coordinate and of a scalar in that memory. */
export const FP = 48;
export const FR = 32;

export type CurveFormat = {
  readonly curve: 'bn254' | 'bls12381';
  /** Bytes of a coordinate's part in the input, and how many of them, at the end, hold the number. */
  readonly width: number;
  readonly size: number;
  readonly modulus: bigint;
  /** Whether the imaginary part of a G2 coordinate comes first. */
  readonly imaginaryFirst: boolean;
};

/** G1 or G2. */
export type Group = 1 | 2;

/** Addresses are those of the instance's memory. */
export type PointCodec = {
  /** Lends memory for one computation. */
  withMemory<T>(length: number, use: (at: number) => T): T;
  readCoordinate(group: Group, to: number, input: Uint8Array, at: number): boolean;
  /** Reads a point of the curve; with `checked`, of the group. Zeros are infinity. */
  readPoint(group: Group, to: number, input: Uint8Array, at: number, checked: boolean): boolean;
  /** Reads a point of the group in 48 or 96 bytes. */
  readCompressed(group: Group, to: number, bytes: Uint8Array): boolean;
  /** Reduces what is too large. */
  readScalar(to: number, bytes: Uint8Array): void;
  writePoint(group: Group, from: number): Uint8Array;
};

/** Its reads return false for what is no element or no point. */
export function createPointCodec(
  { width, size, imaginaryFirst, ...format }: CurveFormat,
  { call, heap }: MclInstance,
): PointCodec {
  const modulus = bigintToBytes(format.modulus);

  function withMemory<T>(length: number, use: (at: number) => T): T {
    const at = call('_malloc', length + FP);
    try {
      return use(at);
    } finally {
      call('_free', at);
    }
  }

  /** Reads a field element; false if it is none. */
  function readElement(to: number, input: Uint8Array, at: number): boolean {
    const bytes = input.subarray(at + width - size, at + width);
    if (!isZero(input.subarray(at, at + width - size)) || !isBelow(bytes, modulus)) return false;
    return withMemory(size, (scratch) => {
      const memory = heap();
      for (let i = 0; i < size; i += 1) memory[scratch + i] = bytes[size - 1 - i] as number;
      return call('Fp_setLittleEndian', to, scratch, size) === 0;
    });
  }

  function readCoordinate(group: Group, to: number, input: Uint8Array, at: number): boolean {
    if (group === 1) return readElement(to, input, at);
    const [first, second] = imaginaryFirst ? [to + FP, to] : [to, to + FP];
    return readElement(first, input, at) && readElement(second, input, at + width);
  }

  function readPoint(
    group: Group,
    to: number,
    input: Uint8Array,
    at: number,
    checked: boolean,
  ): boolean {
    const part = width * group;
    call(`G${group}_clear`, to);
    if (isZero(input.subarray(at, at + 2 * part))) return true;
    if (!readCoordinate(group, to, input, at)) return false;
    if (!readCoordinate(group, to + FP * group, input, at + part)) return false;
    call('Fp_setInt32', to + 2 * FP * group, 1);
    if (call(`G${group}_isValid`, to) !== 1) return false;
    return !checked || call(`G${group}_isValidOrder`, to) === 1;
  }

  function readCompressed(group: Group, to: number, bytes: Uint8Array): boolean {
    return withMemory(bytes.length, (scratch) => {
      heap().set(bytes, scratch);
      const took = call(`G${group}_deserialize`, to, scratch, bytes.length);
      return took === bytes.length && call(`G${group}_isValidOrder`, to) === 1;
    });
  }

  function writeElement(output: Uint8Array, at: number, from: number): void {
    withMemory(FP, (scratch) => {
      const length = call('Fp_getLittleEndian', scratch, FP, from);
      const memory = heap();
      const end = at + width - 1;
      for (let i = 0; i < length; i += 1) output[end - i] = memory[scratch + i] as number;
    });
  }

  function writePoint(group: Group, from: number): Uint8Array {
    const output = new Uint8Array(2 * width * group);
    if (call(`G${group}_isZero`, from) === 1) return output;
    call(`G${group}_normalize`, from, from);
    for (let coordinate = 0; coordinate < 2; coordinate += 1) {
      for (let part = 0; part < group; part += 1) {
        const place = group === 2 && imaginaryFirst ? 1 - part : part;
        const element = from + (coordinate * group + part) * FP;
        writeElement(output, (coordinate * group + place) * width, element);
      }
    }
    return output;
  }

  function readScalar(to: number, bytes: Uint8Array): void {
    withMemory(FR, (scratch) => {
      heap().set(bytes, scratch);
      call('Fr_setBigEndianMod', to, scratch, bytes.length);
    });
  }

  return { withMemory, readCoordinate, readPoint, readCompressed, readScalar, writePoint };
}

/** Whether big-endian `bytes` are less than `limit`, which is as long. */
function isBelow(bytes: Uint8Array, limit: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    const difference = (bytes[i] as number) - (limit[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
