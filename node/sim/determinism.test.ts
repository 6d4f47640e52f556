/** One seed is one course of events: without that, no failure could be played again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { play } from './play.ts';
import { PROFILES } from './profiles.ts';
import { createSimChain } from './sim-chain.ts';

const test = suite('node/sim/determinism');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 1_000, maxRequestTimeoutMs: 4_000 };

for (const [index, profile] of PROFILES.entries()) {
  test(`${profile.name}: the same seed gives the same events, another one others`, async () => {
    const seed = 100 + index;
    const chain = await createSimChain(4, TIMING);
    const first = await play(chain, profile, seed);
    // Something else in between, and an engine and keys that were used already or are new.
    const other = await play(chain, profile, seed + 1);
    const again = await play(chain, profile, seed);
    const fresh = await play(await createSimChain(4, TIMING), profile, seed);
    assert.is(again.digest, first.digest);
    assert.is(fresh.digest, first.digest);
    assert.equal(again, first);
    assert.is.not(other.digest, first.digest);
  });
}

test.run();
