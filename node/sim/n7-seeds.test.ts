// time-limit: 300 s
/** A fixed set of seeds on seven validators, of which two may be faulty. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCampaign } from './campaign.ts';
import { PROFILES } from './profiles.ts';

const test = suite('node/sim/n7-seeds');
const SEEDS_EACH = 3;

for (const profile of PROFILES) {
  test(`R-1.1, R-4.9, R-5.4, R-5.7: ${profile.name} breaks no rule on seven validators`, async () => {
    const seeds = { from: 7_000, seeds: SEEDS_EACH };
    const campaign = { nodes: 7, profiles: [profile], bail: false, ...seeds };
    const { failures, heights } = await runCampaign(campaign, () => {});
    assert.equal(failures, []);
    assert.ok(heights >= SEEDS_EACH, 'blocks were made in every run');
  });
}

test.run();
