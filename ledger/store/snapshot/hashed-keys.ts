/** Many keys in the order of their hashes, packed: 32 bytes of hash and the key, one behind the other. */
import { keccak256 } from '#crypto';
import { compareBytes } from '../../model/index.ts';

export type HashedKeys = {
  readonly count: number;
  /** Keys whose hashes begin with these nibbles (one a byte), in the order of the hashes. */
  under(place: Uint8Array): Generator<{ readonly hash: Uint8Array; readonly key: Uint8Array }>;
};

/** @param length of each key, in bytes */
export async function hashedKeys(
  keys: AsyncIterable<Uint8Array>,
  length: number,
): Promise<HashedKeys> {
  const size = 32 + length;
  let packed = new Uint8Array(1024 * size);
  let count = 0;
  for await (const key of keys) {
    if ((count + 1) * size > packed.length) {
      const larger = new Uint8Array(packed.length * 2);
      larger.set(packed);
      packed = larger;
    }
    packed.set(keccak256(key), count * size);
    packed.set(key, count * size + 32);
    count += 1;
  }
  const hashAt = (index: number): Uint8Array => packed.subarray(index * size, index * size + 32);
  const order = Uint32Array.from({ length: count }, (_, index) => index).sort((a, b) =>
    compareBytes(hashAt(a), hashAt(b)),
  );
  /** The first position whose hash is not below the place. */
  const firstAt = (bound: Uint8Array): number => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(hashAt(order[middle] as number), bound) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    count,
    *under(place) {
      for (let at = firstAt(lowestUnder(place)); at < count; at += 1) {
        const index = order[at] as number;
        const hash = hashAt(index);
        if (!isUnder(hash, place)) return;
        yield { hash, key: packed.subarray(index * size + 32, (index + 1) * size) };
      }
    },
  };
}

function lowestUnder(place: Uint8Array): Uint8Array {
  const bound = new Uint8Array(32);
  for (const [index, nibble] of place.entries()) {
    bound[index >> 1] = (bound[index >> 1] as number) | (index % 2 === 0 ? nibble << 4 : nibble);
  }
  return bound;
}

function isUnder(hash: Uint8Array, place: Uint8Array): boolean {
  return place.every((nibble, index) => {
    const byte = hash[index >> 1] as number;
    return (index % 2 === 0 ? byte >> 4 : byte & 15) === nibble;
  });
}
