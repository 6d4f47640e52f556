/** When a core leaves a round and enters another: section 5 of docs/spec/consensus.md. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InputBody } from './input.ts';
import type { QbftMessage } from './messages.ts';
import { actor, digest, effectOf, kindsOf, otherHash, script, WORK } from './testkit/one-core.ts';
import { createActor, createScript } from './testkit/script.ts';

const test = suite('consensus/rounds');

const { proposal, prepare, commit, roundChange, certificate } = script;

test('R-5.1, R-5.4: at its timeout round 0 is left freely, and its timeout doubles', () => {
  const core = actor();
  assert.equal(kindsOf(core.give(WORK)), ['timer round 1000']);
  assert.equal(kindsOf(core.timeout()), ['sign', 'timer round 2000']);
  assert.equal(core.signed(), ['round-change 1/1']);
  assert.is(core.state().round, 1);
});

test('R-5.14: above round 0 the time begins anew when a quorum is in the round', () => {
  const core = actor();
  core.give(WORK);
  assert.equal(kindsOf(core.timeout()), ['sign', 'timer round 2000']);
  core.receive(roundChange(2, 1));
  assert.is(core.state().inCompany, false);
  core.wait(1500);
  assert.equal(
    kindsOf(core.receive(roundChange(3, 1))).filter((kind) => kind.startsWith('timer')),
    ['timer round 2000'],
  );
  assert.is(core.state().inCompany, true);
});

test('R-1.5: timeouts grow to the cap and no further', () => {
  const core = actor();
  core.give(WORK);
  core.timeout();
  const armed: number[] = [];
  for (let round = 2; round < 8; round += 1) {
    // All others are heard of: nobody is absent.
    const effects = core.receive(...[0, 2, 3].map((author) => roundChange(author, round)));
    armed.push(effectOf(effects, 'set-timer').afterMs);
  }
  assert.equal(armed, [4000, 8000, 8000, 8000, 8000, 8000]);
});

test('R-5.4, R-5.5: alone in round 1 it stays, and sends its newest messages at every timeout', () => {
  const core = actor();
  core.give(WORK);
  core.timeout();
  for (let i = 0; i < 20; i += 1) {
    const effects = core.timeout();
    assert.equal(kindsOf(effects), ['send', 'timer round 2000']);
    assert.equal(effectOf(effects, 'send').messages, [roundChange(1, 1)]);
  }
  assert.is(core.state().round, 1);
  core.receive(roundChange(2, 1));
  core.timeout();
  assert.is(core.state().round, 1);
});

test('R-5.4: in the company of a quorum a round is left', () => {
  const core = createActor(createScript(4, 3), 3);
  core.give(WORK);
  core.timeout();
  core.receive(roundChange(0, 1), roundChange(2, 1));
  core.timeout();
  assert.equal(core.signed(), ['round-change 1/1', 'round-change 1/2']);
});

test('R-5.4, R-5.5: with a prepare out, round 0 is left only in company', () => {
  const core = actor();
  const first = proposal(0, 0);
  core.receive(first);
  const effects = core.timeout();
  assert.is(core.state().round, 0);
  const mine = effectOf(effects, 'send');
  assert.is(mine.to, 'all');
  assert.equal(mine.messages, [first, prepare(1, 0, digest)]);
  core.receive(prepare(2, 0, digest));
  core.timeout();
  assert.is(core.state().round, 1);
});

test('R-5.6: a round change carries no certificate with too few prepares, the quorum if there is one', () => {
  const without = actor();
  without.receive(proposal(0, 0), prepare(2, 0, digest));
  without.timeout();
  assert.is(without.state().own.roundChange?.signed.prepared, undefined);
  const having = actor();
  having.receive(proposal(0, 0), prepare(2, 0, digest), prepare(3, 0, digest));
  having.timeout();
  const sent = having.state().own.roundChange;
  assert.equal(sent?.signed.prepared, { round: 0, digest });
  assert.equal(sent?.prepares, certificate(0, digest, [1, 2, 3]).prepares);
});

test('R-5.7: f + 1 higher rounds pull it to the lowest of them, one does not', () => {
  const core = actor();
  core.receive(roundChange(0, 7));
  assert.is(core.state().round, 0);
  core.receive(roundChange(2, 4));
  assert.is(core.state().round, 4);
  assert.equal(core.signed(), ['round-change 1/4']);
});

test('R-5.7: prepares and commits of higher rounds pull as well, and all at once', () => {
  const core = actor();
  core.receive(prepare(0, 3, otherHash), commit(2, 3, otherHash));
  assert.is(core.state().round, 3);
});

test('R-5.9, R-2.3: the newest round change of a peer stays; those of old rounds are dropped', () => {
  const core = actor();
  core.receive(roundChange(0, 3), roundChange(0, 2));
  assert.is(core.refusal(), 'CONSENSUS_OLD_ROUND');
  core.receive(roundChange(2, 3));
  core.receive(roundChange(3, 1));
  assert.is(core.refusal(), 'CONSENSUS_OLD_ROUND');
  core.receive(prepare(3, 0, digest));
  assert.is(core.refusal(), 'CONSENSUS_OLD_ROUND');
});

test('R-5.8: a round change with a bad certificate does not count', () => {
  const good = roundChange(0, 1, certificate(0, digest, [0, 2, 3]));
  const bad = { ...good, prepares: good.prepares.slice(1) };
  const core = actor();
  core.receive(roundChange(2, 1), bad);
  assert.is(core.refusal(), 'CONSENSUS_BAD_CERTIFICATE');
  assert.is(core.state().round, 0);
  core.receive(good);
  assert.is(core.state().round, 1);
});

test('R-1.4: a timer of a round that is over is ignored', () => {
  const core = actor();
  core.give(WORK);
  core.timeout();
  core.give({ kind: 'timer', timer: { name: 'round', height: 1n, round: 0 } });
  assert.is(core.refusal(), 'CONSENSUS_STALE_INPUT');
  assert.is(core.state().round, 1);
});

test('R-5.10: a block that does not execute ends the round at once', () => {
  const core = actor({
    answer: ({ height, round, digest: wanted }) => {
      const result = { ok: false, code: 'VM_WRONG_ROOT', message: 'state root' } as const;
      return { kind: 'block-validated', height, round, digest: wanted, result };
    },
  });
  core.receive(proposal(0, 0));
  assert.equal(core.signed(), ['round-change 1/1']);
  // In round 1 it has no company yet.
  core.receive(proposal(1, 1, { roundChanges: [0, 2, 3].map((i) => roundChange(i, 1)) }));
  assert.is(core.state().round, 1);
});

test('R-5.2: a message of any validator wakes an idle height, once for each timeout', () => {
  const core = actor();
  assert.equal(kindsOf(core.receive(roundChange(2, 1))), ['timer round 1000']);
  const next = (height: bigint): InputBody => ({
    kind: 'new-height',
    context: { ...script.context, height },
  });
  core.give(next(2n));
  const change = (by: number, height: bigint): QbftMessage =>
    script.sign(by, { kind: 'round-change', height, round: 1, prepared: undefined, prepares: [] });
  assert.equal(kindsOf(core.receive(change(2, 2n))), []);
  const vote = script.sign(3, { kind: 'prepare', height: 2n, round: 0, digest });
  assert.equal(kindsOf(core.receive(vote)), ['timer round 1000']);
  core.give(next(3n));
  core.receive(change(2, 3n));
  assert.not(core.state().awake, 'nor does the message wake when it comes too soon again');
  core.wait(1000);
  core.receive(change(2, 3n));
  assert.is(core.refusal(), 'CONSENSUS_DUPLICATE');
  assert.ok(core.state().awake, 'the same message again counts when the time has passed');
});

test('R-5.3: who has accepted a message keeps a timer in every round until the height is final', () => {
  const core = actor();
  assert.ok(kindsOf(core.receive(proposal(0, 0))).includes('timer round 1000'));
  assert.ok(kindsOf(core.timeout()).includes('timer round 1000'));
});

test('R-5.11: a validator that joins is sent the newest messages, an idle one sends none', () => {
  const core = actor();
  const validator = script.validators[3] as never;
  assert.equal(core.give({ kind: 'peer-joined', validator }), []);
  const first = proposal(0, 0);
  core.receive(first, prepare(2, 0, digest), prepare(3, 0, digest));
  const { to, messages } = effectOf(core.give({ kind: 'peer-joined', validator }), 'send');
  assert.is(to, validator);
  assert.equal(messages, [first, prepare(1, 0, digest), commit(1, 0, digest)]);
});

test.run();
