/** P256VERIFY (0x100, EIP-7951): hash, r, s, x, y, a word each; answers 1 or, if anything is wrong, nothing. */
import { p256 } from '@noble/curves/nist.js';
import { concatBytes } from '../../ledger/model/index.ts';
import { type Precompile, truth } from './precompile.ts';

export const p256Verify: Precompile = {
  gas: () => 6_900n,
  run: (input) => (isSigned(input) ? truth(true) : new Uint8Array(0)),
};

function isSigned(input: Uint8Array): boolean {
  if (input.length !== 160) return false;
  const publicKey = concatBytes(Uint8Array.of(4), input.subarray(96));
  try {
    return p256.verify(input.slice(32, 96), input.slice(0, 32), publicKey, {
      lowS: false,
      prehash: false,
    });
  } catch {
    // The library throws for numbers out of range and points off the curve.
    return false;
  }
}
