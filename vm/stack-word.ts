/** Words of the stack as bytes. */
import type { Address } from '../ledger/model/index.ts';

/** A word as 32 bytes. */
export function wordBytes(word: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i += 1) {
    view.setBigUint64(8 * i, BigInt.asUintN(64, word >> BigInt(192 - 64 * i)));
  }
  return bytes;
}

/** The address that a word of the stack names: its low 20 bytes. */
export function addressOfWord(word: bigint): Address {
  return wordBytes(word).subarray(12) as Address;
}
