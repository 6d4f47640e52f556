import assert from 'node:assert/strict';
import { createMPT } from '@ethereumjs/mpt';
import { suite } from 'uvu';
import { bytesToHex, compareBytes, hexToBytes, keyOf } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { InvariantError } from './errors.ts';
import { seededRandom, type TestRandom } from './testkit/seeded-random.ts';
import { createTrieStore } from './testkit/trie-store.ts';
import { trieRoot } from './trie-build.ts';
import type { TrieEntry } from './trie-keys.ts';
import { proveTrie, verifyTrieProof } from './trie-proof.ts';
import { updateTrie } from './trie-update.ts';

const test = suite('ledger/model/trie-update');

/** Keys that share long prefixes, so that extensions split and join all the time. */
function randomKey(random: TestRandom): Uint8Array {
  const key = new Uint8Array(32);
  const shared = random.below(3);
  if (shared === 0) key.set(random.bytes(32));
  if (shared === 1) key.set([0x11, 0x11, random.below(4) * 16 + random.below(3), random.below(3)]);
  if (shared === 2) key[31] = random.below(40);
  return key;
}

/** Short values make nodes below 32 bytes; long ones make each node a stored one. */
function randomValue(random: TestRandom): Uint8Array {
  const kind = random.below(4);
  if (kind === 0) return new Uint8Array(0);
  const value = random.bytes(kind === 1 ? 1 : random.below(70) + 1);
  value[0] = (value[0] as number) | 1;
  return value;
}

function randomChanges(random: TestRandom, known: readonly Uint8Array[]): TrieEntry[] {
  const changes = new Map<string, TrieEntry>();
  for (let count = random.below(12) + 1; count > 0; count -= 1) {
    const old = known[random.below(known.length + 1)];
    const key = old !== undefined && random.below(2) === 0 ? old : randomKey(random);
    changes.set(keyOf(key), { key, value: randomValue(random) });
  }
  return [...changes.values()].sort((a, b) => compareBytes(a.key, b.key));
}

/** With the value before, with a wrong one, or without: none of them may make a difference. */
function withHints(
  random: TestRandom,
  change: TrieEntry,
  model: ReadonlyMap<string, TrieEntry>,
): TrieEntry {
  const kind = random.below(3);
  if (kind === 0) return change;
  const before = kind === 1 ? model.get(keyOf(change.key))?.value : random.bytes(40);
  return { ...change, before: () => before };
}

test('ten thousand random operations in batches give the roots of @ethereumjs/mpt and leave exactly the live nodes', async () => {
  const random = seededRandom('trie-update');
  let operations = 0;
  for (let round = 0; operations < 10_000; round += 1) {
    const store = createTrieStore((path) => (path.length + round) % 3 === 0);
    const oracle = await createMPT();
    const model = new Map<string, TrieEntry>();
    for (let batch = 0; batch < 12; batch += 1) {
      const known = [...model.values()].map((entry) => entry.key);
      const changes =
        batch === 11
          ? known.sort(compareBytes).map((key) => ({ key, value: new Uint8Array(0) }))
          : randomChanges(random, known);
      const before = new Map(model);
      for (const change of changes) {
        await oracle.put(change.key, change.value.length === 0 ? null : change.value);
        if (change.value.length === 0) model.delete(keyOf(change.key));
        else model.set(keyOf(change.key), change);
      }
      operations += changes.length;
      store.apply(changes.map((change) => withHints(random, change, before)));
      assert.equal(bytesToHex(store.root()), bytesToHex(oracle.root()), random.rerun);
      assert.deepEqual(store.root(), trieRoot([...model.values()]), random.rerun);
      // A trie written from nothing has the same nodes at the same paths: none stale, none missing.
      const fresh = createTrieStore();
      fresh.apply([...model.values()].sort((a, b) => compareBytes(a.key, b.key)));
      assert.deepEqual(store.dump(), fresh.dump(), random.rerun);
    }
    assert.deepEqual(store.root(), EMPTY_ROOT);
    assert.equal(store.dump().length, 0, 'deleting every key leaves no node');
  }
});

test('proofs of random keys verify, present or absent, and no changed proof does', () => {
  const random = seededRandom('trie-proof');
  const store = createTrieStore();
  const keys = Array.from({ length: 150 }, () => randomKey(random));
  const entries = new Map(keys.map((key) => [keyOf(key), { key, value: random.bytes(5) }]));
  store.apply([...entries.values()].sort((a, b) => compareBytes(a.key, b.key)));
  for (const key of [...keys, ...Array.from({ length: 100 }, () => randomKey(random))]) {
    const proof = proveTrie(store.root(), store.read, key);
    assert.deepEqual(
      verifyTrieProof(store.root(), key, proof),
      { ok: true, value: entries.get(keyOf(key))?.value },
      random.rerun,
    );
    const at = random.below(proof.length);
    const damaged = proof.map((node) => node.slice());
    const node = damaged[at] as Uint8Array;
    const byte = random.below(node.length);
    node[byte] = (node[byte] as number) ^ (1 << random.below(8));
    assert.equal(verifyTrieProof(store.root(), key, damaged).ok, false, random.rerun);
    assert.equal(verifyTrieProof(store.root(), key, proof.slice(0, -1)).ok, false);
    assert.equal(verifyTrieProof(store.root(), key, [...proof, node]).ok, false);
  }
});

test('an empty trie proves absence with an empty proof', () => {
  const key = new Uint8Array(32);
  assert.deepEqual(
    proveTrie(EMPTY_ROOT, () => undefined, key),
    [],
  );
  assert.deepEqual(verifyTrieProof(EMPTY_ROOT, key, []), { ok: true, value: undefined });
  assert.equal(verifyTrieProof(EMPTY_ROOT, key, [Uint8Array.of(0x80)]).ok, false);
});

test('changes that change nothing write nothing', () => {
  const store = createTrieStore();
  const entries = [0x11, 0x12, 0x21].map((byte) => ({
    key: new Uint8Array(32).fill(byte),
    value: new Uint8Array(40).fill(byte),
  }));
  store.apply(entries);
  const absent = { key: new Uint8Array(32).fill(0x13), value: new Uint8Array(0) };
  const inside = { key: new Uint8Array(32).fill(0x22), value: new Uint8Array(0) };
  for (const changes of [[], [entries[1]!], [absent], [absent, inside], entries]) {
    const update = updateTrie(store.root(), store, changes);
    assert.deepEqual(update, { root: store.root(), writes: [] });
  }
});

test('a stored trie of another root, or with a node missing, is a broken invariant', () => {
  const store = createTrieStore();
  const entries = [0x11, 0x12, 0x21].map((byte) => ({
    key: new Uint8Array(32).fill(byte),
    value: new Uint8Array(40).fill(byte),
  }));
  store.apply(entries);
  const change = [{ key: entries[0]!.key, value: Uint8Array.of(1) }];
  const isInvariant = (error: unknown) => error instanceof InvariantError;
  assert.throws(() => updateTrie(store.root(), { read: () => undefined }, change), isInvariant);
  const other = hexToBytes(`0x${'11'.repeat(32)}`) as typeof EMPTY_ROOT;
  assert.throws(() => updateTrie(other, store, change), isInvariant);
  const withoutInner = (path: Uint8Array) => (path.length === 0 ? store.read(path) : undefined);
  assert.throws(() => updateTrie(store.root(), { read: withoutInner }, change), isInvariant);
  assert.throws(() => proveTrie(store.root(), withoutInner, entries[0]!.key), isInvariant);
  assert.throws(() => updateTrie(store.root(), store, [...entries].reverse()), isInvariant);
  assert.throws(() => trieRoot([entries[0]!, entries[0]!]), isInvariant);
});

test.run();
