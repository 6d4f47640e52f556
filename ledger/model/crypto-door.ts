/**
 * What both sides of `#crypto` share: argument checks, address derivation, private key range.
 *
 * A wrong length in a signature or hash is refused input (undefined), because both come from peers;
 * a wrong private key is a programmer's mistake and throws.
 */
import { type Address, type Hash, hexToBytes, plainBytes } from './bytes.ts';
import type { Curve, CurveSignature } from './curve.ts';
import type { Keccak } from './keccak.ts';
import type { VerifyP256 } from './p256.ts';

/** Order of the secp256k1 group, big-endian. */
const GROUP_ORDER = hexToBytes(
  '0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
);

export type Crypto = {
  keccak256(bytes: Uint8Array): Hash;
  /** The 32 bytes of the digest into `target[at..at + 32)`: for many of them, without an array for each. */
  keccak256Into(bytes: Uint8Array, target: Uint8Array, at: number): void;
  sha256(bytes: Uint8Array): Hash;
  recoverPublicKey(
    hash: Uint8Array,
    signature: Uint8Array,
    yParity: number,
  ): Uint8Array | undefined;
  recoverAddress(hash: Uint8Array, signature: Uint8Array, yParity: number): Address | undefined;
  sign(hash: Uint8Array, privateKey: Uint8Array): CurveSignature;
  addressOf(privateKey: Uint8Array): Address;
  publicKeyOf(privateKey: Uint8Array): Uint8Array;
  isPrivateKey(bytes: Uint8Array): boolean;
  /** Undefined where no native library does it. */
  readonly verifyP256: VerifyP256 | undefined;
  readonly cryptoBackend: { readonly curve: string; readonly keccak: string };
};

/** The door's functions over one curve and two hashes. */
export function createCrypto(
  curve: Curve,
  keccak: Keccak,
  sha256: (bytes: Uint8Array) => Uint8Array,
  verifyP256?: VerifyP256,
): Crypto {
  const keccak256 = (bytes: Uint8Array): Hash => keccak.digest(bytes) as Hash;

  function recoverPublicKey(
    hash: Uint8Array,
    signature: Uint8Array,
    yParity: number,
  ): Uint8Array | undefined {
    if (hash.length !== 32 || signature.length !== 64) return undefined;
    if (yParity !== 0 && yParity !== 1) return undefined;
    return curve.recover(hash, signature, yParity);
  }

  function publicKeyOf(privateKey: Uint8Array): Uint8Array {
    checkPrivateKey(privateKey);
    return curve.publicKey(privateKey);
  }

  const addressOfPublicKey = (publicKey: Uint8Array): Address =>
    keccak256(publicKey).slice(12) as Uint8Array as Address;

  return {
    keccak256,
    keccak256Into: keccak.digestInto,
    sha256: (bytes) => sha256(bytes) as Hash,
    recoverPublicKey,
    recoverAddress(hash, signature, yParity) {
      const publicKey = recoverPublicKey(hash, signature, yParity);
      return publicKey === undefined ? undefined : addressOfPublicKey(publicKey);
    },
    sign(hash, privateKey) {
      if (hash.length !== 32) throw new RangeError(`a hash has 32 bytes, got ${hash.length}`);
      checkPrivateKey(privateKey);
      return curve.sign(reduceHash(plainBytes(hash)), privateKey);
    },
    publicKeyOf,
    addressOf: (privateKey) => addressOfPublicKey(publicKeyOf(privateKey)),
    isPrivateKey,
    verifyP256,
    cryptoBackend: { curve: curve.name, keccak: keccak.name },
  };
}

/** Whether the bytes are a scalar from 1 to the group order less 1, 32 bytes big-endian. */
function isPrivateKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && isBelowOrder(bytes) && bytes.some((byte) => byte !== 0);
}

function checkPrivateKey(privateKey: Uint8Array): void {
  if (!isPrivateKey(privateKey)) {
    throw new RangeError('a private key is a 32-byte number from 1 to the group order less 1');
  }
}

function isBelowOrder(bytes: Uint8Array): boolean {
  for (let i = 0; i < 32; i += 1) {
    const difference = (bytes[i] as number) - (GROUP_ORDER[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * RFC 6979 reduces the hash before it derives the nonce; libsecp256k1 feeds it as it is. Reducing
 * here gives every implementation the same nonce for the one hash in 2^128 where that matters.
 */
function reduceHash(hash: Uint8Array): Uint8Array {
  if (isBelowOrder(hash)) return hash;
  const reduced = new Uint8Array(32);
  for (let i = 31, borrow = 0; i >= 0; i -= 1) {
    const difference = (hash[i] as number) - (GROUP_ORDER[i] as number) - borrow;
    borrow = difference < 0 ? 1 : 0;
    reduced[i] = difference;
  }
  return reduced;
}
