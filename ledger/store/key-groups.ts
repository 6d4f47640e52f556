/**
 * Many keys of a trie in groups of their first two bytes, ascending, in little memory: 56 bytes for an account. The
 * groups come of counting, and each is sorted when its turn has come, so that nothing takes long at once.
 */
import { keccak256 } from '#crypto';
import { compareBytes, type Hash } from '../model/index.ts';

export type HashedKey = {
  /** keccak256 of the preimage. */
  readonly key: Hash;
  /** Address or slot. */
  readonly preimage: Uint8Array;
};

export type KeyGroups = {
  readonly count: number;
  /** Whole groups, together at least so many keys where so many are left; ascending. */
  chunks(atLeast: number): Iterable<readonly HashedKey[]>;
};

const HASH_BYTES = 32;
const GROUPS = 65_536;
/** Hashed before other work of the thread gets its turn. */
const KEYS_PER_TURN = 2_000;

/** @param preimages by `keyOf`, all of one length */
export async function groupKeys(
  preimages: ReadonlySet<string>,
  turn: () => Promise<void>,
): Promise<KeyGroups> {
  const count = preimages.size;
  const [first = ''] = preimages;
  const width = HASH_BYTES + first.length;
  const bytes = Buffer.alloc(count * width);
  const starts = new Uint32Array(GROUPS + 1);
  let filled = 0;
  for (const text of preimages) {
    const at = filled * width;
    bytes.write(text, at + HASH_BYTES, 'latin1');
    bytes.set(keccak256(bytes.subarray(at + HASH_BYTES, at + width)), at);
    const next = bytes.readUInt16BE(at) + 1;
    starts[next] = (starts[next] as number) + 1;
    filled += 1;
    if (filled % KEYS_PER_TURN === 0) await turn();
  }
  for (let group = 1; group <= GROUPS; group += 1) {
    starts[group] = (starts[group] as number) + (starts[group - 1] as number);
  }
  const order = new Uint32Array(count);
  const free = starts.slice();
  for (let index = 0; index < count; index += 1) {
    const group = bytes.readUInt16BE(index * width);
    const place = free[group] as number;
    order[place] = index;
    free[group] = place + 1;
  }
  const keyAt = (place: number): HashedKey => {
    const at = (order[place] as number) * width;
    return {
      key: bytes.subarray(at, at + HASH_BYTES) as Uint8Array as Hash,
      preimage: bytes.subarray(at + HASH_BYTES, at + width),
    };
  };
  return {
    count,
    chunks: function* (atLeast) {
      for (let group = 0, start = 0; start < count; ) {
        while (group < GROUPS && (starts[group] as number) < start + atLeast) group += 1;
        const end = starts[group] as number;
        yield Array.from({ length: end - start }, (_, offset) => keyAt(start + offset)).sort(
          (a, b) => compareBytes(a.key, b.key),
        );
        start = end;
      }
    },
  };
}
