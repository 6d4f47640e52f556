import assert from 'node:assert/strict';
import { createMPT } from '@ethereumjs/mpt';
import { suite } from 'uvu';
import { keccak256 } from '#crypto';
import { bytesToHex, compareBytes, hexToBytes, keyOf, numberToBytes } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { encodeRlp } from './rlp.ts';
import { readEthereumTests } from './testkit/fixtures.ts';
import { seededRandom } from './testkit/seeded-random.ts';
import { createTrieStore } from './testkit/trie-store.ts';
import { orderedRoot, trieRoot } from './trie-build.ts';
import type { TrieEntry } from './trie-keys.ts';
import { decodeTrieNode, isLeafNode } from './trie-node.ts';
import { proveTrie, verifyTrieProof } from './trie-proof.ts';

const test = suite('ledger/model/trie-build');

function bytesOf(text: string | null): Uint8Array {
  if (text === null) return new Uint8Array(0);
  return text.startsWith('0x') ? hexToBytes(text) : new TextEncoder().encode(text);
}

type Pair = readonly [key: string, value: string | null];
type Case = { in: readonly Pair[] | Record<string, string | null>; root?: string };

test('the public vectors give their roots: at once, one by one, and proved', () => {
  for (const { file, name, content } of readEthereumTests<Case>('TrieTests')) {
    if (content.root === undefined) continue;
    const isHashed = /secure/i.test(file);
    const pairs = Array.isArray(content.in) ? content.in : Object.entries(content.in);
    const steps: TrieEntry[] = (pairs as readonly Pair[]).map(([key, value]) => ({
      key: isHashed ? keccak256(bytesOf(key)) : bytesOf(key),
      value: bytesOf(value),
    }));
    const store = createTrieStore();
    const latest = new Map<string, TrieEntry>();
    for (const step of steps) {
      store.apply([step]);
      latest.set(keyOf(step.key), step);
    }
    const entries = [...latest.values()];
    assert.equal(bytesToHex(store.root()), content.root, `${file} ${name}`);
    assert.equal(bytesToHex(trieRoot(entries)), content.root, `${file} ${name}`);
    for (const { key, value } of entries) {
      const proof = proveTrie(store.root(), store.read, key);
      const expected = value.length === 0 ? undefined : value;
      assert.deepEqual(verifyTrieProof(store.root(), key, proof), { ok: true, value: expected });
    }
  }
});

test('a leaf is told from other nodes by its encoding', () => {
  const random = seededRandom('leaf-nodes');
  const seen = new Set<string>();
  for (let round = 0; round < 200; round += 1) {
    const entries = Array.from({ length: 1 + random.below(40) }, () => ({
      // Long shared beginnings make extensions; few nibbles left make embedded and one-byte paths.
      key: Uint8Array.from({ length: 1 + random.below(33) }, () => random.below(2) * 17),
      value: random.bytes(1 + random.below(random.below(2) === 0 ? 3 : 300)),
    }));
    const distinct = [...new Map(entries.map((entry) => [keyOf(entry.key), entry])).values()];
    trieRoot(distinct, (_path, _depth, encoded) => {
      if (encoded === undefined) return;
      const node = decodeTrieNode(encoded);
      seen.add(node?.kind ?? 'none');
      const spare = new Uint8Array(encoded.length + 4).fill(random.below(256));
      spare.set(encoded);
      assert.equal(isLeafNode(spare, encoded.length), node?.kind === 'leaf', random.rerun);
    });
  }
  assert.deepEqual([...seen].sort(), ['branch', 'extension', 'leaf', 'stored-branch']);
});

test('keys that begin other keys keep their values in branches', async () => {
  const random = seededRandom('prefixes');
  for (let round = 0; round < 30; round += 1) {
    const store = createTrieStore();
    const model = new Map<string, TrieEntry>();
    for (let step = 0; step < 25; step += 1) {
      const key = Uint8Array.from({ length: random.below(4) + 1 }, () => random.below(2) * 16);
      const value = random.bytes(random.below(3) === 0 ? 0 : 1 + random.below(40));
      if (value.length > 0) value[0] = 7;
      model.set(keyOf(key), { key, value });
      store.apply([{ key, value }]);
      // Made anew each time: that trie loses keys when a key that begins others is deleted.
      const oracle = await createMPT();
      for (const entry of model.values()) {
        if (entry.value.length > 0) await oracle.put(entry.key, entry.value);
      }
      assert.equal(bytesToHex(store.root()), bytesToHex(oracle.root()), random.rerun);
      assert.deepEqual(trieRoot([...model.values()]), store.root(), random.rerun);
    }
    const batch = createTrieStore();
    batch.apply([...model.values()].sort((a, b) => compareBytes(a.key, b.key)));
    assert.deepEqual(batch.dump(), store.dump(), random.rerun);
  }
});

test('lists of every length have the root of the trie over RLP indexes', async () => {
  for (const length of [0, 1, 2, 3, 16, 17, 127, 128, 129, 257]) {
    const values = Array.from({ length }, (_, i) => encodeRlp(numberToBytes(i * 999_999)));
    const oracle = await createMPT();
    for (const [i, value] of values.entries()) await oracle.put(encodeRlp(numberToBytes(i)), value);
    assert.equal(bytesToHex(orderedRoot(values)), bytesToHex(oracle.root()), `${length}`);
  }
  assert.deepEqual(orderedRoot([]), EMPTY_ROOT);
});

test('keys longer than 64 bytes work', async () => {
  const entries = [1, 2].map((last) => ({
    key: new Uint8Array(100).with(99, last),
    value: new Uint8Array(40).fill(last),
  }));
  const oracle = await createMPT();
  for (const { key, value } of entries) await oracle.put(key, value);
  const store = createTrieStore();
  store.apply(entries);
  assert.equal(bytesToHex(store.root()), bytesToHex(oracle.root()));
  assert.deepEqual(trieRoot(entries), store.root());
});

test('bytes that are no canonical node do not decode', () => {
  const hash = new Uint8Array(32);
  const empty = new Uint8Array(0);
  const slots = Array.from({ length: 17 }, () => empty);
  const shapes = [
    [],
    [empty],
    [empty, empty],
    [Uint8Array.of(0x20), empty],
    [Uint8Array.of(0x21, 0x00, 0x00), empty],
    [Uint8Array.of(0x2f), hash],
    [Uint8Array.of(0x40), hash],
    [Uint8Array.of(0x00), hash],
    [Uint8Array.of(0x11), hash.subarray(1)],
    [[], hash],
    slots.slice(1),
    [...slots, empty],
    slots.with(0, Uint8Array.of(1)),
    slots.with(0, new Uint8Array(33)),
  ];
  for (const shape of shapes) assert.equal(decodeTrieNode(encodeRlp(shape)), undefined);
  assert.equal(decodeTrieNode(empty), undefined);
  const withList = encodeRlp([...slots.slice(0, 16), [empty]]);
  assert.equal(decodeTrieNode(withList), undefined);
  assert.equal(decodeTrieNode(encodeRlp([Uint8Array.of(0x20), hash]))?.kind, 'leaf');
  assert.equal(decodeTrieNode(encodeRlp([Uint8Array.of(0x11), hash]))?.kind, 'extension');
  assert.equal(decodeTrieNode(encodeRlp(slots.with(3, hash)))?.kind, 'stored-branch');
  assert.equal(decodeTrieNode(encodeRlp(slots.with(16, hash)))?.kind, 'branch');
});

test.run();
