import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createOutbox, type OutboxOptions } from './outbox.ts';
import { createManualClock } from './testkit/manual-clock.ts';
import type { Channel } from './transport.ts';

const test = suite('p2p/outbox');
const OPTIONS: OutboxOptions = { maxBytes: 10, stalledMs: 100, drop: 'oldest' };

const setUp = (options: Partial<OutboxOptions> = {}) => {
  const clock = createManualClock();
  const sent: number[] = [];
  let room = Number.POSITIVE_INFINITY;
  let dropped = 0;
  let stalled = 0;
  const outbox = createOutbox(
    { ...OPTIONS, ...options },
    {
      clock,
      onDropped: (items) => {
        dropped += items;
      },
      onStalled: () => {
        stalled += 1;
      },
    },
  );
  const channel: Channel = {
    queuedBytes: 0,
    send(bytes) {
      sent.push(bytes[0] as number);
      room -= 1;
      return room > 0;
    },
    listen: () => {},
    finish: () => {},
    abort: () => {},
  };
  return {
    clock,
    outbox,
    channel,
    sent,
    takeOnly: (count: number) => {
      room = count;
    },
    send: (value: number, length = 4) => outbox.send(new Uint8Array(length).fill(value), 1),
    dropped: () => dropped,
    stalled: () => stalled,
  };
};

test('frames wait for the channel and keep their order (W-11)', () => {
  const { outbox, channel, send, sent } = setUp();
  send(1);
  send(2);
  outbox.attach(channel);
  send(3);
  assert.equal(sent, [1, 2, 3]);
});

test('of too many the oldest or the newest is dropped (W-11)', () => {
  const oldest = setUp();
  for (let i = 1; i <= 4; i += 1) oldest.send(i);
  oldest.outbox.attach(oldest.channel);
  assert.equal(oldest.sent, [3, 4]);
  assert.is(oldest.dropped(), 2);
  const newest = setUp({ drop: 'newest' });
  for (let i = 1; i <= 4; i += 1) newest.send(i);
  newest.outbox.attach(newest.channel);
  assert.equal(newest.sent, [1, 2]);
  assert.is(newest.dropped(), 2);
});

test('a channel that is full is given more when it has drained', () => {
  const { outbox, channel, send, sent, takeOnly } = setUp();
  takeOnly(1);
  outbox.attach(channel);
  send(1);
  send(2);
  assert.equal(sent, [1]);
  takeOnly(5);
  outbox.drained();
  assert.equal(sent, [1, 2]);
});

test('a peer that takes nothing for too long is reported (W-11)', () => {
  const { clock, outbox, channel, send, stalled, takeOnly } = setUp();
  takeOnly(1);
  outbox.attach(channel);
  send(1);
  clock.advance(99);
  outbox.drained();
  takeOnly(1);
  send(2);
  clock.advance(99);
  assert.is(stalled(), 0);
  clock.advance(1);
  assert.is(stalled(), 1);
  outbox.close();
  clock.advance(1_000);
  assert.is(stalled(), 1);
});

test.run();
