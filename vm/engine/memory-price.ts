/** How far an instruction makes memory reach, and what that costs (yellow paper, appendix H). */
import type { Gas } from '../../ledger/model/index.ts';
import type { UnpricedStep } from './state-price.ts';

const U64 = 2n ** 64n;

/** Places on the stack of offset and length of a stretch of memory; or of its offset, and its bytes. */
type Stretch = readonly [offset: number, length: number] | readonly [offset: number, bytes: bigint];

const STRETCHES: ReadonlyMap<number, readonly Stretch[]> = new Map([
  [0x20, [[0, 1]]], // KECCAK256
  [0x37, [[0, 2]]], // CALLDATACOPY
  [0x39, [[0, 2]]], // CODECOPY
  [0x3c, [[1, 3]]], // EXTCODECOPY
  [0x3e, [[0, 2]]], // RETURNDATACOPY
  [0x51, [[0, 32n]]], // MLOAD
  [0x52, [[0, 32n]]], // MSTORE
  [0x53, [[0, 1n]]], // MSTORE8
  [
    0x5e,
    [
      [0, 2],
      [1, 2],
    ],
  ], // MCOPY
  [0xa0, [[0, 1]]], // LOG0
  [0xa1, [[0, 1]]],
  [0xa2, [[0, 1]]],
  [0xa3, [[0, 1]]],
  [0xa4, [[0, 1]]],
  [0xf0, [[1, 2]]], // CREATE
  [
    0xf1,
    [
      [3, 4],
      [5, 6],
    ],
  ], // CALL
  [
    0xf2,
    [
      [3, 4],
      [5, 6],
    ],
  ], // CALLCODE
  [0xf3, [[0, 1]]], // RETURN
  [
    0xf4,
    [
      [2, 3],
      [4, 5],
    ],
  ], // DELEGATECALL
  [0xf5, [[1, 2]]], // CREATE2
  [
    0xfa,
    [
      [2, 3],
      [4, 5],
    ],
  ], // STATICCALL
  [0xfd, [[0, 1]]], // REVERT
]);

/** In bytes, a multiple of 32; undefined if it is no number of 64 bits. */
export function memoryEnd(step: UnpricedStep): bigint | undefined {
  let furthest = 0n;
  for (const [offset, length] of STRETCHES.get(step.opcode) ?? []) {
    const bytes = typeof length === 'bigint' ? length : step.stack(length);
    if (bytes === 0n) continue;
    const end = step.stack(offset) + bytes;
    if (end + 31n >= U64) return undefined;
    if (end > furthest) furthest = end;
  }
  return ((furthest + 31n) / 32n) * 32n;
}

/** What it costs to make memory reach that far. */
export function growthGas({ memorySize }: UnpricedStep, end: bigint): Gas {
  const before = BigInt(memorySize / 32);
  const after = end / 32n;
  return after <= before ? 0n : memoryGas(after) - memoryGas(before);
}

function memoryGas(words: bigint): Gas {
  return words * 3n + (words * words) / 512n;
}

/** Gas for each word that so many bytes fill. */
export function wordsGas(bytes: bigint, each: bigint): Gas {
  return ((bytes + 31n) / 32n) * each;
}
