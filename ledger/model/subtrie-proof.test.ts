/** Parts of random tries against the whole ones: all parts hold, and none that was changed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import { compareBytes, type Hash, keyOf } from './bytes.ts';
import { proveSubtrie, verifySubtrie } from './subtrie-proof.ts';
import { seededRandom, type TestRandom } from './testkit/seeded-random.ts';
import { trieRoot } from './trie-build.ts';
import { nibbleAt, type TrieEntry } from './trie-keys.ts';

const test = suite('ledger/model/subtrie-proof');

type Made = {
  readonly entries: readonly TrieEntry[];
  readonly root: Hash;
  readonly nodes: ReadonlyMap<string, Uint8Array>;
};

/** Hashed keys; some share a long beginning, so that extensions lead past places. */
function make(random: TestRandom, count: number): Made {
  const entries = Array.from({ length: count }, (_, index): TrieEntry => {
    const key = keccak256(random.bytes(8 + (index % 3))).slice();
    if (random.below(4) === 0) key.set([0xab, 0xcd, 0xef], 0);
    return { key, value: random.bytes(1 + random.below(40)) };
  }).sort((a, b) => compareBytes(a.key, b.key));
  const nodes = new Map<string, Uint8Array>();
  const root = trieRoot(entries, (path, depth, node) => {
    if (node !== undefined) nodes.set(keyOf(path.subarray(0, depth)), node.slice());
  });
  return { entries, root, nodes };
}

/** All places of that many nibbles. */
function* places(depth: number): Generator<Uint8Array> {
  for (let number = 0; number < 16 ** depth; number += 1) {
    yield Uint8Array.from({ length: depth }, (_, at) => (number >> (4 * (depth - 1 - at))) & 15);
  }
}

function partOf({ entries, root, nodes }: Made, place: Uint8Array) {
  const own = entries.filter(({ key }) =>
    place.every((nibble, index) => nibbleAt(key, index) === nibble),
  );
  return { own, proof: proveSubtrie(root, (path) => nodes.get(keyOf(path)), place) };
}

for (const count of [0, 1, 2, 3, 17, 300]) {
  for (const depth of [0, 1, 2, 3]) {
    test(`the parts of ${count} entries at depth ${depth} are the whole trie, node by node`, () => {
      const seed = process.env['SEED'] ?? `${count}-${depth}-${Date.now()}`;
      const made = make(seededRandom(seed), count);
      const found = new Map<string, Uint8Array>();
      for (const place of places(depth)) {
        const { own, proof } = partOf(made, place);
        const verdict = verifySubtrie(made.root, place, proof, own);
        assert.ok(verdict.ok, `SEED=${seed} place ${place}: ${verdict.ok || verdict.message}`);
        for (const { path, node } of [...verdict.above, ...verdict.below]) {
          found.set(keyOf(path), node);
        }
      }
      const sorted = (nodes: ReadonlyMap<string, Uint8Array>): readonly string[] =>
        [...nodes].map(([path, node]) => `${path} ${node}`).sort();
      assert.equal(sorted(found), sorted(made.nodes), `SEED=${seed}`);
    });
  }
}

test('a part with an entry too few, too many, moved or altered is refused, and so is another proof', () => {
  const seed = process.env['SEED'] ?? String(Date.now());
  const random = seededRandom(seed);
  for (let round = 0; round < 60; round += 1) {
    const made = make(random, 1 + random.below(200));
    const depth = random.below(4);
    const place = Uint8Array.from({ length: depth }, () => random.below(16));
    const { own, proof } = partOf(made, place);
    const refused = (entries: readonly TrieEntry[], nodes: readonly Uint8Array[]): void => {
      const verdict = verifySubtrie(made.root, place, nodes, entries);
      assert.is(verdict.ok, false, `SEED=${seed} round ${round}`);
    };
    const at = random.below(Math.max(1, own.length));
    const entry = own[at];
    if (entry !== undefined) {
      refused(own.toSpliced(at, 1), proof);
      const value = entry.value.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
      refused(own.with(at, { ...entry, value }), proof);
      const key = entry.key.map((byte, index) => (index === 31 ? byte ^ 1 : byte));
      refused(own.with(at, { ...entry, key }), proof);
      if (own.length > 1) refused(own.toReversed(), proof);
    }
    const added = keccak256(random.bytes(9)).slice();
    for (const [index, nibble] of place.entries()) {
      const byte = added[index >> 1] as number;
      added[index >> 1] = index % 2 === 0 ? (byte & 15) | (nibble << 4) : (byte & 0xf0) | nibble;
    }
    const more = [...own, { key: added, value: Uint8Array.of(1) }];
    refused(
      more.sort((a, b) => compareBytes(a.key, b.key)),
      proof,
    );
    refused(own, [...proof, Uint8Array.of(0xc0)]);
    if (proof.length > 0) {
      refused(own, proof.slice(1));
      const node = proof[0] as Uint8Array;
      refused(
        own,
        proof.with(
          0,
          node.map((byte, index) => (index === 5 ? byte ^ 1 : byte)),
        ),
      );
    }
  }
});

test.run();
