/** ECRECOVER (0x01): hash, v, r, s, a word each; answers the signer's address as a word, or nothing. */
import { recoverAddress } from '#crypto';
import { isZero, type Precompile, padded } from './precompile.ts';

const GAS = 3_000n;
/** V is 27 or 28 in the last byte of its word. */
const V = { first: 32, last: 63 } as const;

export const ecrecover: Precompile = {
  gas: () => GAS,
  run(input) {
    const words = padded(input, 0, 128);
    const yParity = (words[V.last] as number) - 27;
    // A bad signature is no failure: the call succeeds and returns nothing.
    if (!isZero(words.subarray(V.first, V.last))) return new Uint8Array(0);
    const address = recoverAddress(words.subarray(0, 32), words.subarray(64), yParity);
    if (address === undefined) return new Uint8Array(0);
    const word = new Uint8Array(32);
    word.set(address, 12);
    return word;
  },
};
