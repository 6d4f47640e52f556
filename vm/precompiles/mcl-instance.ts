/** The compiled library behind `mcl-wasm`, without its wrappers: one instance a curve. */
import createModule from 'mcl-wasm/dist/mcl_c.js';

/** The mark by which the library checks that its caller knows for which sizes it was compiled. */
const COMPILED_FOR = 46;

type Exports = Readonly<Record<string, (...args: number[]) => number>> & {
  readonly HEAP8: Int8Array;
};

/** An instance of the library: its functions without their common prefix, and its memory. */
export type MclInstance = {
  call(name: string, ...args: number[]): number;
  /** Anew after each call: memory that grows moves. */
  heap(): Uint8Array;
};

/** @throws TypeError if the library is not the one this was written for */
export async function openMcl(curve: number): Promise<MclInstance> {
  const module = (await createModule({ cryptoGetRandomValues: noRandomness })) as Exports;
  const functions = new Map<string, (...args: number[]) => number>();
  const find = (name: string): ((...args: number[]) => number) => {
    const found = module[`_mclBn${name}`] ?? module[name];
    if (found === undefined) throw new TypeError(`mcl-wasm has no ${name}`);
    functions.set(name, found);
    return found;
  };
  const call = (name: string, ...args: number[]): number =>
    (functions.get(name) ?? find(name))(...args);
  if (call('_init', curve, COMPILED_FOR) !== 0) {
    throw new TypeError(`mcl-wasm has no curve ${curve}`);
  }
  let bytes = new Uint8Array(module.HEAP8.buffer);
  return {
    call,
    heap() {
      // A buffer whose memory has grown is detached and has no length.
      if (bytes.length === 0) bytes = new Uint8Array(module.HEAP8.buffer);
      return bytes;
    },
  };
}

/** The curves are only computed with; nothing draws keys. */
function noRandomness(): never {
  throw new TypeError('a precompiled contract draws no random numbers');
}
