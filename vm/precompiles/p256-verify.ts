/** P256VERIFY (0x100, EIP-7951): hash, r, s, x, y, a word each; answers 1 or, if anything is wrong, nothing. */
import { p256 } from '@noble/curves/nist.js';
import { concatBytes } from '../../ledger/model/index.ts';
import { createLazy } from './lazy.ts';
import { FP, FR, type MclInstance, openMcl } from './mcl.ts';
import { numberAt, type Precompile, truth } from './precompile.ts';

/** Number of the curve in `mcl-wasm`. */
const CURVE = 107;
const { Fp, Fn } = p256.Point;

const mcl = createLazy(() => openMcl(CURVE));

export const p256Verify: Precompile = {
  gas: () => 6_900n,
  load: mcl.load,
  run(input) {
    if (input.length !== 160) return new Uint8Array(0);
    const fast = mcl.current();
    const holds = fast === undefined ? isSigned(input) : isSignedFast(fast, input);
    return holds ? truth(true) : new Uint8Array(0);
  },
};

function isSigned(input: Uint8Array): boolean {
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

/** Whether x([hash / s]G + [r / s]Q) is r modulo the order. */
function isSignedFast({ call, heap }: MclInstance, input: Uint8Array): boolean {
  const [r, s, x, y] = [32, 64, 96, 128].map((at) => numberAt(input, at, 32)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  if (r === 0n || s === 0n || r >= Fn.ORDER || s >= Fn.ORDER) return false;
  if (x >= Fp.ORDER || y >= Fp.ORDER) return false;
  const at = call('_malloc', 9 * FP + 3 * FR + 32);
  try {
    const [points, scalars, scratch] = [at, at + 9 * FP, at + 9 * FP + 3 * FR];
    const [key, sum, inverse] = [points + 3 * FP, points + 6 * FP, scalars + 2 * FR];
    const put = (bytes: Uint8Array): number => {
      heap().set(bytes, scratch);
      return scratch;
    };
    call('G1_getBasePoint', points);
    call('Fp_setLittleEndian', key, put(input.slice(96, 128).reverse()), 32);
    call('Fp_setLittleEndian', key + FP, put(input.slice(128).reverse()), 32);
    call('Fp_setInt32', key + 2 * FP, 1);
    if (call('G1_isValid', key) !== 1) return false;
    call('Fr_setBigEndianMod', inverse, put(input.subarray(64, 96)), 32);
    call('Fr_inv', inverse, inverse);
    for (const [to, from] of [
      [scalars, 0],
      [scalars + FR, 32],
    ] as const) {
      call('Fr_setBigEndianMod', to, put(input.subarray(from, from + 32)), 32);
      call('Fr_mul', to, to, inverse);
    }
    call('G1_mulVec', sum, points, scalars, 2);
    if (call('G1_isZero', sum) === 1) return false;
    call('G1_normalize', sum, sum);
    const length = call('Fp_getLittleEndian', scratch, 32, sum);
    const abscissa = heap()
      .slice(scratch, scratch + length)
      .reverse();
    return numberAt(abscissa, 0, length) % Fn.ORDER === r;
  } finally {
    call('_free', at);
  }
}
