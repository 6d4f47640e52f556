import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, asHash, concatBytes } from '../model/index.ts';
import {
  chainOf,
  decodeLogHeader,
  decodeRecords,
  encodeLogHeader,
  encodeRecords,
  LOG_HEADER_LENGTH,
  RECORD_HEAD_LENGTH,
} from './log-format.ts';

const test = suite('ledger/store/log-format');

const binding = {
  genesisHash: asHash(new Uint8Array(32).fill(7)),
  validator: asAddress(new Uint8Array(20).fill(9)),
};
const HEADER = encodeLogHeader(binding);
const PAYLOADS = [Uint8Array.of(1, 1, 1), new Uint8Array(0), Uint8Array.of(2, 2), Uint8Array.of(3)];

function logOf(payloads: readonly Uint8Array[], header: Uint8Array = HEADER): Uint8Array {
  return concatBytes(header, encodeRecords(payloads, chainOf(header)).bytes);
}

function read(file: Uint8Array): { records: number[][]; torn: boolean; damaged: boolean } {
  const header = decodeLogHeader(file);
  if (header.kind !== 'header') return { records: [], torn: false, damaged: true };
  const { payloads, end, damagedAt } = decodeRecords(file, LOG_HEADER_LENGTH, header.chain);
  return {
    records: payloads.map((payload) => [...payload]),
    torn: end < file.length,
    damaged: damagedAt !== undefined,
  };
}

test('records are read as they were written, whether together or one after the other', () => {
  const together = encodeRecords(PAYLOADS, chainOf(HEADER));
  let chain = chainOf(HEADER);
  const parts = PAYLOADS.map((payload) => {
    const encoded = encodeRecords([payload], chain);
    chain = encoded.chain;
    return encoded.bytes;
  });
  assert.equal(concatBytes(...parts), together.bytes);
  assert.is(chain, together.chain);
  const records = PAYLOADS.map((payload) => [...payload]);
  assert.equal(read(logOf(PAYLOADS)), { records, torn: false, damaged: false });
});

test('L-4: a log cut at any byte has the records before the cut', () => {
  const file = logOf(PAYLOADS);
  const ends = [LOG_HEADER_LENGTH];
  for (const payload of PAYLOADS) {
    ends.push((ends.at(-1) as number) + RECORD_HEAD_LENGTH + payload.length);
  }
  for (let length = LOG_HEADER_LENGTH; length <= file.length; length += 1) {
    const { records, torn, damaged } = read(file.subarray(0, length));
    const whole = ends.filter((end) => end <= length).length - 1;
    assert.is(records.length, whole, `${length}`);
    assert.is(torn, !ends.includes(length), `${length}`);
    assert.is(damaged, false, `${length}`);
  }
});

test('L-4: one flipped bit anywhere is damage, in a length and in the last record too', () => {
  const file = logOf(PAYLOADS);
  for (let bit = 0; bit < file.length * 8; bit += 1) {
    const flipped = file.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.is(read(flipped).damaged, true, `byte ${bit >> 3}, bit ${bit & 7}`);
  }
});

test('L-4: a record that changed places, came twice, is left out or is of another log is damage', () => {
  const file = logOf(PAYLOADS);
  const starts = [LOG_HEADER_LENGTH];
  for (const payload of PAYLOADS) {
    starts.push((starts.at(-1) as number) + RECORD_HEAD_LENGTH + payload.length);
  }
  const parts = PAYLOADS.map((_, i) => file.subarray(starts[i], starts[i + 1]));
  const [first, second, third, fourth] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  for (const order of [
    [second, first, third, fourth],
    [first, first, second, third, fourth],
    [first, third, fourth],
    [first, second, second],
  ]) {
    assert.is(read(concatBytes(HEADER, ...order)).damaged, true);
  }
  const other = encodeLogHeader({ ...binding, validator: asAddress(new Uint8Array(20)) });
  assert.is(read(concatBytes(other, ...parts)).damaged, true);
});

test('a tail of zeros is damage: a durable record may have been there', () => {
  assert.is(read(concatBytes(logOf(PAYLOADS), new Uint8Array(40))).damaged, true);
});

test.run();
