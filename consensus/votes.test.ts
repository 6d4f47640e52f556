/** From a proposal to a final block: section 4 of docs/spec/consensus.md. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeExtraData } from '../ledger/model/index.ts';
import type { InputBody } from './input.ts';
import { actor, body, digest, effectOf, kindsOf, otherHash, script } from './testkit/one-core.ts';

const test = suite('consensus/votes');

const { proposal, prepare, commit, roundChange } = script;

test('R-4.1, R-4.3, R-4.6: proposal, prepares, commits: the block is final with its seals', () => {
  const core = actor();
  core.receive(proposal(0, 0));
  assert.equal(core.signed(), ['prepare 1/0']);
  core.receive(prepare(0, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0']);
  core.receive(prepare(2, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0', 'commit 1/0']);
  core.receive(commit(3, 0, digest));
  const effects = core.receive(commit(0, 0, digest));
  const { header } = effectOf(effects, 'finalise');
  const extraData = decodeExtraData(header.extraData);
  assert.ok(extraData.ok);
  const seals = [0, 1, 3].map((i) => commit(i, 0, digest).signed.commitSeal);
  assert.equal(extraData.extraData.seals, seals);
  assert.is(core.state().phase.kind, 'final');
});

test('R-4.1, R-4.3: body, proposal and certificate are durable with the vote that rests on them', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  const durable = core.effects
    .filter((effect) => effect.kind === 'sign')
    .map((effect) => effect.durable.map((entry) => entry.kind));
  assert.equal(durable, [['block', 'proposal'], ['certificate']]);
});

test('R-4.2: votes that come before their proposal wait for it', () => {
  const core = actor();
  core.receive(commit(0, 0, digest), prepare(2, 0, digest), commit(2, 0, digest));
  assert.equal(core.signed(), []);
  const effects = core.receive(prepare(0, 0, digest), proposal(0, 0));
  assert.equal(core.signed(), ['prepare 1/0', 'commit 1/0']);
  effectOf(effects, 'finalise');
});

test('R-4.2: prepares for another digest do not count', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, otherHash), prepare(2, 0, otherHash));
  core.receive(prepare(3, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0']);
});

test('R-4.8: an own vote counts when it has come back, not before', () => {
  const core = actor({ isSignerDown: true });
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0']);
  core.give({ kind: 'signed', message: prepare(1, 0, digest) });
  assert.equal(core.signed(), ['prepare 1/0', 'commit 1/0']);
});

test('R-4.4: a bad seal among good ones does not count', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  const good = commit(3, 0, digest);
  const bad = {
    ...good,
    signed: { ...good.signed, commitSeal: commit(2, 0, digest).signed.commitSeal },
  };
  core.receive(bad);
  assert.is(core.refusal(), 'CONSENSUS_BAD_SEAL');
  core.receive(commit(0, 0, digest));
  assert.is(core.state().phase.kind, 'accepted');
  core.receive(good);
  assert.is(core.state().phase.kind, 'final');
});

test('R-4.5: commits of an earlier round make the block final in a later one', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  core.receive(roundChange(0, 2), roundChange(2, 2));
  assert.is(core.state().round, 2);
  core.receive(commit(0, 0, digest));
  // Its body was validated in round 0.
  const { header } = effectOf(core.receive(commit(2, 0, digest)), 'finalise');
  const extraData = decodeExtraData(header.extraData);
  assert.ok(extraData.ok && extraData.extraData.round === 0);
});

test('R-4.5, R-4.7: a committed block that is unknown is fetched from those who committed', () => {
  const core = actor({ answer: () => undefined });
  const effects = core.receive(...[0, 2, 3].map((i) => commit(i, 0, digest)));
  const request = effectOf(effects, 'validate-block');
  assert.equal(
    request.from,
    [0, 2, 3].map((i) => script.validators[i]),
  );
  assert.is(request.proposal, undefined);
  core.receive(proposal(0, 0));
  const { header, transactionHashes } = body;
  const result = { ok: true, header, transactionHashes } as const;
  const done = core.give({ kind: 'block-validated', height: 1n, round: 0, digest, result });
  effectOf(done, 'finalise');
});

test('R-4.7: a body is asked of the proposer, then of all who named it, again and again', () => {
  const core = actor({ answer: () => undefined });
  const first = core.receive(proposal(0, 0));
  assert.equal(effectOf(first, 'validate-block').from, [script.validators[0]]);
  core.receive(prepare(2, 0, digest), prepare(3, 0, otherHash));
  const expired: InputBody = { kind: 'timer', timer: { name: 'fetch', height: 1n, round: 0 } };
  for (let i = 0; i < 3; i += 1) {
    const again = core.give(expired);
    assert.equal(kindsOf(again), ['validate-block', 'timer fetch 250']);
    assert.equal(effectOf(again, 'validate-block').from, [
      script.validators[0],
      script.validators[2],
    ]);
  }
});

test('R-4.7: nobody delivering leaves the block open', () => {
  const core = actor({ answer: () => undefined });
  core.receive(proposal(0, 0));
  const result = { ok: false, code: 'CONSENSUS_BODY_UNAVAILABLE', message: '' } as const;
  core.give({ kind: 'block-validated', height: 1n, round: 0, digest, result });
  assert.is(core.refusal(), 'CONSENSUS_BODY_UNAVAILABLE');
  assert.is(core.state().phase.kind, 'validating');
});

test('R-4.5: a block refused for its list is final when a quorum commits it and peers have it', () => {
  // The proposer has sent this validator alone a list that is not the block's.
  const listed = proposal(0, 0, { body: { ...body, transactionHashes: [otherHash] } });
  const late = actor({ answer: () => undefined });
  late.receive(listed, ...[0, 2].map((i) => prepare(i, 0, digest)));
  late.receive(...[0, 2, 3].map((i) => commit(i, 0, digest)));
  const refusal = { ok: false, code: 'VM_TRANSACTIONS_ROOT', message: '' } as const;
  const validated = { kind: 'block-validated', height: 1n, round: 0, digest } as const;
  const again = effectOf(late.give({ ...validated, result: refusal }), 'validate-block');
  assert.is(again.proposal, undefined);
  effectOf(late.give({ ...validated, result: { ok: true, ...body } }), 'finalise');
});

test.run();
