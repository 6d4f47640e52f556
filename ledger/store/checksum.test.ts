import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32c, withChecksum, withoutChecksum } from './checksum.ts';

const test = suite('ledger/store/checksum');

test('the checksum is that of RFC 3720, appendix B.4', () => {
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  assert.is(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.is(crc32c(new Uint8Array(0)), 0);
});

test('a checksum continues an earlier one, wherever the bytes are cut', () => {
  const bytes = Uint8Array.from({ length: 41 }, (_, i) => i * 7);
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.is(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes), `${at}`);
  }
});

test('L-2: a value fits its own key alone, and no other value fits its checksum', () => {
  const key = Uint8Array.of(7, 1, 2);
  const value = Uint8Array.of(1, 2, 3, 4, 5);
  const stored = withChecksum(key, value);
  assert.equal(withoutChecksum(key, stored), value);
  assert.is(withoutChecksum(Uint8Array.of(7, 1, 3), stored), undefined);
  for (let bit = 0; bit < stored.length * 8; bit += 1) {
    const flipped = stored.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.is(withoutChecksum(key, flipped), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < stored.length; length += 1) {
    assert.is(withoutChecksum(key, stored.subarray(0, length)), undefined, `${length} bytes`);
  }
});

test.run();
