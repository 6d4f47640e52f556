import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256 } from '#crypto';
import { asAddress, type BlockHeader, concatBytes } from '../ledger/model/index.ts';
import { seededRandom } from '../ledger/model/testkit/seeded-random.ts';
import { encodeProofBundle, type ProofSubject } from './proof-bundle.ts';
import type { QbftTransition } from './schedule.ts';
import {
  ACCOUNT_SUBJECT,
  anchorOf,
  assertNoAlteredHolds,
  HOLDER,
  RECEIPT_SUBJECT,
  SLOT,
  sealedHeader,
  set,
  steps,
  TRANSACTION_SUBJECT,
  verdictOf,
} from './testkit/proved-chain.ts';
import type { TrustAnchor } from './trust-path.ts';
import { verifyProofBundle } from './verify-bundle.ts';

const test = suite('consensus/verify-bundle');

const FIRST = set(0, 1, 2, 3);
const ANCHOR = anchorOf(FIRST);
/** Nobody of the first set is left in the last one. */
const CHANGES = [
  sealedHeader(10n, set(1, 2, 3, 4, 5)),
  sealedHeader(20n, set(3, 4, 5, 6, 7)),
  sealedHeader(30n, set(6, 7, 8, 9), set(6, 7, 8)),
];
const TARGET = sealedHeader(31n, set(6, 7, 8, 9), set(7, 8, 9));

function bundleOf(
  headers: readonly BlockHeader[],
  subject: ProofSubject = ACCOUNT_SUBJECT,
  anchor: TrustAnchor = ANCHOR,
): Uint8Array {
  return encodeProofBundle({ genesisHash: anchor.hash, headers: steps(headers), subject });
}

const codeOf = (bundle: Uint8Array, anchor: TrustAnchor = ANCHOR): string =>
  verdictOf(bundle, anchor);

test('P-3, P-5: a slot, a transaction and a receipt are proved across changes of the set', () => {
  const account = verifyProofBundle(bundleOf([...CHANGES, TARGET]), ANCHOR);
  assert.ok(account.ok);
  assert.is(account.header.number, 31n);
  assert.ok(account.fact.kind === 'account');
  assert.equal(account.fact.address, HOLDER);
  assert.is(account.fact.account?.balance, 10n ** 18n);
  assert.equal(account.fact.slots, [{ slot: SLOT, value: 4n }]);
  const receipt = verifyProofBundle(bundleOf([...CHANGES, TARGET], RECEIPT_SUBJECT), ANCHOR);
  assert.ok(receipt.ok && receipt.fact.kind === 'receipt');
  assert.is(receipt.fact.transaction.nonce, 7n);
  assert.is(receipt.fact.receipt.cumulativeGasUsed, 8n * 21_000n);
  const transaction = verifyProofBundle(bundleOf([TARGET_OF_FIRST], TRANSACTION_SUBJECT), ANCHOR);
  assert.ok(transaction.ok && transaction.fact.kind === 'transaction');
  assert.is(transaction.fact.transaction.nonce, 7n);
});

const TARGET_OF_FIRST = sealedHeader(5n, FIRST, set(0, 1, 2));

test('P-2: each altered byte is refused, and so it is with the checksum made again', () => {
  for (const subject of [ACCOUNT_SUBJECT, RECEIPT_SUBJECT, TRANSACTION_SUBJECT]) {
    const bundle = bundleOf(
      [sealedHeader(10n, set(1, 2, 3, 4)), sealedHeader(11n, set(1, 2, 3, 4))],
      subject,
    );
    assertNoAlteredHolds(bundle, ANCHOR, { seed: `altered ${subject.kind}`, step: 97 });
  }
});

test('P-3: a chain forged by a set that seals only itself is refused', () => {
  const strangers = set(8, 9, 10, 11);
  const forged = [sealedHeader(10n, strangers), sealedHeader(11n, strangers)];
  assert.is(codeOf(bundleOf(forged)), 'CONSENSUS_UNTRUSTED_VALIDATORS');
  // One accomplice of four is not more than a third; two are.
  assert.is(
    codeOf(bundleOf([sealedHeader(10n, set(3, 8, 9, 10))])),
    'CONSENSUS_UNTRUSTED_VALIDATORS',
  );
  assert.is(codeOf(bundleOf([sealedHeader(10n, set(2, 3, 8, 9))])), 'proved');
  // Those who did not seal do not vouch.
  const listed = sealedHeader(10n, set(2, 3, 8, 9, 10, 11), set(8, 9, 10, 11));
  assert.is(codeOf(bundleOf([listed])), 'CONSENSUS_UNTRUSTED_VALIDATORS');
});

test('P-3: too few seals, foreign seals, a skipped change and headers out of order are refused', () => {
  assert.is(codeOf(bundleOf([sealedHeader(5n, FIRST, set(0, 1))])), 'CONSENSUS_TOO_FEW_SEALS');
  assert.is(codeOf(bundleOf([sealedHeader(5n, FIRST, set(0, 1, 9))])), 'CONSENSUS_STRANGE_SEAL');
  assert.is(
    codeOf(bundleOf([CHANGES[1] as BlockHeader, TARGET])),
    'CONSENSUS_UNTRUSTED_VALIDATORS',
  );
  assert.is(codeOf(bundleOf([TARGET])), 'CONSENSUS_UNTRUSTED_VALIDATORS');
  assert.is(codeOf(bundleOf([TARGET_OF_FIRST, TARGET_OF_FIRST])), 'CONSENSUS_MALFORMED');
  assert.is(codeOf(bundleOf([])), 'CONSENSUS_MALFORMED');
});

test('P-4: a set that the genesis file lists for a later height is trusted from there on', () => {
  const listed = set(8, 9, 10, 11);
  const { blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs, maxRequestTimeoutMs, source } =
    ANCHOR.qbft;
  const transition: QbftTransition = {
    ...{ blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs, maxRequestTimeoutMs, source },
    from: 8n,
    validators: listed.map(({ address }) => address),
  };
  const anchor = anchorOf(FIRST, [transition]);
  const bundle = (...headers: BlockHeader[]) => bundleOf(headers, ACCOUNT_SUBJECT, anchor);
  assert.is(codeOf(bundle(sealedHeader(8n, listed)), anchor), 'proved');
  assert.is(codeOf(bundle(TARGET_OF_FIRST, sealedHeader(9n, listed)), anchor), 'proved');
  assert.is(codeOf(bundle(sealedHeader(7n, listed)), anchor), 'CONSENSUS_UNTRUSTED_VALIDATORS');
  assert.is(codeOf(bundle(sealedHeader(8n, FIRST)), anchor), 'CONSENSUS_UNTRUSTED_VALIDATORS');
  const contract = {
    ...transition,
    validators: undefined,
    source: { kind: 'contract', address: HOLDER },
  } as const;
  const byContract = anchorOf(FIRST, [contract]);
  const late = bundleOf([sealedHeader(9n, FIRST)], ACCOUNT_SUBJECT, byContract);
  assert.is(codeOf(late, byContract), 'CONSENSUS_WRONG_VALIDATORS');
});

test('P-1: a bundle of another genesis, version or size is refused by name', () => {
  assert.is(codeOf(bundleOf([TARGET_OF_FIRST]), anchorOf(set(0, 1, 2))), 'CONSENSUS_FOREIGN_PROOF');
  const versioned = bundleOf([TARGET_OF_FIRST]);
  versioned[0] = 3;
  const body = versioned.subarray(0, versioned.length - 32);
  assert.is(codeOf(concatBytes(body, keccak256(body))), 'CONSENSUS_UNKNOWN_VERSION');
  assert.is(codeOf(new Uint8Array(17 * 1024 * 1024)), 'CONSENSUS_TOO_LARGE');
});

test('P-6: what is not there is proved as well; noise is refused and never throws', () => {
  const nobody = asAddress(new Uint8Array(20).fill(0xee));
  const wrong = { ...ACCOUNT_SUBJECT, address: nobody } as ProofSubject;
  assert.is(codeOf(bundleOf([TARGET_OF_FIRST], wrong)), 'CONSENSUS_PROOF_INVALID');
  const random = seededRandom('bundle noise');
  for (let round = 0; round < 2_000; round += 1) {
    const body = concatBytes(Uint8Array.of(1), random.bytes(random.below(200)));
    assert.is.not(codeOf(concatBytes(body, keccak256(body))), 'proved');
  }
});

test.run();
