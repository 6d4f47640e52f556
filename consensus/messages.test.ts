/** Which messages a core takes and keeps: section 2 of docs/spec/consensus.md. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSenderFault } from './errors.ts';
import type { QbftMessage } from './messages.ts';
import { headOf } from './statement.ts';
import { actor, digest, effectOf, kindsOf, otherHash, script } from './testkit/one-core.ts';
import { createActor, createScript } from './testkit/script.ts';
import { ROUNDS_PER_AUTHOR } from './vote-book.ts';

const test = suite('consensus/messages');

const { proposal, prepare, commit, roundChange, certificate, block } = script;

test('R-2.2: strangers, forged authors and high s are refused and leave no trace', () => {
  const strange = createScript(7, undefined);
  const members = new Set(script.validators.map(String));
  const stranger = strange.validators.findIndex((address) => !members.has(String(address)));
  const good = prepare(2, 0, digest);
  const forged = { ...good, signed: { ...good.signed, author: script.validators[3] as never } };
  for (const [message, code] of [
    [strange.prepare(stranger, 0, digest), 'CONSENSUS_NOT_VALIDATOR'],
    [forged, 'CONSENSUS_BAD_SIGNATURE'],
    [withHighS(good), 'CONSENSUS_BAD_SIGNATURE'],
  ] as const) {
    const core = actor();
    const before = core.state();
    core.receive(message);
    assert.is(core.refusal(), code);
    assert.equal(core.state(), before);
  }
});

function withHighS(message: ReturnType<typeof prepare>): ReturnType<typeof prepare> {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { signature } = message.signed;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);
  const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
  const flipped = Uint8Array.of(
    ...signature.subarray(0, 32),
    ...high,
    1 - (signature[64] as number),
  );
  return { ...message, signed: { ...message.signed, signature: flipped } };
}

test('R-2.1: a message signed for another genesis is refused', () => {
  const foreign = createScript(4, 1, { genesisHash: otherHash });
  const core = createActor(foreign, 1);
  core.receive(prepare(2, 0, digest));
  assert.is(core.refusal(), 'CONSENSUS_BAD_SIGNATURE');
  assert.ok(isSenderFault('CONSENSUS_BAD_SIGNATURE'));
});

test('R-2.4: of two contradicting messages the first counts, and both are reported once', () => {
  const pairs: readonly (readonly [QbftMessage, QbftMessage])[] = [
    [proposal(0, 0), proposal(0, 0, { body: block(0, 0, [otherHash]) })],
    [prepare(2, 0, digest), prepare(2, 0, otherHash)],
    [commit(2, 0, digest), commit(2, 0, otherHash)],
    [roundChange(2, 1), roundChange(2, 1, certificate(0, digest, [0, 2, 3]))],
  ];
  for (const [first, second] of pairs) {
    const core = actor();
    core.receive(first);
    const { first: a, second: b } = effectOf(core.receive(second), 'evidence');
    assert.is(core.refusal(), 'CONSENSUS_EQUIVOCATION');
    assert.equal([a, b], [headOf(first), headOf(second)]);
    assert.not(kindsOf(core.receive(second)).includes('evidence'));
    core.receive(first);
    assert.is(core.refusal(), 'CONSENSUS_DUPLICATE');
  }
});

test('R-2.5: a flood of rounds pushes out only its own author', () => {
  const core = actor();
  core.receive(prepare(2, 0, digest));
  for (let round = 1; round <= 100; round += 1) {
    core.receive(prepare(3, round, digest), commit(3, round, digest), roundChange(3, round));
  }
  for (const votes of core.state().prepares.values()) assert.ok(votes.length <= ROUNDS_PER_AUTHOR);
  assert.is(core.state().roundChanges.size, 1);
  core.receive(proposal(0, 0), prepare(0, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0', 'commit 1/0']);
});

test('R-2.7: an observer and a former validator follow to the end without signing', () => {
  const observer = createActor(createScript(4, undefined), 1);
  observer.receive(proposal(0, 0), ...[0, 1, 2].map((i) => prepare(i, 0, digest)));
  const effects = observer.receive(...[0, 2, 3].map((i) => commit(i, 0, digest)));
  effectOf(effects, 'finalise');
  assert.equal(observer.signed(), []);
  assert.equal(
    kindsOf(observer.effects).filter((kind) => kind.startsWith('timer round')),
    [],
  );
});

test.run();
