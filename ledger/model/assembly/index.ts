/** Keccak-256 as a module of its own: bytes go to INPUT, digests are found at DIGEST. */
import { absorb, finish, reset, STATE_BYTES } from './sponge';

/** 480 blocks of the sponge. */
export const INPUT_BYTES: i32 = 65_280;

const SPONGE = memory.data(<i32>STATE_BYTES, 16);
const BYTES = memory.data(INPUT_BYTES, 16);

/** Where up to INPUT_BYTES go. */
export const INPUT: usize = BYTES;
/** Where the digest (32 bytes) is after `finishDigest` or `digest`. */
export const DIGEST: usize = SPONGE;

/** The digest of `length` bytes. */
export function digest(length: u32): void {
  reset(SPONGE);
  finishDigest(length);
}

/** Begins a digest of more bytes than go in at once. */
export function startDigest(): void {
  reset(SPONGE);
}

/** Takes in a full INPUT. */
export function absorbInput(): void {
  absorb(SPONGE, BYTES, INPUT_BYTES);
}

/** Takes in the last `length` bytes. */
export function finishDigest(length: u32): void {
  const rest = absorb(SPONGE, BYTES, length);
  finish(SPONGE, BYTES + length - rest, rest);
}
