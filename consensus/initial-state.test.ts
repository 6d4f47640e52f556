import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commitSealHash } from '../ledger/model/index.ts';
import { fold, initialState } from './initial-state.ts';
import type { LogRecord } from './log-record.ts';
import { type ConsensusState, stateAtHeight } from './state.ts';
import { type Cluster, createCluster } from './testkit/cluster.ts';
import { actor, digest, otherHash, script } from './testkit/one-core.ts';
import type { Actor } from './testkit/script.ts';
import { START_MS } from './testkit/toy-chain.ts';

const test = suite('consensus/initial-state');

const { proposal, prepare, commit, roundChange, block, certificate } = script;
const other = block(0, 0, [otherHash]);
const otherDigest = commitSealHash(other.header);

/** What a crash must not lose. */
function durable(state: ConsensusState): unknown {
  const { lastSigned, prepared, own } = state;
  return { lastSigned, prepared, own };
}

const stories: readonly (readonly [string, (core: Actor) => void])[] = [
  ['nothing', () => undefined],
  ['a prepare', (core) => core.receive(proposal(0, 0))],
  [
    'a commit',
    (core) => core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest)),
  ],
  [
    'a round change with a certificate',
    (core) => {
      core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
      core.timeout();
    },
  ],
  ['an own proposal', (core) => core.receive(roundChange(0, 1), roundChange(2, 1))],
  [
    'votes in a higher round',
    (core) => {
      core.receive(proposal(0, 0));
      const changes = [0, 2, 3].map((i) => roundChange(i, 2));
      core.receive(proposal(2, 2, { roundChanges: changes }));
    },
  ],
];
for (const [name, story] of stories) {
  test(`R-6.1: after ${name}, folding the log gives what the core knew`, () => {
    const core = actor();
    story(core);
    const folded = fold(stateAtHeight(script.config, script.context), core.log);
    assert.equal(durable(folded), durable(core.state()));
    const { state } = initialState(script.config, script.context, core.log, START_MS);
    assert.is(state.round, core.state().round);
  });
}

test('R-6.1: in a faulty cluster no log says more than its node knew, or less than it sent', () => {
  const sent = new Map<string, number>();
  const cluster: Cluster = createCluster({
    validators: 4,
    seed: 5,
    onBoundary: (index, boundary) => {
      const node = cluster.nodes[index];
      if (boundary.at !== 'after-send' || node === undefined) return;
      const { kind, signed } = boundary.message;
      sent.set(`${index} ${signed.height} ${kind}`, signed.round);
      const live = node.state();
      // Blocks that came in by catching up have emptied the log, the core has yet to hear of them.
      if (live.height !== node.head().number + 1n) return;
      const { lastSigned, prepared } = fold(stateAtHeight(live.config, live.context), node.log());
      const was = live.lastSigned;
      const of = (each: string): number => sent.get(`${index} ${live.height} ${each}`) ?? -1;
      assert.is(lastSigned.proposal, of('proposal'));
      assert.is(lastSigned.prepare, of('prepare'));
      assert.is(lastSigned.commit, of('commit'));
      assert.is(lastSigned.roundChange, of('round-change'));
      assert.ok(lastSigned.prepare <= was.prepare && lastSigned.commit <= was.commit);
      assert.ok(lastSigned.commit <= (prepared?.round ?? -1), 'each commit has its certificate');
      assert.ok((prepared?.round ?? -1) <= (live.prepared?.round ?? -1));
    },
  });
  cluster.links.loss = 0.3;
  for (let i = 0; i < 20; i += 1) {
    cluster.submit([cluster.random.between(0, 3)]);
    cluster.run(2_000);
  }
  assert.ok(cluster.height() > 0n);
});

test('R-6.2: it sends its newest messages, validates its proposal again and runs the timer', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  const { state, effects } = initialState(script.config, script.context, core.log, START_MS);
  const [send, validate] = effects;
  assert.ok(send?.kind === 'send' && send.to === 'all');
  assert.equal(send.messages, [proposal(0, 0), prepare(1, 0, digest), commit(1, 0, digest)]);
  assert.ok(validate?.kind === 'validate-block');
  assert.ok(effects.some((effect) => effect.kind === 'set-timer' && effect.timer.name === 'round'));
  assert.is(state.phase.kind, 'validating');
});

test('R-6.2: an idle one starts idle', () => {
  const { state, effects } = initialState(script.config, script.context, [], START_MS);
  assert.equal(effects, []);
  assert.not(state.awake);
});

test('R-6.3: what was signed is not contradicted, whatever comes instead', () => {
  const before = actor();
  before.receive(proposal(0, 0));
  const core = actor({ recovered: before.log });
  assert.equal(core.signed(), []);
  core.receive(proposal(0, 0, { body: other }), prepare(0, 0, otherDigest));
  core.receive(prepare(2, 0, otherDigest), prepare(3, 0, otherDigest));
  assert.equal(core.signed(), []);
});

test('R-6.3, R-4.9: a lost signature answer is not asked for again in that round', () => {
  const core = actor({ isSignerDown: true });
  core.receive(proposal(0, 0));
  core.receive(proposal(0, 0, { body: other }));
  core.receive(prepare(0, 0, digest));
  assert.equal(core.signed(), ['prepare 1/0']);
});

test('R-10.2: a message that another process signed with the key ends the votes', () => {
  const core = actor();
  core.receive(prepare(1, 0, otherDigest));
  core.receive(proposal(0, 0));
  assert.equal(core.signed(), []);
});

test('R-6.1: a certificate that outlived its commit leads to the commit', () => {
  const { prepares } = certificate(0, digest, [0, 1, 2]);
  const recovered: readonly LogRecord[] = [
    { kind: 'message', message: proposal(0, 0) },
    { kind: 'message', message: prepare(1, 0, digest) },
    { kind: 'certificate', height: 1n, prepares },
  ];
  const core = actor({ recovered });
  assert.equal(core.signed(), ['commit 1/0']);
});

test('R-6.1: a round change after a restart carries the certificate of the log', () => {
  const before = actor();
  before.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  const core = actor({ recovered: before.log });
  core.receive(roundChange(0, 2), roundChange(2, 2));
  assert.equal(core.state().own.roundChange?.signed.prepared, { round: 0, digest });
});

test('R-6.1: records of other heights and observers have no part in it', () => {
  const before = actor();
  before.receive(proposal(0, 0));
  const next = { ...script.context, height: 2n };
  const { state } = initialState(script.config, next, before.log, START_MS);
  assert.is(state.lastSigned.prepare, -1);
  const observer = { ...script.config, self: undefined };
  const following = initialState(observer, script.context, before.log, START_MS);
  assert.equal(following.effects, []);
});

test.run();
