/** Proofs where a contract names the validators: nothing but the genesis file is trusted. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import { concatBytes, type Hash } from '../ledger/model/index.ts';
import { seededRandom } from '../ledger/model/testkit/seeded-random.ts';
import { encodeProofBundle, type ProofSubject, type SealedStep } from './proof-bundle.ts';
import type { QbftTransition } from './schedule.ts';
import { BY_CONTRACT, KNOWN_CODE, namedGenesis, namedStep } from './testkit/named-chain.ts';
import {
  ACCOUNT_SUBJECT,
  anchorOf,
  assertNoAlteredHolds,
  RECEIPT_SUBJECT,
  SLOT,
  sealedHeader,
  set,
  steps,
  verdictOf,
} from './testkit/proved-chain.ts';
import type { TrustAnchor } from './trust-path.ts';
import { verifyProofBundle } from './verify-bundle.ts';

const test = suite('consensus/contract-proofs');

const FIRST = set(0, 1, 2, 3);
const { anchor: ANCHOR, block: BLOCK_0 } = namedGenesis(FIRST);
const BLOCK_1 = namedStep(1n, FIRST, { parent: BLOCK_0 });

function bundleOf(
  headers: readonly SealedStep[],
  subject: ProofSubject = ACCOUNT_SUBJECT,
  anchor: TrustAnchor = ANCHOR,
): Uint8Array {
  return encodeProofBundle({ genesisHash: anchor.hash, headers, subject });
}

const codeOf = (bundle: Uint8Array, anchor: TrustAnchor = ANCHOR): string =>
  verdictOf(bundle, anchor);

const proves = (...headers: readonly SealedStep[]): string => codeOf(bundleOf(headers));

/** Nobody of the first set is in the last one, and from the second to the third all change at once. */
const CHANGED = [
  BLOCK_1,
  namedStep(10n, set(1, 2, 3, 4, 5)),
  namedStep(20n, set(6, 7, 8, 9), { parentSealers: set(2, 3, 4) }),
];

test('P-7: a slot and a receipt are proved across changes of the set, from block 0 on', () => {
  const target = namedStep(31n, set(6, 7, 8, 9), { sealers: set(7, 8, 9) });
  const account = verifyProofBundle(bundleOf([...CHANGED, target]), ANCHOR);
  assert.ok(account.ok && account.fact.kind === 'account');
  assert.is(account.header.number, 31n);
  assert.equal(account.fact.slots, [{ slot: SLOT, value: 4n }]);
  const receipt = verifyProofBundle(bundleOf([...CHANGED, target], RECEIPT_SUBJECT), ANCHOR);
  assert.ok(receipt.ok && receipt.fact.kind === 'receipt');
  assert.is(receipt.fact.transaction.nonce, 7n);
});

test('P-7: a chain forged by a set that seals only itself is refused', () => {
  const strangers = set(8, 9, 10, 11);
  const untrusted = 'CONSENSUS_UNTRUSTED_VALIDATORS';
  assert.is(proves(BLOCK_1, namedStep(10n, strangers)), untrusted);
  assert.is(proves(namedStep(10n, strangers), namedStep(11n, strangers)), untrusted);
  // Their own seals on the parent are no word of anybody trusted.
  const own = namedStep(10n, strangers, { parentSealers: strangers });
  assert.is(proves(BLOCK_1, own), 'CONSENSUS_BAD_SEAL');
  // One accomplice of four is not more than a third, on the header or on its parent; two are.
  assert.is(proves(BLOCK_1, namedStep(10n, set(3, 8, 9, 10))), untrusted);
  assert.is(proves(BLOCK_1, namedStep(10n, strangers, { parentSealers: set(3) })), untrusted);
  assert.is(proves(BLOCK_1, namedStep(10n, strangers, { parentSealers: set(2, 3) })), 'proved');
  // Block 0 is trusted by its hash, whatever another one names.
  const { block } = namedGenesis(strangers);
  assert.is(proves(namedStep(1n, strangers, { parent: block })), untrusted);
});

test('P-7: the set is read even where it has not changed, and whole', () => {
  const { header } = namedStep(10n, FIRST);
  assert.is(proves(BLOCK_1, { header, namedBy: undefined }), 'CONSENSUS_MALFORMED');
  const { namedBy } = namedStep(10n, FIRST);
  const short = { ...namedBy, storage: namedBy?.storage.slice(0, -1) } as SealedStep['namedBy'];
  assert.is(proves(BLOCK_1, { header, namedBy: short }), 'CONSENSUS_PROOF_INVALID');
  const long = { ...namedBy, storage: [...(namedBy?.storage ?? []), Uint8Array.of(1)] };
  assert.is(
    proves(BLOCK_1, { header, namedBy: long as SealedStep['namedBy'] }),
    'CONSENSUS_PROOF_INVALID',
  );
  const other = namedStep(10n, set(0, 1, 2, 4)).namedBy;
  assert.is(proves(BLOCK_1, { header, namedBy: other }), 'CONSENSUS_MALFORMED');
  assert.is(proves(BLOCK_1, namedStep(10n, [])), 'CONSENSUS_WRONG_VALIDATORS');
  const [one] = FIRST;
  const twice = one === undefined ? [] : [one, one];
  assert.is(proves(BLOCK_1, namedStep(10n, twice)), 'CONSENSUS_WRONG_VALIDATORS');
  assert.is(
    proves(BLOCK_1, namedStep(10n, FIRST, { sealers: set(0, 1) })),
    'CONSENSUS_TOO_FEW_SEALS',
  );
});

test('P-7: of a contract with other code the verifier says that it cannot read it', () => {
  const codeHash = keccak256(KNOWN_CODE) as Hash;
  assert.is(proves(BLOCK_1, namedStep(10n, FIRST, { codeHash })), 'CONSENSUS_PROOF_BY_CONTRACT');
});

test('P-7: a parent whose word is not needed carries no seals', () => {
  const spoken = namedStep(10n, FIRST, { parentSealers: FIRST });
  assert.is(proves(BLOCK_1, spoken), 'CONSENSUS_MALFORMED');
});

test('P-2, P-7: each altered byte is refused, and so it is with the checksum made again', () => {
  const bundle = bundleOf([
    BLOCK_1,
    namedStep(10n, set(6, 7, 8, 9), { parentSealers: set(1, 2, 3) }),
  ]);
  assert.is(codeOf(bundle), 'proved');
  assertNoAlteredHolds(bundle, ANCHOR, { seed: 'altered contract', step: 397 });
});

test('P-4, P-7: from headers to a contract and back, as the genesis file says', () => {
  const pace = anchorOf(FIRST).qbft;
  const back = set(8, 9, 10, 11);
  const transitions: readonly QbftTransition[] = [
    { ...pace, source: BY_CONTRACT, from: 10n, validators: undefined },
    {
      ...pace,
      source: { kind: 'headers' },
      from: 30n,
      validators: back.map(({ address }) => address),
    },
  ];
  const anchor = anchorOf(FIRST, transitions);
  const proved = (...headers: readonly SealedStep[]): string =>
    codeOf(bundleOf(headers, RECEIPT_SUBJECT, anchor), anchor);
  const parentOf = (number: bigint, made: SealedStep, sealers: typeof FIRST) =>
    sealedHeader(number, FIRST, sealers, { stateRoot: made.namedBy?.parent.stateRoot as Hash });
  const others = set(4, 5, 6, 7);
  // The contract names others from its first block on: those before vouch for the state that says so.
  const parent = parentOf(9n, namedStep(10n, others), set(0, 1, 2));
  const first = namedStep(10n, others, { parent });
  assert.is(proved(first), 'proved');
  assert.is(proved(first, namedStep(20n, others)), 'proved');
  const later = steps([sealedHeader(31n, back)]);
  assert.is(proved(first, ...later), 'proved');
  assert.is(proved(...steps([sealedHeader(9n, FIRST)])), 'proved');
  // In its own mode each.
  assert.is(proved(...steps([sealedHeader(10n, FIRST)])), 'CONSENSUS_WRONG_VALIDATORS');
  assert.is(proved(namedStep(9n, FIRST)), 'CONSENSUS_MALFORMED');
  assert.is(proved(first, ...steps([sealedHeader(31n, others)])), 'CONSENSUS_UNTRUSTED_VALIDATORS');
});

test('P-6: noise in place of a contract proof is refused and never throws', () => {
  const sound = bundleOf([BLOCK_1]);
  const random = seededRandom('contract noise');
  for (let round = 0; round < 500; round += 1) {
    const body = Uint8Array.from(sound.subarray(0, sound.length - 32));
    for (let spoil = 0; spoil <= random.below(5); spoil += 1) {
      body[1 + random.below(body.length - 1)] = random.below(256);
    }
    const code = codeOf(concatBytes(body, keccak256(body)));
    if (code === 'proved')
      assert.equal(body, Uint8Array.from(sound.subarray(0, sound.length - 32)));
  }
});

test.run();
