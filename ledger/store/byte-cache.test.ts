import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { keyOf } from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import { ABSENT, createByteCache } from './byte-cache.ts';

const test = suite('ledger/store/byte-cache');

test('random records are found as they were set last, or not at all', () => {
  const random = seededRandom('byte-cache');
  for (const capacity of [0, 600_000, 2_000_000, 100_000_000]) {
    const cache = createByteCache(capacity);
    const model = new Map<string, Uint8Array | typeof ABSENT>();
    const keys = Array.from({ length: 3_000 }, () => random.bytes(random.below(100)));
    let found = 0;
    for (let step = 0; step < 15_000; step += 1) {
      const key = keys[random.below(keys.length)] as Uint8Array;
      const kind = random.below(10);
      if (kind === 0) {
        cache.forget(key);
        model.delete(keyOf(key));
      } else if (kind === 1) {
        cache.set(key, ABSENT, 0);
        model.set(keyOf(key), ABSENT);
      } else if (kind < 5) {
        // Lengths that often fit where the record before lies, and bytes beyond them.
        const bytes = random.bytes(
          random.below(2) === 0 ? 60 + random.below(8) : random.below(700),
        );
        const length = Math.max(0, bytes.length - random.below(5));
        cache.set(key, bytes, length);
        model.set(keyOf(key), bytes.slice(0, length));
      } else {
        const value = cache.get(key);
        if (value === undefined) continue;
        found += 1;
        const expected = model.get(keyOf(key));
        assert.equal(value === ABSENT, expected === ABSENT, random.rerun);
        assert.deepEqual(value, expected, random.rerun);
      }
    }
    if (capacity > 1_000_000) assert.ok(found > 3_000, `${found} found`);
  }
});

test('what is used stays, what is not goes, and memory is bounded', () => {
  const cache = createByteCache(4_000_000);
  const key = (number: number): Uint8Array => Uint8Array.of(number >> 16, number >> 8, number);
  const value = new Uint8Array(500).fill(1);
  for (let number = 0; number < 20_000; number += 1) {
    cache.set(key(number), value, value.length);
    assert.deepEqual(cache.get(key(0)), value);
  }
  let kept = 0;
  for (let number = 0; number < 20_000; number += 1) if (cache.get(key(number))) kept += 1;
  assert.ok(kept > 6_500 && kept < 8_000, `${kept} of some 7500 that fit`);
  assert.deepEqual(cache.get(key(19_999)), value);
});

test('what is asked for twice outlives what is asked for once', () => {
  const cache = createByteCache(4_000_000);
  const key = (number: number): Uint8Array => Uint8Array.of(number >> 16, number >> 8, number);
  const value = new Uint8Array(500).fill(1);
  const used = 1_000;
  let missed = 0;
  for (let number = used; number < 40_000; number += 1) {
    cache.set(key(number), value, value.length);
    const again = number % used;
    if (cache.get(key(again)) === undefined) {
      missed += 1;
      cache.set(key(again), value, value.length);
    }
  }
  assert.equal(missed, used, 'each once, at its first time');
});

test('records too long for it are not kept, and not shown as they were before', () => {
  const cache = createByteCache(10_000_000);
  const key = Uint8Array.of(1);
  cache.set(key, Uint8Array.of(2), 1);
  cache.set(key, new Uint8Array(5_000), 5_000);
  assert.equal(cache.get(key), undefined);
  const longKey = new Uint8Array(200);
  cache.set(longKey, Uint8Array.of(2), 1);
  assert.equal(cache.get(longKey), undefined);
});

test.run();
