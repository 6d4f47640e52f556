/** The 2048-bit Bloom filter over addresses and topics of logs (yellow paper 4.3.1). */
import { keccak256 } from '#crypto';
import type { Log } from './receipt.ts';

const BLOOM_BYTES = 256;

/** The filter of one receipt's logs. */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const log of logs) {
    addToBloom(bloom, log.address);
    for (const topic of log.topics) addToBloom(bloom, topic);
  }
  return bloom;
}

/** The filter of a block: the union of its receipts'. */
export function combineBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const union = new Uint8Array(BLOOM_BYTES);
  for (const bloom of blooms) {
    for (let i = 0; i < BLOOM_BYTES; i += 1) {
      union[i] = (union[i] as number) | (bloom[i] as number);
    }
  }
  return union;
}

/** False means that no log has this address or topic; true means that one may. */
export function bloomMayContain(bloom: Uint8Array, addressOrTopic: Uint8Array): boolean {
  const hash = keccak256(addressOrTopic);
  for (let pair = 0; pair < 6; pair += 2) {
    const bit = bitOf(hash, pair);
    if (((bloom[byteOf(bit)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

function addToBloom(bloom: Uint8Array, entry: Uint8Array): void {
  const hash = keccak256(entry);
  for (let pair = 0; pair < 6; pair += 2) {
    const bit = bitOf(hash, pair);
    const at = byteOf(bit);
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
  }
}

/** The low 11 bits of a pair of the hash's bytes. */
function bitOf(hash: Uint8Array, pair: number): number {
  return (((hash[pair] as number) & 7) << 8) | (hash[pair + 1] as number);
}

/** Bit 0 is the lowest bit of the last byte. */
function byteOf(bit: number): number {
  return BLOOM_BYTES - 1 - (bit >> 3);
}
