/**
 * The bloom filter over addresses and topics of a transaction's logs (yellow paper 4.3.1).
 *
 * The same addresses and topics come again and again, so the three bits of each are remembered.
 */
import { addressOf } from './accounts';
import { keccakBytes } from './keccak';
import { BLOOM_MEMO, BLOOM_MEMO_ENTRY, BLOOM_MEMO_MASK, SCRATCH } from './layout';
import { logBuffer, logBytes } from './logs';
import { copyWord, setSmall, storeAddress } from './word';

const HEAD: usize = 16;
const ENTRY: usize = SCRATCH + 512;
const DIGEST: usize = SCRATCH + 544;

/** 256 bytes at `to`. */
export function writeBloom(to: usize): void {
  memory.fill(to, 0, 256);
  const end = logBuffer() + logBytes;
  let place = logBuffer();
  while (place < end) {
    const topics = load<u32>(place, 4);
    setSmall(ENTRY, 0);
    storeAddress(ENTRY, addressOf(load<u32>(place)));
    include(to, 20);
    let at = place + HEAD;
    for (let i: u32 = 0; i < topics; ++i) {
      copyWord(ENTRY, at);
      include(to, 32);
      at += 32;
    }
    place = (at + load<u32>(place, 8) + 3) & ~3;
  }
}

/** Sets the three bits of the first `length` bytes at ENTRY, which has zeros behind. */
function include(to: usize, length: usize): void {
  const mixed =
    (load<u64>(ENTRY) ^ load<u64>(ENTRY, 8) ^ load<u64>(ENTRY, 24)) * 0x9e3779b97f4a7c15;
  const memo =
    BLOOM_MEMO +
    (<usize>((mixed ^ load<u64>(ENTRY, 16)) >> 20) & BLOOM_MEMO_MASK) * BLOOM_MEMO_ENTRY;
  const isKnown =
    load<u32>(memo, 32) == <u32>length &&
    ((load<u64>(memo) ^ load<u64>(ENTRY)) |
      (load<u64>(memo, 8) ^ load<u64>(ENTRY, 8)) |
      (load<u64>(memo, 16) ^ load<u64>(ENTRY, 16)) |
      (load<u64>(memo, 24) ^ load<u64>(ENTRY, 24))) ==
      0;
  if (!isKnown) {
    keccakBytes(ENTRY, length, DIGEST);
    copyWord(memo, ENTRY);
    store<u32>(memo, <u32>length, 32);
    store<u64>(memo, load<u64>(DIGEST), 40);
  }
  for (let pair: usize = 0; pair < 6; pair += 2) {
    const bit = ((<u32>(load<u8>(memo + pair, 40) & 7)) << 8) | load<u8>(memo + pair, 41);
    const cell = to + 255 - (bit >> 3);
    store<u8>(cell, load<u8>(cell) | ((<u8>1) << (<u8>bit & 7)));
  }
}
