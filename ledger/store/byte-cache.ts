/**
 * Byte strings under byte strings, in a bounded amount of memory that the garbage collector need not look at:
 * records lie one behind the other in large blocks, and a table of numbers says where. A `Map` with a string, an
 * array and an entry for each record costs more time in collections than all reads of it together.
 *
 * When memory is full, the oldest block goes. What was found in it since it was put there gets a second chance in the
 * newest one; so what is asked for again stays, and what is read once passes through.
 */
import { randomFillSync } from 'node:crypto';

export type ByteCache = {
  /**
   * A view, valid until the key is set again; `ABSENT` if it is known that there is nothing, undefined if
   * nothing is known.
   */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Keeps a copy of the first `length` bytes, or `ABSENT`. A record that is too long to be kept is forgotten. */
  set(key: Uint8Array, bytes: Uint8Array, length: number): void;
  forget(key: Uint8Array): void;
};

/** Says that there is nothing under a key; no value, compared by identity. */
export const ABSENT: Uint8Array = new Uint8Array(0);

/** At most this long; keys and values beyond it are not kept. */
const LONGEST_KEY = 128;
const LONGEST_VALUE = 4_096;

/** Of a record: length of its key (1), state (1), length of its value (2); then key and value. */
const HEAD_BYTES = 4;
/** Records start at multiples of it, so that one that grows by a few bytes keeps its place. */
const ALIGNMENT = 8;
const FEW_BYTES = 64;
const CHUNK_BYTES: number = 256 * 1024;

/** States of a record, side by side in a byte; none of them: a value that nobody has asked for. */
const HOLDS_NOTHING = 1;
const WAS_FOUND = 2;

/** Of a new block; the rest of it is for what is new. */
const SECOND_CHANCE_BYTES: number = CHUNK_BYTES / 2;

/** Places are numbers of 32 bits. */
const LARGEST_CAPACITY: number = 2 ** 31 * ALIGNMENT;

/** Prime, for places in the table by universal hashing: keys are chosen by whoever pays for a transaction. */
const PRIME = 2_147_483_647;

/** @param capacityBytes of records and table together, at most 16 GiB; one block is kept, however small it is */
export function createByteCache(capacityBytes: number): ByteCache {
  const capacity = Math.min(capacityBytes, LARGEST_CAPACITY);
  const hash = createKeyHash();
  /** A ring: `count` blocks from `oldest` on, and the last of them is being filled. */
  const ring: Uint8Array[] = new Array(Math.ceil(capacity / CHUNK_BYTES) + 2);
  /** Bytes used of each. */
  const ends = new Uint32Array(ring.length);
  let oldest = 0;
  let count = 0;
  let newest = ring.length - 1;
  let records = 0;
  /** By open addressing: the hash of a record, and where it lies, in units of `ALIGNMENT`, plus 1; 0 is free. */
  let hashes = new Int32Array(1_024);
  let places = new Uint32Array(1_024);

  const chunkAt = (place: number): Uint8Array =>
    ring[Math.floor(((place - 1) * ALIGNMENT) / CHUNK_BYTES)] as Uint8Array;
  const startOf = (place: number): number => ((place - 1) * ALIGNMENT) % CHUNK_BYTES;
  const placeOf = (slot: number, start: number): number =>
    (slot * CHUNK_BYTES + start) / ALIGNMENT + 1;

  /** The index in the table of the record under the key, or of the free place where it would go. */
  const indexOf = (key: Uint8Array, hashed: number): number => {
    const mask = places.length - 1;
    let index = hashed & mask;
    for (;;) {
      const place = places[index] as number;
      if (place === 0) return index;
      if (hashes[index] === hashed && hasKey(chunkAt(place), startOf(place), key)) return index;
      index = (index + 1) & mask;
    }
  };

  const grow = (): void => {
    const [oldHashes, oldPlaces] = [hashes, places];
    hashes = new Int32Array(oldPlaces.length * 2);
    places = new Uint32Array(oldPlaces.length * 2);
    const mask = places.length - 1;
    for (let from = 0; from < oldPlaces.length; from += 1) {
      if (oldPlaces[from] === 0) continue;
      let to = (oldHashes[from] as number) & mask;
      while (places[to] !== 0) to = (to + 1) & mask;
      hashes[to] = oldHashes[from] as number;
      places[to] = oldPlaces[from] as number;
    }
  };

  /** Frees a place in the table; those behind it that found it taken move up. */
  const remove = (index: number): void => {
    const mask = places.length - 1;
    let free = index;
    for (let at = (index + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const wanted = (hashes[at] as number) & mask;
      if (((at - wanted) & mask) < ((at - free) & mask)) continue;
      hashes[free] = hashes[at] as number;
      places[free] = places[at] as number;
      free = at;
    }
    places[free] = 0;
    records -= 1;
  };

  /** A second chance for a record of the oldest block, if it is still what its key leads to and was asked for. */
  const retire = (chunk: Uint8Array, start: number, room: number): void => {
    const key = keyAt(chunk, start);
    const index = indexOf(key, hash(key));
    if (places[index] !== placeOf(oldest, start)) return;
    const end = ends[newest] as number;
    if ((chunk[start + 1] as number) & WAS_FOUND && end + room <= SECOND_CHANCE_BYTES) {
      const target = ring[newest] as Uint8Array;
      target.set(chunk.subarray(start, start + room), end);
      target[end + 1] = (target[end + 1] as number) & ~WAS_FOUND;
      places[index] = placeOf(newest, end);
      ends[newest] = end + room;
    } else {
      remove(index);
    }
  };

  const dropOldest = (): void => {
    const chunk = ring[oldest] as Uint8Array;
    const end = ends[oldest] as number;
    for (let start = 0; start < end; ) {
      const room = roomFor(chunk[start] as number, lengthAt(chunk, start));
      retire(chunk, start, room);
      start += room;
    }
    // Not to be used again: somebody may still hold a view of it.
    delete ring[oldest];
    oldest = (oldest + 1) % ring.length;
    count -= 1;
  };

  const startChunk = (): void => {
    newest = (newest + 1) % ring.length;
    ring[newest] = new Uint8Array(CHUNK_BYTES);
    ends[newest] = 0;
    count += 1;
    while (count > 1 && count * CHUNK_BYTES + places.length * 8 > capacity) dropOldest();
  };

  /** Returns its place. */
  const append = (key: Uint8Array, bytes: Uint8Array, length: number, state: number): number => {
    const room = roomFor(key.length, length);
    if (count === 0 || (ends[newest] as number) + room > CHUNK_BYTES) startChunk();
    const chunk = ring[newest] as Uint8Array;
    const start = ends[newest] as number;
    chunk[start] = key.length;
    chunk.set(key, start + HEAD_BYTES);
    writeValue(chunk, start, key.length, bytes, length, state);
    ends[newest] = start + room;
    return placeOf(newest, start);
  };

  const put = (key: Uint8Array, bytes: Uint8Array, length: number): void => {
    const hashed = hash(key);
    const state = bytes === ABSENT ? HOLDS_NOTHING : 0;
    const place = places[indexOf(key, hashed)] as number;
    if (place !== 0) {
      const chunk = chunkAt(place);
      const start = startOf(place);
      // Whoever writes it has read it.
      if (roomFor(key.length, length) === roomFor(key.length, lengthAt(chunk, start))) {
        writeValue(chunk, start, key.length, bytes, length, state | WAS_FOUND);
        return;
      }
    }
    const appended = append(key, bytes, length, state);
    // Making room may have moved what is in the table.
    const index = indexOf(key, hashed);
    if (places[index] === 0) records += 1;
    hashes[index] = hashed;
    places[index] = appended;
    if (records * 2 > places.length) grow();
  };

  const forget = (key: Uint8Array): void => {
    const index = indexOf(key, hash(key));
    if (places[index] !== 0) remove(index);
  };

  return {
    get: (key) => {
      if (key.length > LONGEST_KEY) return undefined;
      const place = places[indexOf(key, hash(key))] as number;
      return place === 0 ? undefined : readValue(chunkAt(place), startOf(place));
    },
    set: (key, bytes, length) => {
      if (key.length > LONGEST_KEY) return;
      if (length <= LONGEST_VALUE) put(key, bytes, length);
      else forget(key);
    },
    forget: (key) => {
      if (key.length <= LONGEST_KEY) forget(key);
    },
  };
}

function roomFor(keyLength: number, valueLength: number): number {
  return Math.ceil((HEAD_BYTES + keyLength + valueLength) / ALIGNMENT) * ALIGNMENT;
}

function lengthAt(chunk: Uint8Array, start: number): number {
  return ((chunk[start + 2] as number) << 8) | (chunk[start + 3] as number);
}

function keyAt(chunk: Uint8Array, start: number): Uint8Array {
  return chunk.subarray(start + HEAD_BYTES, start + HEAD_BYTES + (chunk[start] as number));
}

function hasKey(chunk: Uint8Array, start: number, key: Uint8Array): boolean {
  if (chunk[start] !== key.length) return false;
  for (let i = 0, at = start + HEAD_BYTES; i < key.length; i += 1, at += 1) {
    if (chunk[at] !== key[i]) return false;
  }
  return true;
}

function writeValue(
  chunk: Uint8Array,
  start: number,
  keyLength: number,
  bytes: Uint8Array,
  length: number,
  state: number,
): void {
  chunk[start + 1] = state;
  chunk[start + 2] = length >> 8;
  chunk[start + 3] = length;
  const at = start + HEAD_BYTES + keyLength;
  // A loop for a few: `set` wants a subarray, and making one costs more than they do.
  if (length > FEW_BYTES) chunk.set(bytes.subarray(0, length), at);
  else for (let i = 0; i < length; i += 1) chunk[at + i] = bytes[i] as number;
}

function readValue(chunk: Uint8Array, start: number): Uint8Array | undefined {
  const state = chunk[start + 1] as number;
  chunk[start + 1] = state | WAS_FOUND;
  if ((state & HOLDS_NOTHING) !== 0) return ABSENT;
  const from = start + HEAD_BYTES + (chunk[start] as number);
  return chunk.subarray(from, from + lengthAt(chunk, start));
}

/** Linear in the bytes with secret factors: two keys get one hash with a chance of one in two thousand million. */
function createKeyHash(): (key: Uint8Array) => number {
  const factors = new Float64Array(LONGEST_KEY + 1);
  const drawn = randomFillSync(new Uint32Array(factors.length));
  for (let i = 0; i < factors.length; i += 1) factors[i] = (drawn[i] as number) % PRIME;
  return (key) => {
    let sum = (factors[LONGEST_KEY] as number) * key.length;
    // Below 2^53: at most 129 terms of 2^8 times 2^31.
    for (let i = 0; i < key.length; i += 1) sum += (factors[i] as number) * (key[i] as number);
    return sum % PRIME;
  };
}
