/** Keccak-256 in JavaScript: the browser's side, and the oracle in tests. */
import { keccak_256 } from '@noble/hashes/sha3.js';

export type Keccak = {
  /** Which code answers, for the operator. */
  readonly name: string;
  /** 32 bytes. */
  digest(bytes: Uint8Array): Uint8Array;
  /** The same, written to `target[at..at + 32)`. */
  digestInto(bytes: Uint8Array, target: Uint8Array, at: number): void;
};

export function createNobleKeccak(): Keccak {
  return {
    name: 'noble (JavaScript)',
    digest: (bytes) => keccak_256(bytes),
    digestInto: (bytes, target, at) => target.set(keccak_256(bytes), at),
  };
}
