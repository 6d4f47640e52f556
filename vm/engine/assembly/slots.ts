/**
 * Storage slots that the block has touched, and the transient ones of the running transaction (EIP-1153).
 *
 * Both are arrays of entries with an open-addressed index. A slot that the host has not filled in, or that
 * belongs to storage that was emptied since, is told by its fields.
 */
import { CLEARED, EXISTS, epochOf, flagsOf, HAS_STORAGE } from './accounts';
import { allocate } from './heap';
import { copyWord, setSmall } from './word';

const ENTRY: usize = 128;
const KEY: usize = 0;
const VALUE: usize = 32;
/** The value at the start of the transaction named in ORIGINAL_OF. */
const ORIGINAL: usize = 64;
const ACCOUNT: usize = 96;
const ORIGINAL_OF: usize = 100;
const WARM: usize = 104;
const EPOCH: usize = 108;
const STATE: usize = 112;
const SEEN: usize = 116;

const UNKNOWN: u32 = 0;
const KNOWN: u32 = 1;
/** Written by the block, rolled back or not. */
const WRITTEN: u32 = 2;

let entries: usize = 0;
let capacity: u32 = 0;
let index: usize = 0;
let mask: u32 = 0;
let generation: u32 = 0;
let seed: u64 = 0;
export let slotCount: u32 = 0;

export function setUpSlots(size: u32, secret: u64): void {
  capacity = size;
  entries = allocate(<usize>size * ENTRY);
  mask = size * 2 - 1;
  index = allocate(<usize>size * 16);
  seed = secret;
  transientCapacity = size;
  transientEntries = allocate(<usize>size * TRANSIENT_ENTRY);
  transientMask = size * 2 - 1;
  transientIndex = allocate(<usize>size * 16);
}

export function forgetSlots(): void {
  slotCount = 0;
  ++generation;
}

@inline
export function slotsRoom(): u32 {
  return capacity - slotCount;
}

export function growSlots(): void {
  const bigger = allocate(<usize>capacity * 2 * ENTRY);
  memory.copy(bigger, entries, <usize>slotCount * ENTRY);
  entries = bigger;
  capacity *= 2;
  mask = capacity * 2 - 1;
  index = allocate(<usize>capacity * 16);
  for (let id: u32 = 0; id < slotCount; ++id) {
    const entry = at(id);
    let place = hashOf(load<u32>(entry, ACCOUNT), entry) & mask;
    while (load<u32>(index + ((<usize>place) << 3)) == generation) place = (place + 1) & mask;
    store<u32>(index + ((<usize>place) << 3), generation);
    store<u32>(index + ((<usize>place) << 3), id, 4);
  }
}

@inline
function at(id: u32): usize {
  return entries + <usize>id * ENTRY;
}

@inline
function hashOf(account: u32, key: usize): u32 {
  let hash = (load<u64>(key) ^ seed ^ account) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 32) ^ load<u64>(key, 8)) * 0xc2b2ae3d27d4eb4f;
  hash = (hash ^ (hash >> 29) ^ load<u64>(key, 16)) * 0x165667b19e3779f9;
  hash = (hash ^ (hash >> 31) ^ load<u64>(key, 24)) * 0x9e3779b97f4a7c15;
  return <u32>(hash >> 32);
}

@inline
function isKey(entry: usize, key: usize): bool {
  return (
    load<u64>(entry) == load<u64>(key) &&
    load<u64>(entry, 8) == load<u64>(key, 8) &&
    load<u64>(entry, 16) == load<u64>(key, 16) &&
    load<u64>(entry, 24) == load<u64>(key, 24)
  );
}

/** The number of a slot, which gets one if it is new. There must be room. */
export function slotAt(account: u32, key: usize): u32 {
  let place = hashOf(account, key) & mask;
  while (true) {
    const cell = index + ((<usize>place) << 3);
    if (load<u32>(cell) != generation) break;
    const id = load<u32>(cell, 4);
    const entry = at(id);
    if (load<u32>(entry, ACCOUNT) == account && isKey(entry, key)) return id;
    place = (place + 1) & mask;
  }
  const id = slotCount++;
  const cell = index + ((<usize>place) << 3);
  store<u32>(cell, generation);
  store<u32>(cell, id, 4);
  const entry = at(id);
  copyWord(entry, key);
  memory.fill(entry + VALUE, 0, ENTRY - VALUE);
  store<u32>(entry, account, ACCOUNT);
  return id;
}

/**
 * Brings a slot up to date for this transaction; false if the host must say its value first.
 * Needs the account's flags, so the account must be loaded.
 */
export function prepareSlot(id: u32, transaction: u32): bool {
  const entry = at(id);
  const account = load<u32>(entry, ACCOUNT);
  const epoch = epochOf(account);
  if (load<u32>(entry, EPOCH) != epoch) {
    setSmall(entry + VALUE, 0);
    store<u32>(entry, epoch, EPOCH);
    store<u32>(entry, KNOWN | (load<u32>(entry, STATE) & WRITTEN), STATE);
    store<u32>(entry, 0, ORIGINAL_OF);
  }
  if ((load<u32>(entry, STATE) & KNOWN) == UNKNOWN) {
    if ((flagsOf(account) & HAS_STORAGE) != 0) return false;
    store<u32>(entry, load<u32>(entry, STATE) | KNOWN, STATE);
  }
  if (load<u32>(entry, ORIGINAL_OF) != transaction) {
    copyWord(entry + ORIGINAL, entry + VALUE);
    store<u32>(entry, transaction, ORIGINAL_OF);
  }
  return true;
}

/** What the state underneath says. */
export function fillSlot(id: u32, value: usize): void {
  const entry = at(id);
  copyWord(entry + VALUE, value);
  store<u32>(entry, load<u32>(entry, STATE) | KNOWN, STATE);
}

@inline
export function slotKey(id: u32): usize {
  return at(id) + KEY;
}
@inline
export function slotValue(id: u32): usize {
  return at(id) + VALUE;
}
@inline
export function slotOriginal(id: u32): usize {
  return at(id) + ORIGINAL;
}
@inline
export function slotAccount(id: u32): u32 {
  return load<u32>(at(id), ACCOUNT);
}
@inline
export function slotWarmth(id: u32): u32 {
  return load<u32>(at(id), WARM);
}
@inline
export function setSlotWarmth(id: u32, transaction: u32): void {
  store<u32>(at(id), transaction, WARM);
}
@inline
export function slotSeen(id: u32): u32 {
  return load<u32>(at(id), SEEN);
}
@inline
export function setSlotSeen(id: u32, transaction: u32): void {
  store<u32>(at(id), transaction, SEEN);
}
@inline
export function markWritten(id: u32): void {
  store<u32>(at(id), load<u32>(at(id), STATE) | WRITTEN, STATE);
}

/** Whether the host has to look at the slot when the block ends: it was written and its account is there. */
export function isSlotWritten(id: u32): bool {
  const account = slotAccount(id);
  return (load<u32>(at(id), STATE) & WRITTEN) != 0 && (flagsOf(account) & EXISTS) != 0;
}

/** The value at the end of the block: zero if the storage was emptied since it was written. */
export function finalValue(id: u32, to: usize): void {
  const entry = at(id);
  if (load<u32>(entry, EPOCH) == epochOf(slotAccount(id))) copyWord(to, entry + VALUE);
  else setSmall(to, 0);
}

/** Whether what the state underneath says about this slot no longer counts. */
export function isBaseDropped(id: u32): bool {
  return (flagsOf(slotAccount(id)) & CLEARED) != 0;
}

// Transient slots.

const TRANSIENT_ENTRY: usize = 80;
const TRANSIENT_ACCOUNT: usize = 64;

let transientEntries: usize = 0;
let transientCapacity: u32 = 0;
let transientIndex: usize = 0;
let transientMask: u32 = 0;
let transientGeneration: u32 = 0;
let transientCount: u32 = 0;

export function forgetTransients(): void {
  transientCount = 0;
  ++transientGeneration;
}

@inline
export function transientRoom(): u32 {
  return transientCapacity - transientCount;
}

export function growTransients(): void {
  const bigger = allocate(<usize>transientCapacity * 2 * TRANSIENT_ENTRY);
  memory.copy(bigger, transientEntries, <usize>transientCount * TRANSIENT_ENTRY);
  transientEntries = bigger;
  transientCapacity *= 2;
  transientMask = transientCapacity * 2 - 1;
  transientIndex = allocate(<usize>transientCapacity * 16);
  for (let id: u32 = 0; id < transientCount; ++id) {
    const entry = transientEntries + <usize>id * TRANSIENT_ENTRY;
    let place = hashOf(load<u32>(entry, TRANSIENT_ACCOUNT), entry) & transientMask;
    while (load<u32>(transientIndex + ((<usize>place) << 3)) == transientGeneration) {
      place = (place + 1) & transientMask;
    }
    store<u32>(transientIndex + ((<usize>place) << 3), transientGeneration);
    store<u32>(transientIndex + ((<usize>place) << 3), id, 4);
  }
}

/** The number of a transient slot, zero at first. There must be room. */
export function transientAt(account: u32, key: usize): u32 {
  let place = hashOf(account, key) & transientMask;
  while (true) {
    const cell = transientIndex + ((<usize>place) << 3);
    if (load<u32>(cell) != transientGeneration) break;
    const id = load<u32>(cell, 4);
    const entry = transientEntries + <usize>id * TRANSIENT_ENTRY;
    if (load<u32>(entry, TRANSIENT_ACCOUNT) == account && isKey(entry, key)) return id;
    place = (place + 1) & transientMask;
  }
  const id = transientCount++;
  const cell = transientIndex + ((<usize>place) << 3);
  store<u32>(cell, transientGeneration);
  store<u32>(cell, id, 4);
  const entry = transientEntries + <usize>id * TRANSIENT_ENTRY;
  copyWord(entry, key);
  setSmall(entry + VALUE, 0);
  store<u32>(entry, account, TRANSIENT_ACCOUNT);
  return id;
}

@inline
export function transientValue(id: u32): usize {
  return transientEntries + <usize>id * TRANSIENT_ENTRY + VALUE;
}
