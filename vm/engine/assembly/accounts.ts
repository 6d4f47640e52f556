/**
 * The accounts that the block has touched: an array of entries, found by address through an open-addressed
 * index. An account's number (`id`) is its place in the array and holds until the block ends.
 *
 * An entry can exist before the host has filled it in (a warm address need not be read from state).
 */
import { allocate } from './heap';
import { copyWord, isZero } from './word';

const ENTRY: usize = 160;
// Fields of an entry.
const ADDRESS: usize = 0; // word of which 20 bytes count
const BALANCE: usize = 32;
const CODE_HASH: usize = 64;
const NONCE: usize = 96;
const FLAGS: usize = 104;
const CODE: usize = 108;
const WARM: usize = 112;
/** Transaction in which execution touched the account, rolled back or not. */
const SEEN: usize = 116;
/** Counts how often the storage was emptied; slots remember which count they belong to. */
const EPOCH: usize = 120;

export const EXISTS: u32 = 1;
export const CREATED: u32 = 2;
export const DESTROYED: u32 = 4;
export const LOADED: u32 = 8;
/** The state underneath has slots that still count. */
export const HAS_STORAGE: u32 = 16;
/** The state underneath has slots that no longer count. */
export const CLEARED: u32 = 32;

let entries: usize = 0;
let capacity: u32 = 0;
let index: usize = 0;
let mask: u32 = 0;
/** Distinguishes index cells of this block from those of earlier ones. */
let generation: u32 = 0;
let seed: u64 = 0;
export let accountCount: u32 = 0;

export function setUpAccounts(size: u32, secret: u64): void {
  capacity = size;
  entries = allocate(<usize>size * ENTRY);
  mask = size * 2 - 1;
  index = allocate(<usize>size * 16);
  seed = secret;
}

export function forgetAccounts(): void {
  accountCount = 0;
  ++generation;
}

@inline
export function accountsRoom(): u32 {
  return capacity - accountCount;
}

export function growAccounts(): void {
  const bigger = allocate(<usize>capacity * 2 * ENTRY);
  memory.copy(bigger, entries, <usize>accountCount * ENTRY);
  entries = bigger;
  capacity *= 2;
  mask = capacity * 2 - 1;
  index = allocate(<usize>capacity * 16);
  for (let id: u32 = 0; id < accountCount; ++id) {
    const cell = vacantCell(hashOf(at(id)));
    store<u32>(cell, generation);
    store<u32>(cell, id, 4);
  }
}

@inline
function at(id: u32): usize {
  return entries + <usize>id * ENTRY;
}

@inline
function hashOf(address: usize): u32 {
  let hash = (load<u64>(address) ^ seed) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 32) ^ load<u64>(address, 8)) * 0xc2b2ae3d27d4eb4f;
  hash = (hash ^ (hash >> 29) ^ load<u32>(address, 16)) * 0x165667b19e3779f9;
  return <u32>(hash >> 32);
}

function vacantCell(hash: u32): usize {
  let place = hash & mask;
  while (load<u32>(index + ((<usize>place) << 3)) == generation) place = (place + 1) & mask;
  return index + ((<usize>place) << 3);
}

/** The number of an address (the low 20 bytes of a word), which gets one if it is new. There must be room. */
export function accountAt(address: usize): u32 {
  const hash = hashOf(address);
  let place = hash & mask;
  while (true) {
    const cell = index + ((<usize>place) << 3);
    if (load<u32>(cell) != generation) break;
    const id = load<u32>(cell, 4);
    const entry = at(id);
    if (
      load<u64>(entry) == load<u64>(address) &&
      load<u64>(entry, 8) == load<u64>(address, 8) &&
      load<u32>(entry, 16) == load<u32>(address, 16)
    ) {
      return id;
    }
    place = (place + 1) & mask;
  }
  const id = accountCount++;
  const cell = index + ((<usize>place) << 3);
  store<u32>(cell, generation);
  store<u32>(cell, id, 4);
  const entry = at(id);
  memory.fill(entry, 0, ENTRY);
  store<u64>(entry, load<u64>(address));
  store<u64>(entry, load<u64>(address, 8), 8);
  store<u32>(entry, load<u32>(address, 16), 16);
  return id;
}

@inline
export function addressOf(id: u32): usize {
  return at(id) + ADDRESS;
}
@inline
export function balanceOf(id: u32): usize {
  return at(id) + BALANCE;
}
@inline
export function codeHashOf(id: u32): usize {
  return at(id) + CODE_HASH;
}
@inline
export function nonceOf(id: u32): u64 {
  return load<u64>(at(id), NONCE);
}
@inline
export function setNonceOf(id: u32, nonce: u64): void {
  store<u64>(at(id), nonce, NONCE);
}
@inline
export function flagsOf(id: u32): u32 {
  return load<u32>(at(id), FLAGS);
}
@inline
export function setFlagsOf(id: u32, flags: u32): void {
  store<u32>(at(id), flags, FLAGS);
}
/** Number of the code in the code table; zero while the host has not said. */
@inline
export function codeOf(id: u32): u32 {
  return load<u32>(at(id), CODE);
}
@inline
export function setCodeOf(id: u32, code: u32): void {
  store<u32>(at(id), code, CODE);
}
@inline
export function warmthOf(id: u32): u32 {
  return load<u32>(at(id), WARM);
}
@inline
export function setWarmthOf(id: u32, transaction: u32): void {
  store<u32>(at(id), transaction, WARM);
}
@inline
export function seenOf(id: u32): u32 {
  return load<u32>(at(id), SEEN);
}
@inline
export function setSeenOf(id: u32, transaction: u32): void {
  store<u32>(at(id), transaction, SEEN);
}
@inline
export function epochOf(id: u32): u32 {
  return load<u32>(at(id), EPOCH);
}
@inline
export function setEpochOf(id: u32, epoch: u32): void {
  store<u32>(at(id), epoch, EPOCH);
}
@inline
export function isLoaded(id: u32): bool {
  return (flagsOf(id) & LOADED) != 0;
}

/** keccak of nothing, as limbs. */
const EMPTY_CODE_0: u64 = 0x7bfad8045d85a470;
const EMPTY_CODE_1: u64 = 0xe500b653ca82273b;
const EMPTY_CODE_2: u64 = 0x927e7db2dcc703c0;
const EMPTY_CODE_3: u64 = 0xc5d2460186f7233c;

@inline
export function hasCode(id: u32): bool {
  const hash = codeHashOf(id);
  return (
    load<u64>(hash) != EMPTY_CODE_0 ||
    load<u64>(hash, 8) != EMPTY_CODE_1 ||
    load<u64>(hash, 16) != EMPTY_CODE_2 ||
    load<u64>(hash, 24) != EMPTY_CODE_3
  );
}

export function dropCode(id: u32): void {
  const hash = codeHashOf(id);
  store<u64>(hash, EMPTY_CODE_0);
  store<u64>(hash, EMPTY_CODE_1, 8);
  store<u64>(hash, EMPTY_CODE_2, 16);
  store<u64>(hash, EMPTY_CODE_3, 24);
  setCodeOf(id, 0);
}

/** EIP-161: no nonce, balance or code. */
@inline
export function isEmpty(id: u32): bool {
  return nonceOf(id) == 0 && isZero(balanceOf(id)) && !hasCode(id);
}

/** Nothing is left of it, its storage included. */
export function erase(id: u32): void {
  const flags = flagsOf(id);
  let kept = LOADED | (flags & CLEARED);
  if ((flags & HAS_STORAGE) != 0) kept |= CLEARED;
  setFlagsOf(id, kept);
  setNonceOf(id, 0);
  memory.fill(balanceOf(id), 0, 32);
  dropCode(id);
  setEpochOf(id, epochOf(id) + 1);
}

export function copyAddress(id: u32, to: usize): void {
  copyWord(to, addressOf(id));
}
