/** secp256k1 in JavaScript: the browser's side, the last resort in Node and the oracle in tests. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Curve } from './curve.ts';

export function createNobleCurve(): Curve {
  return {
    name: 'noble (JavaScript)',
    recover(hash, signature, yParity) {
      const recoverable = new Uint8Array(65);
      recoverable[0] = yParity;
      recoverable.set(signature, 1);
      try {
        return secp256k1.Signature.fromBytes(recoverable, 'recovered')
          .recoverPublicKey(hash)
          .toBytes(false)
          .slice(1);
      } catch {
        // Scalars out of range, no point with that x, or the point at infinity.
        return undefined;
      }
    },
    sign(hash, privateKey) {
      const recoverable = secp256k1.sign(hash, privateKey, { prehash: false, format: 'recovered' });
      return { signature: recoverable.slice(1), yParity: recoverable[0] === 1 ? 1 : 0 };
    },
    publicKey(privateKey) {
      return secp256k1.getPublicKey(privateKey, false).slice(1);
    },
  };
}
