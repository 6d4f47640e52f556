import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tallyOf } from '../consensus/index.ts';
import { type Address, asAddress, CodedError } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { openOwnVotes } from './own-votes.ts';
import { smallFileAt, smallFileInMemory } from './small-file.ts';

const test = suite('node/own-votes');

const directory = temporaryDirectory();
const path = join(directory, 'votes.json');
const at = (n: number): Address => asAddress(new Uint8Array(20).fill(n));
const self = at(1);
const THREE = tallyOf([1, 2, 3].map(at));
const add = (n: number) => ({ recipient: at(n), add: true });
const drop = (n: number) => ({ recipient: at(n), add: false });
const cast = (...votes: readonly ReturnType<typeof add>[]) => ({
  ...THREE,
  votes: votes.map((vote) => ({ ...vote, voter: self })),
});
const numbers = (votes: readonly { recipient: Address; add: boolean }[]): string =>
  votes.map((vote) => `${vote.add ? '+' : '-'}${vote.recipient[0]}`).join();

test.before.each(() => rmSync(path, { force: true }));

test('R-9.7: wanted votes survive a restart', async () => {
  const votes = await openOwnVotes(smallFileAt(path), self);
  await votes.propose(add(5));
  await votes.propose(drop(2));
  await votes.propose(drop(5));
  assert.is(numbers(votes.list()), '-2,-5');
  const again = await openOwnVotes(smallFileAt(path), self);
  assert.is(numbers(again.list()), '-2,-5');
  assert.ok(await again.discard(at(5)));
  assert.not(await again.discard(at(5)));
  assert.is(numbers((await openOwnVotes(smallFileAt(path), self)).list()), '-2');
});

test('R-9.7: they are cast in turn, until the tally holds them', async () => {
  const votes = await openOwnVotes(smallFileInMemory('votes.json'), self);
  for (const vote of [add(5), add(6), drop(2)]) await votes.propose(vote);
  const three = [0, 1, 2].map(() => votes.next(THREE)).filter((vote) => vote !== undefined);
  assert.is(new Set(three).size, 3);
  const rest = [0, 1].map(() => votes.next(cast(add(5)))).filter((vote) => vote !== undefined);
  assert.equal(numbers(rest).split(',').sort(), ['+6', '-2']);
  assert.is(votes.next(cast(add(5), add(6), drop(2))), undefined);
});

test('R-9.12: what is still to be cast is told, so that it wakes an idle chain', async () => {
  const votes = await openOwnVotes(smallFileAt(path), self);
  assert.is(numbers(votes.toCast(THREE)), '');
  await votes.propose(add(5));
  assert.is(numbers(votes.toCast(THREE)), '+5');
  assert.is(numbers(votes.toCast(cast(add(5)))), '');
  // After an epoch the tally has forgotten it.
  assert.is(numbers(votes.toCast(THREE)), '+5');
});

test('a vote that has come true is forgotten, one that takes back an own vote is not', async () => {
  const votes = await openOwnVotes(smallFileAt(path), self);
  for (const vote of [add(3), add(5), add(2)]) await votes.propose(vote);
  await votes.settle(cast(drop(2)));
  assert.is(numbers(votes.list()), '+5,+2');
  assert.is(numbers((await openOwnVotes(smallFileAt(path), self)).list()), '+5,+2');
  await votes.settle(THREE);
  assert.is(numbers(votes.list()), '+5');
});

test('a node without a validator key casts nothing', async () => {
  const votes = await openOwnVotes(smallFileAt(path), undefined);
  await votes.propose(add(5));
  assert.is(votes.next(THREE), undefined);
});

test('votes are bounded', async () => {
  const votes = await openOwnVotes(smallFileAt(path), self);
  const many = Array.from({ length: 256 }, (_, i) => ({
    address: `0x${i.toString(16).padStart(40, '0')}`,
    add: true,
  }));
  writeFileSync(path, JSON.stringify({ votes: many }));
  const full = await openOwnVotes(smallFileAt(path), self);
  assert.is(votes.list().length, 0);
  const failure = await full.propose(add(5)).catch((error: unknown) => error);
  assert.ok(failure instanceof CodedError && failure.code === 'NODE_TOO_MANY_VOTES');
  assert.is(full.list().length, 256);
});

for (const text of ['', '{', '[]', '{"votes":1}', '{"votes":[{"address":"0x12","add":true}]}']) {
  test(`a damaged file is named: ${text}`, async () => {
    writeFileSync(path, text);
    const failure = await openOwnVotes(smallFileAt(path), self).catch((error: unknown) => error);
    assert.ok(failure instanceof CodedError && failure.code === 'NODE_VOTES_UNREADABLE');
    assert.is(readFileSync(path, 'utf8'), text);
  });
}

test.run();
