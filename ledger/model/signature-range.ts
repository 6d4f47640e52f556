/** The ranges in which the two halves of a transaction's signature must lie. */
import { hexToBytes } from './bytes.ts';

const GROUP_ORDER = hexToBytes(
  '0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
);
const HALF_ORDER = hexToBytes('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** Whether r is from 1 to n - 1 and s from 1 to n / 2 (EIP-2: one signature has one form). */
export function isSignatureInRange(signature: Uint8Array): boolean {
  return (
    isNonZero(signature, 0) &&
    isNonZero(signature, 32) &&
    compareWord(signature, 0, GROUP_ORDER) < 0 &&
    compareWord(signature, 32, HALF_ORDER) <= 0
  );
}

function isNonZero(bytes: Uint8Array, start: number): boolean {
  for (let i = start; i < start + 32; i += 1) if (bytes[i] !== 0) return true;
  return false;
}

function compareWord(bytes: Uint8Array, start: number, bound: Uint8Array): number {
  for (let i = 0; i < 32; i += 1) {
    const difference = (bytes[start + i] as number) - (bound[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
