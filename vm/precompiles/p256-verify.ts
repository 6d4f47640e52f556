/**
 * P256VERIFY (0x100, EIP-7951): hash, r, s, x, y, a word each; answers 1 or, if anything is wrong, nothing.
 *
 * Where no native library answers, noble does, at fifteen times the cost.
 */
import { p256 } from '@noble/curves/nist.js';
import { verifyP256 } from '#crypto';
import { concatBytes } from '../../ledger/model/index.ts';
import { type Precompile, truth } from './precompile.ts';

export const p256Verify: Precompile = {
  gas: () => 6_900n,
  run(input) {
    if (input.length !== 160) return new Uint8Array(0);
    const [hash, signature, key] = [
      input.subarray(0, 32),
      input.subarray(32, 96),
      input.subarray(96),
    ];
    return (verifyP256 ?? verifyOnNoble)(hash, signature, key) ? truth(true) : new Uint8Array(0);
  },
};

/** The same as `verifyP256`, in JavaScript. */
function verifyOnNoble(hash: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  try {
    return p256.verify(signature.slice(), hash.slice(), concatBytes(Uint8Array.of(4), key), {
      lowS: false,
      prehash: false,
    });
  } catch {
    // The library throws for numbers out of range and points off the curve.
    return false;
  }
}
