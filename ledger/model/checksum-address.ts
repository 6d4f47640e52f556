/** Addresses as people and clients write them: the case of each letter is a checksum (EIP-55). */
import { keccak256 } from '#crypto';
import { type Address, bytesToHex, type Hex } from './bytes.ts';

export function checksumAddress(address: Address): Hex {
  const digits = bytesToHex(address).slice(2);
  const digest = bytesToHex(keccak256(new TextEncoder().encode(digits))).slice(2);
  const cased = Array.from(digits, (digit, i) =>
    Number.parseInt(digest[i] as string, 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${cased.join('')}`;
}
