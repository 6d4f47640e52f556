/**
 * What a secp256k1 implementation must offer to stand behind `#crypto`.
 *
 * Implementations get checked arguments only (`crypto-door.ts` checks them once for all), so that
 * none can differ from another in what it refuses.
 */
export type Curve = {
  /** Which library answers, for the operator. */
  readonly name: string;
  /**
   * The 64-byte public key that made a signature (r then s, 32 bytes each; s may be high).
   * Undefined if r or s is zero or not below the group order, or no point has that x.
   */
  recover(hash: Uint8Array, signature: Uint8Array, yParity: 0 | 1): Uint8Array | undefined;
  /** RFC 6979 signature with low s. `hash` is below the group order, `privateKey` valid. */
  sign(hash: Uint8Array, privateKey: Uint8Array): CurveSignature;
  /** The 64-byte public key of a valid private key. */
  publicKey(privateKey: Uint8Array): Uint8Array;
};

export type CurveSignature = {
  /** 64 bytes: r then s. */
  readonly signature: Uint8Array;
  readonly yParity: 0 | 1;
};
