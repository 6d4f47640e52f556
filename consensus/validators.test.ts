import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, bytesToHex } from '../ledger/model/index.ts';
import { faultsOf, isAscending, proposerOf, quorumOf } from './validators.ts';

const test = suite('consensus/validators');

const address = (last: number): ReturnType<typeof asAddress> =>
  asAddress(Uint8Array.from({ length: 20 }, (_, i) => (i === 19 ? last : 0)));
const SET = [10, 20, 30, 40].map(address);

test('R-1.1: quorum and faults of sets from 1 to 13', () => {
  const counts = Array.from({ length: 13 }, (_, i) => i + 1);
  assert.equal(counts.map(quorumOf), [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9]);
  assert.equal(counts.map(faultsOf), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);
});

test('R-1.1: any two quorums share more than f validators', () => {
  for (let n = 1; n <= 100; n += 1) assert.ok(2 * quorumOf(n) - n > faultsOf(n), `n = ${n}`);
});

for (const [parent, round, expected] of [
  [10, 0, 20],
  [40, 0, 10],
  [40, 3, 40],
  [30, 5, 10],
  // The parent's proposer has left the set: the next greater address, then round by round.
  [25, 0, 30],
  [25, 2, 10],
  [50, 0, 10],
  // Block 1: nobody proposed the genesis.
  [0, 0, 10],
  [0, 1, 20],
] as const) {
  test(`R-1.2: after ${parent}, round ${round} belongs to ${expected}`, () => {
    const proposer = proposerOf(address(parent), SET, round);
    assert.is(bytesToHex(proposer), bytesToHex(address(expected)));
  });
}

test('R-1.1: ascending means no address twice', () => {
  assert.ok(isAscending(SET));
  assert.not(isAscending([address(1), address(1)]));
  assert.not(isAscending([address(2), address(1)]));
});

test.run();
