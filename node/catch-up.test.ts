import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BlockHeader, type Hash, type Height, refuse } from '../ledger/model/index.ts';
import { type CatchUp, type CatchUpOptions, createCatchUp } from './catch-up.ts';
import type { Chain } from './chain.ts';
import { silentLogger } from './logger.ts';
import { createManualClock, type ManualClock } from './testkit/manual-clock.ts';

const test = suite('node/catch-up');
const OPTIONS: CatchUpOptions = { graceMs: 100, rangeSize: 4, penaltyMs: 1000 };

type Answer = (from: Height, count: number) => readonly Uint8Array[];
type Bench = {
  readonly catchUp: CatchUp;
  readonly clock: ManualClock;
  readonly asked: string[];
  readonly height: () => Height;
  readonly setHeight: (height: Height) => void;
};

/** Blocks here are one byte, their number; a block of number 255 is refused. */
function bench(answers: Readonly<Record<string, Answer>>): Bench {
  const clock = createManualClock();
  const asked: string[] = [];
  let height = 0n;
  const chain: Pick<Chain, 'head' | 'import'> = {
    head: () => ({ header: { number: height } as BlockHeader, hash: new Uint8Array(32) as Hash }),
    import: async (encoded) => {
      if (encoded[0] === 255) return refuse('NODE_BLOCK_REFUSED', 'a bad block');
      if (BigInt(encoded[0] as number) === height + 1n) height += 1n;
      return { ok: true, duplicate: false };
    },
  };
  const catchUp = createCatchUp(OPTIONS, {
    chain,
    requestBlocks: async (peerId, from, count) => {
      asked.push(`${peerId}:${from}`);
      const answer = answers[peerId];
      if (answer === undefined) throw new RangeError('the stream was reset');
      return answer(from, count);
    },
    onFatal: (error) => {
      throw error;
    },
    clock,
    logger: silentLogger,
  });
  return {
    catchUp,
    clock,
    asked,
    height: () => height,
    setHeight: (next) => {
      height = next;
    },
  };
}

const honest: Answer = (from, count) =>
  Array.from({ length: count }, (_, index) => Uint8Array.of(Number(from) + index));

test('a node far behind fetches range after range until it has the announced head', async () => {
  const { catchUp, clock, asked, height } = bench({
    a: (from, count) => honest(from, count).filter((block) => (block[0] as number) <= 10),
  });
  catchUp.peerAt('a', 10n);
  await clock.advance(0);
  assert.is(height(), 10n);
  assert.equal(asked, ['a:1', 'a:5', 'a:9']);
  assert.is(catchUp.progress(), undefined);
});

test('a node one block behind waits for consensus before it asks', async () => {
  const { catchUp, clock, asked, setHeight } = bench({ a: honest });
  catchUp.peerAt('a', 1n);
  await clock.advance(99);
  setHeight(1n);
  await clock.advance(1000);
  assert.equal(asked, []);
});

test('a node one block behind asks when consensus does not deliver', async () => {
  const { catchUp, clock, asked } = bench({ a: (from) => honest(from, 1) });
  catchUp.peerAt('a', 1n);
  await clock.advance(100);
  assert.equal(asked, ['a:1']);
});

test('a peer that fails, lies or has nothing is left alone for a while and another is asked', async () => {
  const { catchUp, clock, asked, height } = bench({
    liar: () => [Uint8Array.of(255)],
    empty: () => [],
    good: (from, count) => honest(from, count).filter((block) => (block[0] as number) <= 3),
  });
  catchUp.peerAt('dead', 6n);
  catchUp.peerAt('liar', 5n);
  catchUp.peerAt('empty', 4n);
  catchUp.peerAt('good', 3n);
  await clock.advance(0);
  assert.is(height(), 3n);
  assert.equal(asked, ['dead:1', 'liar:1', 'empty:1', 'good:1']);
  await clock.advance(OPTIONS.penaltyMs);
  assert.ok(asked.length > 4, 'they are asked again after the penalty');
  await catchUp.close();
});

test('progress tells how far the peers are ahead', async () => {
  const { catchUp, clock } = bench({});
  catchUp.peerAt('a', 9n);
  await clock.advance(0);
  assert.equal(catchUp.progress(), { from: 0n, current: 0n, highest: 9n });
  catchUp.peerLeft('a');
  assert.is(catchUp.progress(), undefined);
});

test('nothing is asked after close', async () => {
  const { catchUp, clock, asked } = bench({ a: honest });
  await catchUp.close();
  catchUp.peerAt('a', 9n);
  await clock.advance(5000);
  assert.equal(asked, []);
});

test.run();
