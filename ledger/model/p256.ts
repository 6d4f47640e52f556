/**
 * Whether a key signed a hash over P256 (EIP-7951): s may be high, the key may be any point, and whatever is out of
 * range or off the curve has signed nothing.
 *
 * @param hash 32 bytes
 * @param signature 64 bytes: r then s
 * @param publicKey 64 bytes: x then y
 */
export type VerifyP256 = (
  hash: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
) => boolean;
