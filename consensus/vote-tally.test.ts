import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  type BlockHeader,
  encodeExtraData,
} from '../ledger/model/index.ts';
import type { QbftOptions, QbftTransition } from './schedule.ts';
import { createRandom } from './testkit/random.ts';
import { genesisHeader } from './testkit/toy-chain.ts';
import {
  isFulfilled,
  tallyAfter,
  tallyAt,
  tallyOf,
  uncastVotes,
  type VoteTally,
  votesNeeded,
} from './vote-tally.ts';

const test = suite('consensus/vote-tally');

/** Validator `n` has an address of bytes `n`: its order is its number's. */
const at = (n: number): Address => asAddress(new Uint8Array(20).fill(n));
const set = (...numbers: readonly number[]): readonly Address[] => numbers.map(at);
const EPOCH: Pick<QbftOptions, 'epochLength' | 'transitions'> = {
  epochLength: 1000n,
  transitions: [],
};

type Cast = readonly [by: number, vote?: `${'+' | '-'}${number}`];

/** A block of validator `by`, with its vote: `+5` to add 5, `-5` to drop it. */
function block(number: bigint, [by, vote]: Cast, listed: readonly Address[] = []): BlockHeader {
  const extraData = encodeExtraData({
    vanity: new Uint8Array(32),
    validators: listed,
    vote: vote && { recipient: at(Math.abs(Number(vote))), add: vote.startsWith('+') },
    round: 0,
    seals: [],
  });
  return { ...genesisHeader([]), number, beneficiary: at(by), extraData };
}

function play(start: readonly number[], casts: readonly Cast[], options = EPOCH): VoteTally {
  return casts.reduce(
    (tally, cast, i) => tallyAfter(tally, block(BigInt(i + 1), cast), options),
    tallyOf(set(...start)),
  );
}

/** `1,2 | 1+5`: the set, then the votes that count. */
function told({ validators, votes }: VoteTally): string {
  const members = validators.map(([first]) => first).join();
  const cast = votes.map(
    ({ voter, recipient, add }) => `${voter[0]}${add ? '+' : '-'}${recipient[0]}`,
  );
  return [members, ...(cast.length > 0 ? [cast.sort().join()] : [])].join(' | ');
}

const CASES: readonly (readonly [
  title: string,
  start: readonly number[],
  casts: readonly Cast[],
  after: string,
])[] = [
  ['R-9.2: a lone validator adds at once', [1], [[1, '+5']], '1,5'],
  ['R-9.2: two of two must agree', [1, 2], [[1, '+5']], '1,2 | 1+5'],
  [
    'R-9.2: two of two agree',
    [1, 2],
    [
      [1, '+5'],
      [2, '+5'],
    ],
    '1,2,5',
  ],
  [
    'R-9.2: half of four is not enough',
    [1, 2, 3, 4],
    [
      [1, '+5'],
      [2, '+5'],
    ],
    '1,2,3,4 | 1+5,2+5',
  ],
  [
    'R-9.2: three of four add, whatever lies between',
    [1, 2, 3, 4],
    [[1, '+5'], [3], [2, '+5'], [4], [3, '+5']],
    '1,2,3,4,5',
  ],
  [
    'R-9.2: three of four drop one',
    [1, 2, 3, 4],
    [
      [1, '-4'],
      [2, '-4'],
      [3, '-4'],
    ],
    '1,2,3',
  ],
  [
    'R-9.2: a validator votes itself out',
    [1, 2, 3],
    [
      [3, '-3'],
      [1, '-3'],
    ],
    '1,2',
  ],
  [
    'R-9.2: one vote cast twice counts once',
    [1, 2, 3],
    [
      [1, '+5'],
      [1, '+5'],
    ],
    '1,2,3 | 1+5',
  ],
  [
    'R-9.3: the opposite vote replaces the first',
    [1, 2, 3],
    [
      [1, '+5'],
      [1, '-5'],
      [2, '+5'],
    ],
    '1,2,3 | 1-5,2+5',
  ],
  [
    'R-9.3: success drops all votes for the recipient, not those for others',
    [1, 2, 3],
    [
      [1, '-5'],
      [2, '+6'],
      [2, '+5'],
      [3, '+5'],
    ],
    '1,2,3,5 | 2+6',
  ],
  [
    'R-9.3: with a removed validator go the votes by it',
    [1, 2, 3, 4],
    [
      [4, '+5'],
      [1, '+5'],
      [1, '-4'],
      [2, '-4'],
      [3, '-4'],
    ],
    '1,2,3 | 1+5',
  ],
  [
    'R-9.3: a smaller set needs fewer votes, counted at the next vote for that recipient',
    [1, 2, 3, 4, 5],
    [
      [1, '+9'],
      [2, '+9'],
      [1, '-5'],
      [2, '-5'],
      [3, '-5'],
    ],
    '1,2,3,4 | 1+9,2+9',
  ],
  [
    'R-9.3: adding a member and dropping a stranger are votes without effect',
    [1, 2],
    [
      [1, '+2'],
      [1, '-7'],
      [2, '-7'],
    ],
    '1,2 | 1+2',
  ],
  ['R-9.4: the last validator cannot leave', [1], [[1, '-1']], '1'],
  [
    'R-9.4: of two, one stays',
    [1, 2],
    [
      [1, '-2'],
      [2, '-2'],
      [1, '-1'],
    ],
    '1',
  ],
];

for (const [title, start, casts, after] of CASES) {
  test(title, () => assert.is(told(play(start, casts)), after));
}

test('R-9.3: the votes that a shrunken set no longer needs pass before an opposite one', () => {
  // As in Besu: both counts are taken after the vote, the additions first.
  const before = play(
    [1, 2, 3, 4, 5],
    [
      [1, '+9'],
      [2, '+9'],
      [1, '-5'],
      [2, '-5'],
      [3, '-5'],
      [1, '-4'],
      [2, '-4'],
      [3, '-4'],
    ],
  );
  assert.is(told(before), '1,2,3 | 1+9,2+9');
  assert.is(told(tallyAfter(before, block(9n, [3, '-9']), EPOCH)), '1,2,3,9');
});

test('R-9.5: an epoch block drops the votes before it and its own', () => {
  const epochs = { epochLength: 3n, transitions: [] };
  const casts: readonly Cast[] = [
    [1, '+5'],
    [2, '+6'],
    [3, '+5'],
    [2, '+5'],
  ];
  assert.is(told(play([1, 2, 3], casts.slice(0, 2), epochs)), '1,2,3 | 1+5,2+6');
  assert.is(told(play([1, 2, 3], casts.slice(0, 3), epochs)), '1,2,3');
  assert.is(told(play([1, 2, 3], casts, epochs)), '1,2,3 | 2+5');
});

test('R-9.7: a wanted vote is cast until the tally holds it or the set is so', () => {
  const add = (n: number) => ({ recipient: at(n), add: true });
  const drop = (n: number) => ({ recipient: at(n), add: false });
  const left = (tally: VoteTally, ...wanted: readonly ReturnType<typeof add>[]): string =>
    uncastVotes(tally, at(1), wanted)
      .map((vote) => `${vote.add ? '+' : '-'}${vote.recipient[0]}`)
      .join();
  const fresh = tallyOf(set(1, 2, 3));
  assert.is(left(fresh, add(5), drop(2), add(3), drop(7)), '+5,-2');
  const cast = play([1, 2, 3], [[1, '+5']]);
  assert.is(left(cast, add(5), drop(2)), '-2');
  // It takes back what it voted before.
  assert.is(left(cast, drop(5)), '-5');
  assert.is(left(play([1, 2, 3], [[1, '-2']]), add(2)), '+2');
  assert.ok(isFulfilled(fresh, add(3)) && isFulfilled(fresh, drop(7)));
  assert.not(isFulfilled(fresh, add(5)) || isFulfilled(fresh, drop(2)));
});

test('R-9.2: more than half is needed', () => {
  assert.equal([1, 2, 3, 4, 5, 7].map(votesNeeded), [1, 2, 2, 3, 3, 4]);
});

function listing(from: bigint, validators: readonly Address[] | undefined): QbftTransition {
  return {
    from,
    validators,
    blockPeriodMs: 0,
    emptyBlockPeriodMs: 0,
    requestTimeoutMs: 1,
    maxRequestTimeoutMs: 1,
    source: { kind: 'headers' },
  };
}

test('R-9.9: a transition replaces the set; the vote in the block before counts in the new one', () => {
  const options = { epochLength: 1000n, transitions: [listing(3n, set(6, 7, 8))] };
  const before = play([1, 2, 3], [[1, '+5']], options);
  assert.is(told(before), '1,2,3 | 1+5');
  assert.is(told(tallyAfter(before, block(2n, [2]), options)), '6,7,8');
  assert.is(told(tallyAfter(before, block(2n, [2, '+5']), options)), '6,7,8 | 2+5');
  const alone = { ...options, transitions: [listing(3n, set(6))] };
  assert.is(told(tallyAfter(before, block(2n, [2, '+5']), alone)), '5,6');
  // In an epoch block no vote counts, in the new set neither.
  const epoch = { ...options, epochLength: 2n };
  assert.is(told(tallyAfter(before, block(2n, [2, '+5']), epoch)), '6,7,8');
});

const seed = Number(process.argv[2] ?? 20_261_126);
test(`R-9.6, R-9.1: rebuilt from headers it is what it was block by block (rerun: node consensus/vote-tally.test.ts ${seed})`, () => {
  const random = createRandom(seed);
  for (let run = 0; run < 40; run += 1) {
    const count = random.between(1, 7);
    const start = set(...Array.from({ length: count }, (_, i) => i + 1));
    const options = {
      epochLength: BigInt(random.between(1, 12)),
      transitions: random.chance(0.5)
        ? [listing(BigInt(random.between(2, 30)), set(2, 4, 6)), listing(31n, undefined)]
        : [],
    };
    const first = options.transitions[0];
    const genesis = block(0n, [0], start);
    const headers: BlockHeader[] = [genesis];
    let tally = tallyAfter(tallyOf(start), genesis, options);
    for (let number = 1n; number <= 40n; number += 1n) {
      const by = tally.validators[random.between(0, tally.validators.length - 1)]?.[0] ?? 0;
      const vote = random.chance(0.7)
        ? (`${random.chance(0.6) ? '+' : '-'}${random.between(1, 9)}` as const)
        : undefined;
      const header = block(number, vote === undefined ? [by] : [by, vote], tally.validators);
      headers.push(header);
      tally = tallyAfter(tally, header, options);
      assert.ok(tally.validators.length > 0, 'R-9.4');
      const rebuilt = tallyAt(number, (height) => headers[Number(height)] as BlockHeader, options);
      assert.is(told(rebuilt), told(tally), `run ${run}, block ${number}, ${first?.from}`);
    }
  }
});

test.run();
