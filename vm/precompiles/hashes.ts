/** SHA-256 (0x02), RIPEMD-160 (0x03) and identity (0x04). */
import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js';
import { sha256 as sha256Of } from '#crypto';
import { type Precompile, perWord } from './precompile.ts';

export const sha256: Precompile = {
  gas: (input) => perWord(60n, 12n, input),
  run: sha256Of,
};

/** The 20 bytes of the digest, right-aligned in a word. */
export const ripemd160: Precompile = {
  gas: (input) => perWord(600n, 120n, input),
  run(input) {
    const word = new Uint8Array(32);
    word.set(nobleRipemd160(input), 12);
    return word;
  },
};

export const identity: Precompile = {
  gas: (input) => perWord(15n, 3n, input),
  run: (input) => input.slice(),
};
