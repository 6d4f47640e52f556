/**
 * Bloom filters cut from larger buffers: a buffer of its own for each would cost the collector more than
 * the transaction cost the engine.
 */
const BLOOM_BYTES = 256;
const BLOOMS_A_SLAB = 64;

/** Gives 256 zero bytes at a time. */
export type BloomSlab = () => Uint8Array;

export function createBloomSlab(): BloomSlab {
  let slab = new Uint8Array(0);
  let next = 0;
  return () => {
    if (next === slab.length) {
      slab = new Uint8Array(BLOOM_BYTES * BLOOMS_A_SLAB);
      next = 0;
    }
    next += BLOOM_BYTES;
    return slab.subarray(next - BLOOM_BYTES, next);
  };
}
