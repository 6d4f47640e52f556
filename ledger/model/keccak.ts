/** Keccak-256, in WebAssembly where it can be had at start. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { createKeccak } from 'hash-wasm';

export type Keccak = {
  /** Which code answers, for the operator. */
  readonly name: string;
  /** 32 bytes. */
  digest(bytes: Uint8Array): Uint8Array;
};

export function createNobleKeccak(): Keccak {
  return { name: 'noble (JavaScript)', digest: (bytes) => keccak_256(bytes) };
}

/** Undefined where WebAssembly cannot be had. About ten times noble (`npm run bench -- model`). */
export async function createWasmKeccak(): Promise<Keccak | undefined> {
  try {
    const hasher = await createKeccak(256);
    return {
      name: 'hash-wasm (WebAssembly)',
      digest: (bytes) => hasher.init().update(bytes).digest('binary'),
    };
  } catch {
    return undefined;
  }
}
