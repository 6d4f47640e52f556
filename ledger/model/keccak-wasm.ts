/** Keccak-256 in WebAssembly (`assembly/`): one call a digest. */
import type { Keccak } from './keccak.ts';
import { KECCAK_BASE64 } from './keccak-artefact.ts';

// The compiler's libraries for Node leave WebAssembly out; this is the part in use.
type Constant = { readonly value: number };
type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly INPUT: Constant;
  readonly INPUT_BYTES: Constant;
  readonly DIGEST: Constant;
  digest(length: number): void;
  startDigest(): void;
  absorbInput(): void;
  finishDigest(length: number): void;
};
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

/** Undefined where WebAssembly cannot be had. About ten times noble (`npm run bench -- model`). */
export function createWasmKeccak(): Keccak | undefined {
  let exports: Exports;
  try {
    const code = Uint8Array.from(atob(KECCAK_BASE64), (character) => character.charCodeAt(0));
    exports = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  } catch {
    return undefined;
  }
  const { digest, startDigest, absorbInput, finishDigest } = exports;
  const memory = new Uint8Array(exports.memory.buffer);
  const input = exports.INPUT.value;
  const capacity = exports.INPUT_BYTES.value;
  const output = exports.DIGEST.value;

  const run = (bytes: Uint8Array): void => {
    const { length } = bytes;
    if (length <= capacity) {
      memory.set(bytes, input);
      digest(length);
      return;
    }
    startDigest();
    let at = 0;
    for (; length - at > capacity; at += capacity) {
      memory.set(bytes.subarray(at, at + capacity), input);
      absorbInput();
    }
    memory.set(bytes.subarray(at), input);
    finishDigest(length - at);
  };

  return {
    name: 'WebAssembly',
    digest: (bytes) => {
      run(bytes);
      return memory.slice(output, output + 32);
    },
    digestInto: (bytes, target, at) => {
      run(bytes);
      for (let i = 0; i < 32; i += 1) target[at + i] = memory[output + i] as number;
    },
  };
}
