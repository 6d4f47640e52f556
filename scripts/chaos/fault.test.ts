/** One direction of a link under each fault, on a clock that the test moves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createManualClock } from '../../p2p/testkit/manual-clock.ts';
import { createPump, type LinkFault, NO_FAULT, type Pump } from './fault.ts';
import { createRandom } from './random.ts';

const test = suite('scripts/chaos/fault');
const SEED = Number(process.env['EHB_SEED'] ?? 20_260);
const MIB = 1024 * 1024;

function setUp(fault: LinkFault, accepts: () => boolean = () => true) {
  const clock = createManualClock();
  const startedMs = clock.now();
  const arrived: { readonly bytes: number[]; readonly atMs: number }[] = [];
  const told = { finished: 0, reading: true };
  const pump: Pump = createPump(fault, {
    clock,
    random: createRandom(SEED),
    write: (bytes) => {
      arrived.push({ bytes: [...bytes.slice(0, 4)], atMs: clock.now() - startedMs });
      return accepts();
    },
    finish: () => {
      told.finished += 1;
    },
    setReading: (reading) => {
      told.reading = reading;
    },
  });
  return { pump, clock, arrived, told };
}

test('without a fault bytes pass at once and in order, and then the end', () => {
  const { pump, arrived, told } = setUp(NO_FAULT);
  pump.push(Uint8Array.of(1));
  pump.push(Uint8Array.of(2));
  pump.end();
  assert.equal(
    arrived.map(({ bytes, atMs }) => [bytes[0], atMs]),
    [
      [1, 0],
      [2, 0],
    ],
  );
  assert.is(told.finished, 1);
});

test(`latency keeps the order and stays within its jitter (EHB_SEED=${SEED})`, () => {
  const { pump, clock, arrived, told } = setUp({ kind: 'delay', delayMs: 200, jitterMs: 100 });
  for (let i = 0; i < 50; i += 1) {
    pump.push(Uint8Array.of(i));
    clock.advance(1);
  }
  pump.end();
  clock.advance(1_000);
  assert.equal(
    arrived.map(({ bytes }) => bytes[0]),
    [...Array(50).keys()],
  );
  for (const [i, { atMs }] of arrived.entries()) {
    assert.ok(atMs >= i + 100, `${i} came after ${atMs} ms`);
    assert.ok(atMs <= i + 300, `${i} came after ${atMs} ms`);
  }
  assert.ok(new Set(arrived.map(({ atMs }) => atMs)).size > 5, 'there is jitter');
  assert.is(told.finished, 1);
});

test('a stalled link lets nothing pass, not even the end, and goes on where it was', () => {
  const { pump, clock, arrived, told } = setUp(NO_FAULT);
  pump.push(Uint8Array.of(1));
  pump.setFault({ kind: 'stall' });
  pump.push(Uint8Array.of(2));
  pump.end();
  clock.advance(60_000);
  assert.is(arrived.length, 1);
  assert.is(told.finished, 0);
  pump.setFault(NO_FAULT);
  assert.equal(
    arrived.map(({ bytes }) => bytes[0]),
    [1, 2],
  );
  assert.is(told.finished, 1);
});

test('what is under way when a latency ends still arrives in order', () => {
  const { pump, clock, arrived } = setUp({ kind: 'delay', delayMs: 500, jitterMs: 0 });
  pump.push(Uint8Array.of(1));
  pump.setFault(NO_FAULT);
  pump.push(Uint8Array.of(2));
  clock.advance(500);
  assert.equal(
    arrived.map(({ bytes }) => bytes[0]),
    [1, 2],
  );
});

test('a throttled link passes so many bytes a second', () => {
  const { pump, clock, arrived } = setUp({ kind: 'throttle', bytesPerSecond: 1_000 });
  for (let i = 0; i < 4; i += 1) pump.push(new Uint8Array(500).fill(i));
  clock.advance(10_000);
  assert.equal(
    arrived.map(({ atMs }) => atMs),
    [0, 500, 1_000, 1_500],
  );
});

test('a sender is not read any more while a window of bytes is under way', () => {
  const { pump, told } = setUp({ kind: 'stall' });
  pump.push(new Uint8Array(MIB - 1));
  assert.ok(told.reading);
  pump.push(new Uint8Array(1));
  assert.not.ok(told.reading);
  pump.setFault(NO_FAULT);
  assert.ok(told.reading);
});

test('a receiver that takes no more is waited for', () => {
  let takes = false;
  const { pump, arrived, told } = setUp(NO_FAULT, () => takes);
  pump.push(Uint8Array.of(1));
  pump.push(Uint8Array.of(2));
  pump.end();
  assert.is(arrived.length, 1);
  takes = true;
  pump.drained();
  assert.is(arrived.length, 2);
  assert.is(told.finished, 1);
});

test('a closed pump passes nothing any more', () => {
  const { pump, clock, arrived, told } = setUp({ kind: 'delay', delayMs: 10, jitterMs: 0 });
  pump.push(Uint8Array.of(1));
  pump.close();
  pump.push(Uint8Array.of(2));
  pump.end();
  clock.advance(1_000);
  assert.is(arrived.length, 0);
  assert.is(told.finished, 0);
});

test.run();
