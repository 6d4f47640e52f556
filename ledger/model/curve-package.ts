/**
 * secp256k1 from the `secp256k1` package's native build.
 *
 * Only `bindings.js` is loaded: the package's index falls back to a slow JavaScript library without
 * a word where the native build is missing.
 */
import { createRequire } from 'node:module';
import type { Curve } from './curve.ts';

type Bindings = {
  ecdsaRecover(
    signature: Uint8Array,
    recoveryId: number,
    hash: Uint8Array,
    compressed: boolean,
    output: Uint8Array,
  ): Uint8Array;
  ecdsaSign(
    hash: Uint8Array,
    privateKey: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recid: number };
  publicKeyCreate(privateKey: Uint8Array, compressed: boolean, output: Uint8Array): Uint8Array;
};

/** Undefined where the package has no build for this machine. */
export function createPackageCurve(): Curve | undefined {
  const bindings = loadBindings();
  if (bindings === undefined) return undefined;
  return {
    name: 'secp256k1 package (native)',
    recover(hash, signature, yParity) {
      try {
        return bindings
          .ecdsaRecover(signature, yParity, hash, false, new Uint8Array(65))
          .subarray(1);
      } catch {
        return undefined;
      }
    },
    sign(hash, privateKey) {
      const { signature, recid } = bindings.ecdsaSign(hash, privateKey);
      return { signature: new Uint8Array(signature), yParity: recid === 1 ? 1 : 0 };
    },
    publicKey(privateKey) {
      return bindings.publicKeyCreate(privateKey, false, new Uint8Array(65)).subarray(1);
    },
  };
}

function loadBindings(): Bindings | undefined {
  try {
    // The package has no types; the shape above is that of its API.md.
    return createRequire(import.meta.url)('secp256k1/bindings.js') as Bindings;
  } catch {
    return undefined;
  }
}
