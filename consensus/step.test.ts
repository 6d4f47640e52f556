/**
 * What holds of every step. One core against scripted peers: the scenarios, here and in the tests of messages,
 * proposals, votes and rounds, are those of Besu's QBFT integration tests and more.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { actor, digest, script } from './testkit/one-core.ts';

const test = suite('consensus/step');

const { proposal, prepare, commit } = script;

test('R-2.3, R-6.4: after a new height nothing of the old one is left', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  core.give({ kind: 'new-height', context: { ...script.context, height: 2n } });
  const { height, round, prepared, own } = core.state();
  assert.equal([height, round, prepared, own.commit], [2n, 0, undefined, undefined]);
  core.receive(commit(0, 0, digest));
  assert.is(core.refusal(), 'CONSENSUS_OLD_HEIGHT');
  core.give({ kind: 'new-height', context: script.context });
  assert.is(core.refusal(), 'CONSENSUS_STALE_INPUT');
});

test('R-1.4: a step leaves the state it was given as it was', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(2, 0, digest));
  const before = core.state();
  const copy = structuredClone(before);
  core.receive(prepare(0, 0, digest), commit(0, 0, digest), commit(2, 0, digest));
  assert.equal(structuredClone(before), copy);
});

test.run();
