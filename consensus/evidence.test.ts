import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sign } from '#crypto';
import {
  bytesToHex,
  commitSealHash,
  equalBytes,
  type Hash,
  headerHash,
  withSeals,
} from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { encodeEvidence, verifyEvidence } from './evidence-codec.ts';
import type { HeightContext } from './input.ts';
import type { QbftMessage } from './messages.ts';
import { headOf, type Statement, viewOfStatement } from './statement.ts';
import { actor, body, digest, otherHash as other, script } from './testkit/one-core.ts';
import type { Actor } from './testkit/script.ts';
import { type Identity, identities } from './testkit/toy-chain.ts';
import { ROUNDS_PER_AUTHOR } from './vote-book.ts';

const test = suite('consensus/evidence');

const { proposal, prepare, commit, roundChange, certificate, block } = script;
const { genesisHash } = script.config;

/** One pair of each kind. */
const PAIRS: readonly (readonly [QbftMessage, QbftMessage])[] = [
  [proposal(0, 0), proposal(0, 0, { body: block(0, 0, [other]) })],
  [prepare(2, 0, digest), prepare(2, 0, other)],
  [commit(2, 0, digest), commit(2, 0, other)],
  [roundChange(2, 1), roundChange(2, 1, certificate(0, digest, [0, 2, 3]))],
];

type Found = Extract<Effect, { kind: 'evidence' }>;

const found = (effects: readonly Effect[]): readonly Found[] =>
  effects.filter((effect) => effect.kind === 'evidence');

/** The bundle of the only evidence among the effects, checked with the genesis hash alone. */
function proved(effects: readonly Effect[]): ReturnType<typeof verify> {
  const [evidence, ...more] = found(effects);
  assert.ok(evidence !== undefined && more.length === 0, `${1 + more.length} found`);
  return verify(encodeEvidence(genesisHash, evidence.first, evidence.second));
}

function verify(bundle: Uint8Array) {
  const verdict = verifyEvidence(bundle, genesisHash);
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.message);
  return verdict.evidence;
}

function codeOf(bundle: Uint8Array, hash: Hash = genesisHash): string {
  const verdict = verifyEvidence(bundle, hash);
  return verdict.ok ? 'ok' : verdict.code;
}

/** The core has decided its block: a quorum of Commits with those seals is in the header. */
function finalHeader(sealers: readonly number[]): HeightContext {
  const seals = sealers.map((i) => commit(i, 0, digest).signed.commitSeal);
  const parent = withSeals(body.header, seals);
  return { ...script.context, height: 2n, parent, parentHash: headerHash(parent, 'qbft') };
}

const moveOn = (core: Actor, sealers = [0, 2, 3]): readonly Effect[] =>
  core.give({ kind: 'new-height', context: finalHeader(sealers) });

test('E-1, E-2, E-6: a contradiction of each kind is found and proved by the genesis hash alone', () => {
  for (const [first, second] of PAIRS) {
    const core = actor();
    core.receive(first);
    const evidence = proved(core.receive(second));
    assert.is(evidence.kind, first.kind);
    assert.is(evidence.height, 1n);
    assert.is(evidence.round, first.signed.round);
    assert.ok(equalBytes(evidence.author, first.signed.author));
    assert.is(evidence.restsOnBlock, undefined);
  }
});

test('E-1: a Proposal of one header with two lists of transactions is a contradiction', () => {
  const core = actor();
  core.receive(proposal(0, 0));
  const swapped = proposal(0, 0, { body: { ...body, transactionHashes: [other] } });
  assert.is(proved(core.receive(swapped)).kind, 'proposal');
});

test('E-2: what a message says counts even if the rest of it is refused', () => {
  const core = actor();
  const honest = commit(2, 0, digest);
  const spoiled: QbftMessage = {
    ...honest,
    signed: { ...honest.signed, commitSeal: new Uint8Array(65) },
  };
  core.receive(spoiled);
  assert.is(core.refusal(), 'CONSENSUS_BAD_SEAL');
  assert.is(proved(core.receive(commit(2, 0, other))).kind, 'commit');
});

test('E-2: messages of rounds that are over are still compared', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(2, 0, digest), commit(2, 0, digest), roundChange(2, 1));
  core.receive(roundChange(0, 3), roundChange(2, 3), roundChange(3, 3));
  assert.is(core.state().round, 3);
  for (const [first, second] of PAIRS) assert.is(proved(core.receive(second)).kind, first.kind);
});

test('E-2: messages of the height that has just become final are still compared', () => {
  const core = actor();
  core.receive(roundChange(2, 1), ...[0, 2].map((i) => prepare(i, 0, digest)), proposal(0, 0));
  core.receive(commit(0, 0, digest), commit(2, 0, digest));
  assert.is(core.state().phase.kind, 'final');
  assert.is(proved(core.receive(prepare(0, 0, other))).kind, 'prepare');
  moveOn(core, [0, 1, 2]);
  for (const [first, second] of PAIRS) assert.is(proved(core.receive(second)).kind, first.kind);
  // Reported before the height became final, and not again.
  assert.equal(found(core.receive(prepare(0, 0, other))), []);
});

test('E-3: a Commit against the seals of a block that came from a peer', () => {
  const core = actor();
  core.receive(commit(2, 0, other), commit(3, 0, digest));
  const evidence = proved(moveOn(core));
  assert.is(evidence.kind, 'commit');
  assert.ok(equalBytes(evidence.author, script.validators[2] as Uint8Array));
});

test('E-3: a Commit that comes when another block of its round is final and sealed by its author', () => {
  const core = actor();
  moveOn(core);
  assert.is(proved(core.receive(commit(3, 0, other))).kind, 'commit');
  assert.equal(found(core.receive(commit(3, 0, other))), [], 'once');
});

test('E-3: no seal, no contradiction: Commits of other rounds and of those who did not seal', () => {
  const core = actor();
  core.receive(commit(1, 0, other), commit(2, 4, other));
  const late = [...moveOn(core, [0, 2, 3]), ...core.receive(commit(2, 5, other))];
  assert.equal(found(late), []);
});

test('E-4: what nobody authenticated is not held against its author', () => {
  const core = actor();
  core.receive(roundChange(0, 3), roundChange(2, 3), roundChange(3, 3));
  // Round 0 is over: the first of these is dropped unread, so the second contradicts nothing.
  assert.equal(found(core.receive(prepare(2, 0, digest), prepare(2, 0, other))), []);
  const forged = prepare(2, 0, digest);
  const unsigned: QbftMessage = {
    ...forged,
    signed: { ...forged.signed, round: 5, signature: new Uint8Array(65) },
  };
  assert.equal(found(core.receive(prepare(2, 5, other), unsigned)), []);
});

test('E-2: what is remembered of an author is bounded, and of the height before last nothing', () => {
  const core = actor();
  for (let round = 0; round < 100; round += 1) core.receive(prepare(2, round, digest));
  for (const heard of core.state().witness.values()) assert.ok(heard.length <= ROUNDS_PER_AUTHOR);
  const skipped = { ...finalHeader([0, 2, 3]), height: 3n };
  core.give({ kind: 'new-height', context: skipped });
  assert.is(core.state().before.size, 0);
  assert.equal(found(core.receive(prepare(2, 99, other))), []);
});

test('E-2: after a restart, another process with the own key is found out', () => {
  const before = actor();
  before.receive(proposal(0, 0));
  assert.equal(before.signed(), ['prepare 1/0']);
  const restarted = actor({ recovered: before.log });
  assert.is(proved(restarted.receive(prepare(1, 0, other))).kind, 'prepare');
  assert.equal(restarted.signed(), [], 'nothing is signed against it either');
});

/** A header of height 5 with a seal by validator 2, against a Commit. */
function sealedPair(parentHash: Hash, number: bigint): readonly [Statement, Statement] {
  const header = { ...body.header, parentHash, number };
  const { address, privateKey } = identities(4)[2] as Identity;
  const { signature, yParity } = sign(commitSealHash(header), privateKey);
  const seal = Uint8Array.from([...signature, yParity]);
  const message = script.sign(2, { kind: 'commit', height: number, round: 0, digest: other });
  return [{ kind: 'sealed-header', header, seal, author: address }, headOf(message)];
}

test('E-6: evidence with a header rests on that block being the final one, except in block 1', () => {
  const [sealed, message] = sealedPair(other, 5n);
  const evidence = verify(encodeEvidence(genesisHash, sealed, message));
  assert.is(evidence.kind, 'commit');
  assert.is(evidence.height, 5n);
  assert.ok(sealed.kind === 'sealed-header');
  assert.equal(evidence.restsOnBlock, headerHash(sealed.header, 'qbft'));
  const bound = verify(encodeEvidence(genesisHash, ...sealedPair(genesisHash, 1n)));
  assert.is(bound.restsOnBlock, undefined);
});

test('E-5: a bundle is the same whichever statement came first, and has no other form', () => {
  const statements = [...PAIRS.map((pair) => pair.map(headOf)), sealedPair(other, 5n)];
  for (const [first, second] of statements) {
    assert.ok(first !== undefined && second !== undefined);
    const bundle = encodeEvidence(genesisHash, first, second);
    assert.equal(bytesToHex(encodeEvidence(genesisHash, second, first)), bytesToHex(bundle));
    assert.ok(bundle.length < 2_000, `${bundle.length} bytes`);
    const [a, b] = verify(bundle).statements;
    assert.equal(bytesToHex(encodeEvidence(genesisHash, a, b)), bytesToHex(bundle));
  }
});

test('E-6: what proves nothing is refused by name', () => {
  const [first, second] = [headOf(prepare(2, 0, digest)), headOf(prepare(2, 0, other))];
  const bundle = encodeEvidence(genesisHash, first, second);
  assert.is(codeOf(bundle, other), 'CONSENSUS_FOREIGN_EVIDENCE');
  assert.is(codeOf(encodeEvidence(other, first, second), other), 'CONSENSUS_BAD_SIGNATURE');
  const harmless: readonly Statement[] = [
    headOf(prepare(2, 0, digest)),
    headOf(prepare(3, 0, other)),
    headOf(prepare(2, 1, other)),
    headOf(commit(2, 0, other)),
    headOf(script.sign(2, { kind: 'prepare', height: 2n, round: 0, digest: other })),
  ];
  for (const each of harmless) {
    assert.is(codeOf(encodeEvidence(genesisHash, first, each)), 'CONSENSUS_NO_CONTRADICTION');
  }
  const forged = { ...second, signed: { ...second.signed, signature: first.signed.signature } };
  const framed = encodeEvidence(genesisHash, first, forged as Statement);
  assert.is(codeOf(framed), 'CONSENSUS_BAD_SIGNATURE');
  assert.is(codeOf(new Uint8Array(65 * 1024)), 'CONSENSUS_TOO_LARGE');
  assert.is(codeOf(Uint8Array.of(2, 0xc0)), 'CONSENSUS_UNKNOWN_VERSION');
  assert.is(codeOf(Uint8Array.of()), 'CONSENSUS_UNKNOWN_VERSION');
  assert.is(codeOf(Uint8Array.of(1, 0xc0)), 'CONSENSUS_MALFORMED');
});

test('E-5, E-6: no change of one byte of a bundle leaves it a proof', () => {
  const pairs = [...PAIRS.map((pair) => pair.map(headOf)), sealedPair(other, 5n)];
  for (const [first, second] of pairs) {
    assert.ok(first !== undefined && second !== undefined);
    const bundle = encodeEvidence(genesisHash, first, second);
    for (let at = 0; at < bundle.length; at += 1) {
      const changed = bundle.slice();
      changed[at] = (changed[at] as number) ^ 0x01;
      const verdict = verifyEvidence(changed, genesisHash);
      assert.not(verdict.ok, `byte ${at} of ${viewOfStatement(first)?.kind}`);
    }
    for (const length of [1, 40, bundle.length - 1]) {
      assert.not(verifyEvidence(bundle.subarray(0, length), genesisHash).ok);
    }
  }
});

test.run();
