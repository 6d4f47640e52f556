import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asHash, commitSealHash, withRound } from '../ledger/model/index.ts';
import { faultOfJustification, faultOfRoundChange } from './justification.ts';
import type { ProposalMessage, RoundChangeMessage } from './messages.ts';
import { createScript, type ProposalParts } from './testkit/script.ts';
import { identities } from './testkit/toy-chain.ts';

const test = suite('consensus/justification');

const script = createScript(4, undefined);
const { proposal, prepare, roundChange, certificate, block, validators, config } = script;
const members = { genesisHash: config.genesisHash, height: 1n, validators };

const first = block(0);
const digest = commitSealHash(first.header);
const again = (round: number): typeof first => ({
  ...first,
  header: withRound(first.header, round),
});
const locked = certificate(0, digest, [0, 1, 2]);
const free = (round: number): readonly RoundChangeMessage[] =>
  [0, 1, 2].map((i) => roundChange(i, round));
const mixed = [roundChange(0, 2, locked), roundChange(1, 2), roundChange(3, 2)];

const strange = createScript(7, undefined);
const stranger = identities(7).findIndex(
  ({ address }) => !validators.some((each) => String(each) === String(address)),
);
const otherRound = asHash(new Uint8Array(32).fill(3));

const JUST = 'CONSENSUS_BAD_JUSTIFICATION';
const CERTIFICATE = 'CONSENSUS_BAD_CERTIFICATE';
type Case = readonly [string, number, ProposalParts, string | undefined];
const cases: readonly Case[] = [
  ['R-3.5: a quorum without certificates', 2, { roundChanges: free(2) }, undefined],
  ['R-3.5: no round change', 2, {}, JUST],
  ['R-3.5: one round change too few', 2, { roundChanges: free(2).slice(1) }, JUST],
  ['R-3.5: one author twice', 2, { roundChanges: [...free(2).slice(1), roundChange(1, 2)] }, JUST],
  ['R-3.5: round changes of another round', 2, { roundChanges: free(1) }, JUST],
  [
    'R-3.5: a stranger among them',
    2,
    { roundChanges: [...free(2), strange.roundChange(stranger, 2)] },
    JUST,
  ],
  [
    'R-3.7: prepares that nobody names',
    2,
    { roundChanges: free(2), prepares: locked.prepares },
    JUST,
  ],
  [
    'R-3.7: a new block of another beneficiary',
    2,
    { roundChanges: free(2), body: block(0, 2) },
    JUST,
  ],
  [
    'R-3.6: the prepared block again, its beneficiary kept',
    2,
    { roundChanges: mixed, prepares: locked.prepares, body: again(2) },
    undefined,
  ],
  [
    'R-3.6: a new block although one was prepared',
    2,
    { roundChanges: mixed, prepares: locked.prepares },
    JUST,
  ],
  [
    'R-3.6: the prepared block without its certificate',
    2,
    { roundChanges: mixed, body: again(2) },
    CERTIFICATE,
  ],
  [
    'R-3.6: one prepare too few',
    2,
    { roundChanges: mixed, prepares: locked.prepares.slice(1), body: again(2) },
    CERTIFICATE,
  ],
  [
    'R-3.6: prepares of another round',
    2,
    { roundChanges: mixed, prepares: certificate(1, digest, [0, 1, 2]).prepares, body: again(2) },
    CERTIFICATE,
  ],
  [
    'R-3.6: prepares for another block',
    2,
    {
      roundChanges: mixed,
      prepares: certificate(0, otherRound, [0, 1, 2]).prepares,
      body: again(2),
    },
    CERTIFICATE,
  ],
  [
    'R-3.6: two blocks named for one round',
    2,
    {
      roundChanges: [
        ...mixed.slice(0, 2),
        roundChange(3, 2, certificate(0, otherRound, [0, 1, 2])),
      ],
      prepares: locked.prepares,
      body: again(2),
    },
    JUST,
  ],
  [
    'R-3.6: a block prepared before the highest',
    3,
    {
      roundChanges: [
        roundChange(0, 3, locked),
        roundChange(1, 3, certificate(1, otherRound, [0, 1, 2])),
        roundChange(2, 3),
      ],
      prepares: locked.prepares,
      body: again(3),
    },
    JUST,
  ],
];
for (const [name, round, parts, code] of cases) {
  test(name, () => {
    const message: ProposalMessage = proposal(round, round, parts);
    assert.is(faultOfJustification(message, members)?.code, code);
  });
}

test('R-3.5: a round change with a forged signature is refused', () => {
  const [a, b, c] = free(2) as [RoundChangeMessage, RoundChangeMessage, RoundChangeMessage];
  const forged = { ...c, signed: { ...c.signed, signature: a.signed.signature } };
  const message = proposal(2, 2, { roundChanges: [a, b, forged] });
  assert.is(faultOfJustification(message, members)?.code, 'CONSENSUS_BAD_SIGNATURE');
});

test('R-5.8: what a round change may carry', () => {
  const good = roundChange(0, 2, locked);
  const codeOf = (message: RoundChangeMessage): string | undefined =>
    faultOfRoundChange(message, members)?.code;
  assert.is(codeOf(good), undefined);
  assert.is(codeOf(roundChange(0, 1)), undefined);
  assert.is(codeOf(roundChange(0, 0)), CERTIFICATE);
  assert.is(codeOf(roundChange(0, 1, certificate(1, digest, [0, 1, 2]))), CERTIFICATE);
  assert.is(codeOf({ ...good, prepares: good.prepares.slice(1) }), CERTIFICATE);
  assert.is(codeOf({ ...good, prepares: [] }), CERTIFICATE);
  assert.is(codeOf({ ...roundChange(0, 2), prepares: good.prepares }), CERTIFICATE);
  const [a, b] = good.prepares;
  assert.ok(a && b);
  assert.is(codeOf({ ...good, prepares: [a, b, b] }), CERTIFICATE);
  const unsigned = { ...prepare(3, 0, digest).signed, signature: a.signature };
  assert.is(codeOf({ ...good, prepares: [a, b, unsigned] }), CERTIFICATE);
});

test.run();
