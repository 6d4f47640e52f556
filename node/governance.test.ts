import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type QbftOptions, tallyOf, type VoteTally } from '../consensus/index.ts';
import { type Address, asAddress } from '../ledger/model/index.ts';
import type { PeerInfo } from '../p2p/index.ts';
import type { GovernancePort } from '../rpc/index.ts';
import { createGovernance } from './governance.ts';
import { openOwnVotes } from './own-votes.ts';
import { smallFileInMemory } from './small-file.ts';
import type { ValidatorSet } from './validator-sets.ts';

const test = suite('node/governance');

const at = (n: number): Address => asAddress(new Uint8Array(20).fill(n));
const self = at(1);
const QBFT: QbftOptions = {
  blockPeriodMs: 0,
  emptyBlockPeriodMs: 0,
  requestTimeoutMs: 1500,
  maxRequestTimeoutMs: 3000,
  source: { kind: 'headers' },
  besuTimestamps: false,
  epochLength: 100n,
  transitions: [],
};

type Situation = {
  readonly members?: readonly number[];
  readonly connected?: readonly number[];
  readonly votes?: VoteTally['votes'];
  readonly set?: ValidatorSet;
  readonly self?: Address | undefined;
};

async function governance(
  situation: Situation,
): Promise<{ port: GovernancePort; woken: () => number }> {
  const { members = [1, 2, 3, 4], connected = [2, 3, 4], votes = [] } = situation;
  const tally = { ...tallyOf(members.map(at)), votes };
  const set = situation.set ?? { source: 'headers', validators: tally.validators, tally };
  const voter = 'self' in situation ? situation.self : self;
  let woken = 0;
  const port = createGovernance(
    { qbft: QBFT, self: voter },
    {
      sets: { next: () => set },
      votes: await openOwnVotes(smallFileInMemory('votes.json'), voter),
      network: { peers: () => connected.map((n) => ({ address: at(n) }) as PeerInfo) },
      onWork: () => {
        woken += 1;
      },
    },
  );
  return { port, woken: () => woken };
}

const add = (n: number) => ({ recipient: at(n), add: true });
const drop = (n: number) => ({ recipient: at(n), add: false });

const CASES: readonly (readonly [
  title: string,
  situation: Situation,
  vote: ReturnType<typeof add>,
  force: boolean,
  code: string | undefined,
])[] = [
  ['four of five are connected', { connected: [2, 3, 4] }, add(5), false, undefined],
  [
    'three of five are not enough',
    { connected: [2, 3] },
    add(5),
    false,
    'NODE_VOTE_WITHOUT_QUORUM',
  ],
  ['the new one counts if it is connected', { connected: [2, 3, 5] }, add(5), false, undefined],
  ['force overrides what is seen', { connected: [2, 3] }, add(5), true, undefined],
  ['a dead one is dropped', { connected: [2, 3] }, drop(4), false, undefined],
  [
    'a live one is not, if that leaves two of three dead',
    { connected: [4] },
    drop(4),
    false,
    'NODE_VOTE_WITHOUT_QUORUM',
  ],
  ['nobody would be left', { members: [1], connected: [] }, drop(1), true, 'NODE_VOTE_FOR_NOBODY'],
  ['no key', { self: undefined }, add(5), true, 'NODE_NO_VOTE'],
  ['not in the set', { self: at(7) }, add(5), false, 'NODE_NO_VOTE'],
  ['not in the set yet, and forced', { self: at(7) }, add(5), true, undefined],
  [
    'a contract names them',
    { set: { source: 'contract', validators: [at(1)], contract: at(8) } },
    add(5),
    true,
    'NODE_VALIDATORS_BY_CONTRACT',
  ],
];
for (const [title, situation, vote, force, code] of CASES) {
  test(`a vote where ${title}: ${code ?? 'taken'}`, async () => {
    const { port, woken } = await governance(situation);
    const verdict = await port.propose(vote, force);
    assert.is(verdict.ok ? undefined : verdict.code, code);
    assert.is(woken(), code === undefined ? 1 : 0);
    assert.is(port.wanted()?.length ?? 0, code === undefined ? 1 : 0);
  });
}

test('a vote without effect is taken and forgotten', async () => {
  const { port, woken } = await governance({});
  for (const vote of [add(2), drop(9)]) assert.ok((await port.propose(vote, false)).ok);
  assert.is(woken(), 0);
  assert.equal(port.wanted(), []);
});

test('the opposite of an own vote takes it back, also where the set is so already', async () => {
  const votes = [{ ...drop(2), voter: self }];
  const { port, woken } = await governance({ votes });
  assert.ok((await port.propose(add(2), false)).ok);
  assert.is(woken(), 1);
  assert.is(port.wanted()?.length, 1);
});

test('the report tells who is there, what was voted by whom, and what is wanted', async () => {
  const votes = [
    { ...add(5), voter: at(2) },
    { ...add(5), voter: self },
    { ...drop(3), voter: at(2) },
  ];
  const { port } = await governance({ connected: [2], votes });
  await port.propose(add(5), true);
  const report = port.report();
  assert.ok(report.source === 'headers');
  assert.equal(
    report.validators.map(({ isSelf, isConnected }) => [isSelf, isConnected]),
    [
      [true, true],
      [false, true],
      [false, false],
      [false, false],
    ],
  );
  assert.is(report.votesNeeded, 3);
  assert.equal(
    report.votes.map(({ recipient, add: kind, voters }) => [recipient[0], kind, voters.length]),
    [
      [5, true, 2],
      [3, false, 1],
    ],
  );
  assert.equal(
    report.wanted.map(({ isCast }) => isCast),
    [true],
  );
  assert.is(port.requestTimeoutMs(1n), 1500);
});

test('a vote is no longer wanted after it was discarded', async () => {
  const { port } = await governance({});
  await port.propose(add(5), false);
  assert.ok((await port.discard(at(5))).ok);
  assert.equal(port.wanted(), []);
});

test.run();
