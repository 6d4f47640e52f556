/**
 * The precompiled contracts in WebAssembly of our own (`vm/engine/assembly/precompiles`), for arithmetic on 64
 * bits. One instance a process: nothing stays in it between two calls, and none waits within one.
 */
import { PRECOMPILES_BASE64 } from './artefact.ts';

export type CompiledPrecompiles = {
  /** From 213 bytes of input to 64 of output; the flag at their end is 0 or 1. */
  blake2f(input: Uint8Array): Uint8Array;
  /**
   * Base, exponent and modulus lie in the input one after the other, which has at most `MOST_INPUT` bytes; the
   * modulus has at most `MOST_MODULUS`, as many as the result.
   */
  modexp(input: Uint8Array, base: number, exponent: number, modulus: number): Uint8Array;
};

/** Bytes. */
export const MOST_INPUT = 0x8000;
/** Bytes. */
export const MOST_MODULUS = 64;

// Places in memory, as in `layout.ts` of the sources.
const INPUT = 0x4000;
const OUTPUT = 0x1000;

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  blake2f(): void;
  modexp(base: number, exponent: number, modulus: number): void;
};
// The compiler's libraries for Node leave WebAssembly out; this is the part in use.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

const kept: { instance?: CompiledPrecompiles } = {};

/** Compiled when first asked for, which takes less than a millisecond. */
export function compiledPrecompiles(): CompiledPrecompiles {
  kept.instance ??= instantiate();
  return kept.instance;
}

function instantiate(): CompiledPrecompiles {
  const wasm = Uint8Array.from(atob(PRECOMPILES_BASE64), (character) => character.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const memory = new Uint8Array(exports.memory.buffer);
  return {
    blake2f(input) {
      memory.set(input, INPUT);
      exports.blake2f();
      return memory.slice(OUTPUT, OUTPUT + 64);
    },
    modexp(input, base, exponent, modulus) {
      memory.set(input, INPUT);
      exports.modexp(base, exponent, modulus);
      return memory.slice(OUTPUT, OUTPUT + modulus);
    },
  };
}
