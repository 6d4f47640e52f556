/** Keccak-256 for the engine, and digests that are remembered. */
import { absorb, finish, reset } from '../../../ledger/model/assembly/sponge';
import { KECCAK_STATE, MEMO, MEMO_ENTRY, MEMO_MASK } from './layout';
import { copyWord, loadBytes } from './word';

/** The digest of `length` bytes at `from`, as 32 big-endian bytes at `to`. */
export function keccakBytes(from: usize, length: usize, to: usize): void {
  reset(KECCAK_STATE);
  const rest = absorb(KECCAK_STATE, from, length);
  finish(KECCAK_STATE, from + length - rest, rest);
  copyWord(to, KECCAK_STATE);
}

// Fields of a remembered digest: the input, the digest as a word, the length of the input.
const DIGEST: usize = 64;
const LENGTH: usize = 96;

/** The digest as a word. Inputs of one and two words, the keys of arrays and mappings, are remembered. */
export function keccakWord(from: usize, length: usize, to: usize): void {
  if (length != 64 && length != 32) {
    keccakBytes(from, length, to);
    loadBytes(to, to);
    return;
  }
  let mixed = load<u64>(from, 24) * 0x9e3779b97f4a7c15;
  let rest = load<u64>(from, 16);
  if (length == 64) rest ^= load<u64>(from, 56) ^ load<u64>(from, 32);
  mixed ^= rest * 0xc2b2ae3d27d4eb4f;
  const entry = MEMO + (<usize>(mixed >> 40) & MEMO_MASK) * MEMO_ENTRY;
  if (isRemembered(entry, from, length)) {
    copyWord(to, entry + DIGEST);
    return;
  }
  copyWord(entry, from);
  if (length == 64) copyWord(entry + 32, from + 32);
  store<u32>(entry, <u32>length, LENGTH);
  keccakBytes(from, length, to);
  loadBytes(to, to);
  copyWord(entry + DIGEST, to);
}

@inline
function isRemembered(entry: usize, from: usize, length: usize): bool {
  if (load<u32>(entry, LENGTH) != <u32>length) return false;
  let difference: u64 = 0;
  for (let i: usize = 0; i < length; i += 8) {
    difference |= load<u64>(entry + i) ^ load<u64>(from + i);
  }
  return difference == 0;
}
