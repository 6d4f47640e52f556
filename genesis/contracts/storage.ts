/** Storage of contracts that lie in the genesis file without having been deployed, as Solidity lays it out. */
import { keccak256 } from '#crypto';
import { type Address, bytesToHex, concatBytes } from '../../ledger/model/index.ts';

/** Slot and value of 32 bytes, as the file writes them. */
export type StorageEntry = readonly [slot: string, value: string];

const WORD = 2n ** 256n;

/** A number in its own slot. */
export function numberAt(slot: bigint, value: bigint): StorageEntry {
  return [hexOf(slot), hexOf(value)];
}

/** The entry of an address in a mapping to numbers. */
export function mappingAt(slot: bigint, address: Address, value: bigint): StorageEntry {
  const place = keccak256(concatBytes(word(BigInt(bytesToHex(address))), word(slot)));
  return [bytesToHex(place), hexOf(value)];
}

/**
 * OpenZeppelin's `EnumerableSet.AddressSet`: the list of values, then the mapping from a value to its
 * place, counted from 1.
 */
export function addressSetAt(slot: bigint, addresses: readonly Address[]): readonly StorageEntry[] {
  const first = BigInt(bytesToHex(keccak256(word(slot))));
  return [
    numberAt(slot, BigInt(addresses.length)),
    ...addresses.flatMap((address, i): readonly StorageEntry[] => {
      const value = BigInt(bytesToHex(address));
      const place = keccak256(concatBytes(word(value), word(slot + 1n)));
      return [
        numberAt((first + BigInt(i)) % WORD, value),
        [bytesToHex(place), hexOf(BigInt(i + 1))],
      ];
    }),
  ];
}

function word(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 31, rest = value; rest > 0n; i -= 1, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function hexOf(value: bigint): string {
  return bytesToHex(word(value));
}
