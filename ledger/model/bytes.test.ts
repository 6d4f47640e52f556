import assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  asAddress,
  asHash,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  bytesToNumber,
  compareBytes,
  concatBytes,
  equalBytes,
  hexToBytes,
  keyOf,
  numberToBytes,
  plainBytes,
} from './bytes.ts';
import { seededRandom } from './testkit/seeded-random.ts';

const test = suite('ledger/model/bytes');

test('hexadecimal goes both ways, with or without 0x, in either case', () => {
  const random = seededRandom('hex');
  for (let length = 0; length < 100; length += 1) {
    const bytes = random.bytes(length);
    const hex = Buffer.from(bytes).toString('hex');
    assert.equal(bytesToHex(bytes), `0x${hex}`, random.rerun);
    assert.deepEqual(hexToBytes(hex.toUpperCase()), bytes, random.rerun);
    assert.deepEqual(hexToBytes(`0x${hex}`), bytes, random.rerun);
  }
});

test('what is no hexadecimal is a RangeError', () => {
  for (const text of [
    '0',
    '0x0',
    'zz',
    '0x 1',
    '0x0x',
    '0X00',
    '00\u01ff0',
    '\u{1f600}',
    '-1',
    '1.',
  ]) {
    assert.throws(() => hexToBytes(text), RangeError, text);
  }
});

test('integers take their fewest bytes', () => {
  for (const value of [
    0n,
    1n,
    127n,
    128n,
    255n,
    256n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 64n - 1n,
    2n ** 64n,
    2n ** 72n + 1n,
    2n ** 128n + 5n,
    2n ** 192n,
    2n ** 256n - 1n,
    2n ** 256n,
    2n ** 300n + 7n,
  ]) {
    const bytes = bigintToBytes(value);
    assert.notEqual(bytes[0], 0);
    assert.equal(bytesToBigint(bytes), value);
    assert.equal(BigInt(`0x0${bytesToHex(bytes).slice(2)}`), value);
    if (value < 2n ** 48n) assert.equal(bytesToNumber(bytes), Number(value));
    if (value < 2n ** 53n) assert.deepEqual(numberToBytes(Number(value)), bytes);
  }
  assert.throws(() => bigintToBytes(-1n), RangeError);
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => numberToBytes(value), RangeError);
  }
});

test('keys are equal for equal bytes only', () => {
  const random = seededRandom('keys');
  const seen = new Map<string, Uint8Array>();
  for (let i = 0; i < 2_000; i += 1) {
    const bytes = random.bytes(random.below(2) === 0 ? random.below(3) : 60 + random.below(10));
    const other = seen.get(keyOf(bytes));
    if (other !== undefined) assert.deepEqual(bytes, other, random.rerun);
    assert.equal(keyOf(bytes), keyOf(bytes.slice()), random.rerun);
    seen.set(keyOf(bytes), bytes);
  }
});

test('bytes compare as dictionaries do', () => {
  const sorted = ['', '00', '0000', '01', '0100', '02', 'ff', 'ff00'].map(hexToBytes);
  sorted.forEach((a, i) => {
    sorted.forEach((b, j) => {
      assert.equal(Math.sign(compareBytes(a, b)), Math.sign(i - j));
      assert.equal(equalBytes(a, b), i === j);
    });
  });
});

test('brands want their length', () => {
  assert.equal(asHash(new Uint8Array(32)).length, 32);
  assert.equal(asAddress(new Uint8Array(20)).length, 20);
  assert.throws(() => asHash(new Uint8Array(31)), RangeError);
  assert.throws(() => asAddress(new Uint8Array(21)), RangeError);
});

test('a subclass becomes a plain view of the same memory', () => {
  const buffer = Buffer.from([1, 2, 3]);
  const plain = plainBytes(buffer);
  assert.equal(plain.constructor, Uint8Array);
  buffer[0] = 9;
  assert.deepEqual(plain, Uint8Array.of(9, 2, 3));
  assert.equal(plainBytes(plain), plain);
  assert.deepEqual(concatBytes(plain, Uint8Array.of(4)), Uint8Array.of(9, 2, 3, 4));
});

test.run();
