import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes } from '../ledger/model/index.ts';
import { createFrameReader, frame } from './frames.ts';
import { seededRandom } from './testkit/peers.ts';

const test = suite('p2p/frames');

test('frames come out whole, however the bytes are cut (W-2)', () => {
  const random = seededRandom(7);
  const messages = [1, 3, 70_000, 4, 20_000, 1].map((length, i) =>
    new Uint8Array(length).fill(i + 1),
  );
  const stream = concatBytes(...messages.map(frame));
  for (const most of [1, 5, 1_000, 1_000_000]) {
    const read: Uint8Array[] = [];
    const reader = createFrameReader(70_000, (message) => read.push(message));
    for (let offset = 0; offset < stream.length; ) {
      const part = stream.slice(offset, offset + 1 + Math.floor(random() * most));
      assert.ok(reader.push(part));
      part.fill(0xff);
      offset += part.length;
    }
    assert.equal(read, messages);
  }
});

test('a length of zero or over the limit ends the reading (W-2)', () => {
  for (const prefix of [
    [0, 0, 0, 0],
    [0, 0, 0, 11],
    [255, 255, 255, 255],
  ]) {
    const read: Uint8Array[] = [];
    const reader = createFrameReader(10, (message) => read.push(message));
    assert.ok(reader.push(frame(new Uint8Array(10))));
    assert.not.ok(reader.push(Uint8Array.from([...prefix, 1, 2, 3])));
    assert.not.ok(reader.push(frame(new Uint8Array(1))));
    assert.is(read.length, 1);
  }
});

test.run();
