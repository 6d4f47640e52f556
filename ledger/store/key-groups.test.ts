import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import { bytesToHex, keyOf } from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import { groupKeys } from './key-groups.ts';

const test = suite('ledger/store/key-groups');

test('all keys come, ascending by their hashes, in whole groups', async () => {
  const random = seededRandom('key-groups');
  for (const count of [0, 1, 7, 4_500]) {
    const preimages = Array.from({ length: count }, () => random.bytes(20));
    let turns = 0;
    const groups = await groupKeys(new Set(preimages.map(keyOf)), async () => {
      turns += 1;
    });
    assert.is(groups.count, count);
    assert.is(turns, Math.floor(count / 2_000), random.rerun);
    const chunks = [...groups.chunks(500)];
    assert.ok(chunks.slice(0, -1).every(({ length }) => length >= 500));
    const found = chunks.flat();
    const expected = preimages.map((preimage) => bytesToHex(keccak256(preimage))).sort();
    assert.equal(
      found.map(({ key }) => bytesToHex(key)),
      expected,
    );
    for (const { key, preimage } of found) {
      assert.is(bytesToHex(keccak256(preimage)), bytesToHex(key));
    }
    for (const [index, chunk] of chunks.entries()) {
      const next = chunks[index + 1]?.[0]?.key;
      const last = chunk.at(-1)?.key;
      if (next !== undefined) assert.is.not(`${next[0]} ${next[1]}`, `${last?.[0]} ${last?.[1]}`);
    }
  }
});

test.run();
