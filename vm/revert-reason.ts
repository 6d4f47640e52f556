/** What a reverted transaction returned, as it is kept beside its receipt. */

/**
 * Bytes that are kept. A transaction costs 21 000 gas at least, so a byte of a reason costs 20 or more; a
 * byte of a log costs 8. Filling disks with reasons is therefore never the cheapest way.
 */
const LIMIT_BYTES = 1_024;

/** A copy of at most the first 1024 bytes. */
export function keptReason(returned: Uint8Array): Uint8Array {
  return returned.slice(0, LIMIT_BYTES);
}
