import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDialer, type Dialer } from './dialer.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createManualClock, type ManualClock } from './testkit/manual-clock.ts';

const test = suite('p2p/dialer');
const LIMITS: Limits = { ...DEFAULT_LIMITS, minBackoffMs: 100, maxBackoffMs: 1_600, knownPeers: 3 };

type Setup = {
  readonly clock: ManualClock;
  readonly dialer: Dialer;
  readonly dials: string[];
  readonly connected: Set<string>;
  reachable: boolean;
  /** Advances in steps of 50 ms and lets each attempt end. */
  wait(ms: number): Promise<void>;
};

const setUp = (boot: readonly string[]): Setup => {
  const clock = createManualClock();
  const dials: string[] = [];
  const connected = new Set<string>();
  const dialer = createDialer(boot, LIMITS, {
    clock,
    random: () => 0.999,
    peerIdOf: (address) => address.split('/')[1],
    wants: (peerId) => !connected.has(peerId),
    async dial(peerId, addresses) {
      dials.push(`${peerId} ${addresses.length}`);
      return setup.reachable;
    },
  });
  const setup: Setup = {
    clock,
    dialer,
    dials,
    connected,
    reachable: false,
    async wait(ms) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await Promise.resolve();
        await Promise.resolve();
      }
    },
  };
  return setup;
};

test('a boot peer is dialled for ever, with pauses that double up to a limit (W-14)', async () => {
  const { clock, dials, wait } = setUp(['x/boot']);
  const at: number[] = [];
  const startedMs = clock.now();
  for (let seen = 0; at.length < 8; ) {
    await wait(50);
    if (dials.length > seen) at.push(clock.now() - startedMs);
    seen = dials.length;
  }
  const pauses = at.slice(1).map((time, i) => time - (at[i] as number));
  assert.equal(pauses, [200, 400, 800, 1_600, 1_600, 1_600, 1_600]);
});

test('a peer of hearsay that is never reached is forgotten', async () => {
  const { dialer, dials, wait } = setUp([]);
  dialer.learn(['x/liar'], 0);
  await wait(60_000);
  assert.is(dials.length, 8);
  dialer.wake();
  await wait(60_000);
  assert.is(dials.length, 8);
});

test('a member that was connected is dialled again, at once after a long connection', async () => {
  const setup = setUp([]);
  const { connected, dialer, dials, wait } = setup;
  dialer.learn(['x/a', 'y/a'], 0);
  setup.reachable = true;
  await wait(50);
  assert.equal(dials, ['a 2']);
  connected.add('a');
  dialer.connected('a');
  await wait(5_000);
  assert.is(dials.length, 1);
  connected.delete('a');
  dialer.disconnected('a', 5_000);
  await wait(100);
  assert.is(dials.length, 2);
});

test('news of a peer and a change of members end its pause', async () => {
  const { dialer, dials, wait } = setUp(['x/boot']);
  await wait(10_000);
  const before = dials.length;
  dialer.learn(['x/boot'], 0);
  await wait(50);
  assert.is(dials.length, before + 1);
  await wait(10_000);
  const later = dials.length;
  dialer.wake();
  await wait(50);
  assert.is(dials.length, later + 1);
});

test('addresses are bounded, and none is tried after the end', async () => {
  const { dialer, dials, wait } = setUp([]);
  dialer.learn(
    Array.from({ length: 20 }, (_, i) => `x/p${i}`),
    0,
  );
  dialer.learn(
    Array.from({ length: 20 }, (_, i) => `${i}/p0`),
    0,
  );
  await wait(50);
  assert.equal([...dials].sort(), ['p0 8', 'p1 1', 'p2 1']);
  dialer.close();
  await wait(60_000);
  assert.is(dials.length, 3);
});

test.run();
