/**
 * Byte strings under byte strings, in a bounded amount of memory that the garbage collector need not look at:
 * records lie one behind the other in large blocks, and a table of numbers says where. A `Map` with a string, an
 * array and an entry for each record costs more time in collections than all reads of it together.
 *
 * Two generations instead of a list in order of use: what is found in the old one moves to the young one, and
 * when that is full, the old one goes as a whole.
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

const HOLDS_VALUE = 0;
const HOLDS_NOTHING = 1;
const FORGOTTEN = 2;

/** Prime, for places in the table by universal hashing: keys are chosen by whoever pays for a transaction. */
const PRIME = 2_147_483_647;

/** `capacityBytes`: of records and table together. */
export function createByteCache(capacityBytes: number): ByteCache {
  const hash = createKeyHash();
  let young = createGeneration();
  let old = createGeneration();

  const put = (key: Uint8Array, bytes: Uint8Array, length: number, hashed: number): void => {
    young.put(key, bytes, length, hashed);
    if (young.bytes() < capacityBytes / 2) return;
    old = young;
    young = createGeneration();
  };

  return {
    get: (key) => {
      if (key.length > LONGEST_KEY) return undefined;
      const hashed = hash(key);
      const found = young.get(key, hashed);
      if (found !== undefined) return found;
      const outdated = old.get(key, hashed);
      if (outdated === undefined) return undefined;
      put(key, outdated, outdated.length, hashed);
      return outdated;
    },
    set: (key, bytes, length) => {
      if (key.length > LONGEST_KEY) return;
      const hashed = hash(key);
      if (length <= LONGEST_VALUE) {
        put(key, bytes, length, hashed);
        return;
      }
      young.forget(key, hashed);
      old.forget(key, hashed);
    },
    forget: (key) => {
      if (key.length > LONGEST_KEY) return;
      const hashed = hash(key);
      young.forget(key, hashed);
      old.forget(key, hashed);
    },
  };
}

type Generation = {
  get(key: Uint8Array, hashed: number): Uint8Array | undefined;
  put(key: Uint8Array, bytes: Uint8Array, length: number, hashed: number): void;
  forget(key: Uint8Array, hashed: number): void;
  bytes(): number;
};

function createGeneration(): Generation {
  const chunks: Uint8Array[] = [];
  /** Bytes used of the last chunk. */
  let used = CHUNK_BYTES;
  let count = 0;
  /** By open addressing: the hash of a record, and where it lies, in units of `ALIGNMENT`, plus 1; 0 is free. */
  let hashes = new Int32Array(1_024);
  let places = new Uint32Array(1_024);

  const chunkAt = (place: number): Uint8Array =>
    chunks[Math.floor(((place - 1) * ALIGNMENT) / CHUNK_BYTES)] as Uint8Array;
  const startOf = (place: number): number => ((place - 1) * ALIGNMENT) % CHUNK_BYTES;

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

  const append = (key: Uint8Array, bytes: Uint8Array, length: number): number => {
    const room = roomFor(key.length, length);
    if (used + room > CHUNK_BYTES) {
      chunks.push(new Uint8Array(CHUNK_BYTES));
      used = 0;
    }
    const chunk = chunks[chunks.length - 1] as Uint8Array;
    chunk[used] = key.length;
    chunk.set(key, used + HEAD_BYTES);
    writeValue(chunk, used, key.length, bytes, length);
    const place = ((chunks.length - 1) * CHUNK_BYTES + used) / ALIGNMENT + 1;
    used += room;
    return place;
  };

  return {
    get: (key, hashed) => {
      const place = places[indexOf(key, hashed)] as number;
      return place === 0 ? undefined : readValue(chunkAt(place), startOf(place));
    },
    put: (key, bytes, length, hashed) => {
      const index = indexOf(key, hashed);
      const place = places[index] as number;
      if (place !== 0) {
        const chunk = chunkAt(place);
        const start = startOf(place);
        const room = roomFor(key.length, lengthAt(chunk, start));
        if (roomFor(key.length, length) === room) {
          writeValue(chunk, start, key.length, bytes, length);
          return;
        }
      }
      places[index] = append(key, bytes, length);
      hashes[index] = hashed;
      if (place !== 0) return;
      count += 1;
      if (count * 2 > places.length) grow();
    },
    forget: (key, hashed) => {
      const place = places[indexOf(key, hashed)] as number;
      if (place !== 0) chunkAt(place)[startOf(place) + 1] = FORGOTTEN;
    },
    bytes: () => chunks.length * CHUNK_BYTES + places.length * 8,
  };
}

function roomFor(keyLength: number, valueLength: number): number {
  return Math.ceil((HEAD_BYTES + keyLength + valueLength) / ALIGNMENT) * ALIGNMENT;
}

function lengthAt(chunk: Uint8Array, start: number): number {
  return ((chunk[start + 2] as number) << 8) | (chunk[start + 3] as number);
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
): void {
  chunk[start + 1] = bytes === ABSENT ? HOLDS_NOTHING : HOLDS_VALUE;
  chunk[start + 2] = length >> 8;
  chunk[start + 3] = length;
  const at = start + HEAD_BYTES + keyLength;
  // A loop for a few: `set` wants a subarray, and making one costs more than they do.
  if (length > FEW_BYTES) chunk.set(bytes.subarray(0, length), at);
  else for (let i = 0; i < length; i += 1) chunk[at + i] = bytes[i] as number;
}

function readValue(chunk: Uint8Array, start: number): Uint8Array | undefined {
  const state = chunk[start + 1];
  if (state === FORGOTTEN) return undefined;
  if (state === HOLDS_NOTHING) return ABSENT;
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
