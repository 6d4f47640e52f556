/** What a core proposes, and which proposals it accepts: section 3 of docs/spec/consensus.md. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asAddress,
  commitSealHash,
  decodeExtraData,
  encodeExtraData,
  equalBytes,
  headerHash,
  type QbftExtraData,
  withRound,
} from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import type { InputBody } from './input.ts';
import type { ProposalMessage, QbftMessage } from './messages.ts';
import {
  actor,
  body,
  digest,
  effectOf,
  kindsOf,
  otherHash,
  script,
  WORK,
} from './testkit/one-core.ts';
import { createActor, createScript } from './testkit/script.ts';
import type { ToyBody } from './testkit/toy-chain.ts';

const test = suite('consensus/proposals');

const { proposal, prepare, commit, roundChange, certificate, block } = script;

test('R-3.1: the proposer builds when the gap is over and there is work, whichever comes last', () => {
  const late = {
    ...script,
    context: { ...script.context, gapEndsAtMs: script.context.gapEndsAtMs + 500 },
  };
  const proposer = createScript(4, 0);
  for (const order of ['work first', 'gap first'] as const) {
    const core = createActor({ ...proposer, context: late.context }, 0);
    assert.equal(kindsOf(core.effects), ['timer gap 500']);
    const gap: InputBody = { kind: 'timer', timer: { name: 'gap', height: 1n, round: 0 } };
    const inputs = order === 'work first' ? [WORK, gap] : [gap, WORK];
    assert.equal(kindsOf(core.give(inputs[0] as InputBody)), []);
    core.give(inputs[1] as InputBody);
    assert.equal(core.signed(), ['proposal 1/0', 'prepare 1/0']);
  }
});

test('R-3.1: a block that was built for a round that is over is not proposed', () => {
  const core = createActor({ ...createScript(4, 0) }, 0, { isSignerDown: true });
  core.receive(roundChange(2, 1), roundChange(3, 1));
  assert.is(core.state().round, 1);
  core.give({ kind: 'block-built', height: 1n, round: 0, ...body });
  assert.is(core.refusal(), 'CONSENSUS_STALE_INPUT');
});

test('R-3.2, R-3.3: proposals of round 0 that are refused', () => {
  const cases: readonly (readonly [QbftMessage, string])[] = [
    [proposal(2, 0), 'CONSENSUS_WRONG_PROPOSER'],
    [proposal(0, 0, { body: block(2) }), 'CONSENSUS_BAD_JUSTIFICATION'],
    [proposal(0, 0, { roundChanges: [roundChange(0, 1)] }), 'CONSENSUS_BAD_JUSTIFICATION'],
    [proposal(0, 0, { prepares: [prepare(2, 0, digest).signed] }), 'CONSENSUS_BAD_JUSTIFICATION'],
    [proposal(0, 0, { body: block(0, 1) }), 'CONSENSUS_BAD_HEADER'],
    [{ ...proposal(0, 0), header: block(2).header }, 'CONSENSUS_DIGEST_MISMATCH'],
    [{ ...proposal(0, 0), transactionHashes: [otherHash] }, 'CONSENSUS_DIGEST_MISMATCH'],
    [proposal(0, 0, { height: 2n }), 'CONSENSUS_FUTURE_HEIGHT'],
  ];
  for (const [message, code] of cases) {
    const core = actor();
    core.receive(message);
    assert.is(core.refusal(), code);
    assert.equal(
      core.signed().filter((each) => each.startsWith('prepare')),
      [],
    );
  }
});

function bodyWith(change: Partial<QbftExtraData>): ToyBody {
  const decoded = decodeExtraData(body.header.extraData);
  assert.ok(decoded.ok);
  const extraData = encodeExtraData({ ...decoded.extraData, ...change });
  return { ...body, header: { ...body.header, extraData } };
}

test('R-3.4: a proposal with seals is refused', () => {
  const core = actor();
  core.receive(proposal(0, 0, { body: bodyWith({ seals: [new Uint8Array(65)] }) }));
  assert.is(core.refusal(), 'CONSENSUS_BAD_HEADER');
});

test('R-3.4, R-9.2: a proposal may carry a vote, also one without effect', () => {
  const [member] = script.validators;
  const stranger = asAddress(new Uint8Array(20).fill(9));
  for (const recipient of [member, stranger]) {
    for (const add of [true, false]) {
      const core = actor();
      core.receive(proposal(0, 0, { body: bodyWith({ vote: { recipient, add } as never }) }));
      assert.is(core.refusal(), undefined);
      assert.equal(core.signed(), ['prepare 1/0']);
    }
  }
});

test('R-9.7: a block that is proposed again keeps its vote', () => {
  const voting = bodyWith({ vote: { recipient: asAddress(new Uint8Array(20)), add: true } });
  const first = commitSealHash(voting.header);
  const core = createActor(script, 1);
  core.receive(proposal(0, 0, { body: voting }), prepare(0, 0, first), prepare(2, 0, first));
  assert.equal(core.signed(), ['prepare 1/0', 'commit 1/0']);
  core.timeout();
  const certificate = script.certificate(0, first, [0, 1, 2]);
  core.receive(roundChange(0, 1, certificate), roundChange(2, 1));
  const again = core.effects.find(
    (effect) => effect.kind === 'sign' && effect.unsigned.kind === 'proposal',
  );
  assert.ok(again?.kind === 'sign' && again.unsigned.kind === 'proposal');
  const decoded = decodeExtraData(again.unsigned.header.extraData);
  assert.ok(decoded.ok && decoded.extraData.round === 1 && decoded.extraData.vote !== undefined);
});

test('R-3.8: a proposal from the future is held, then validated', () => {
  const future = { ...body.header, timestamp: BigInt(script.context.gapEndsAtMs / 1000 + 5) };
  const ahead = proposal(0, 0, { body: { ...body, header: future } });
  const core = actor();
  const effects = core.receive(ahead);
  assert.equal(kindsOf(effects), ['timer hold 4000', 'timer round 1000']);
  assert.is(core.state().phase.kind, 'held');
  core.wait(4000);
  core.give({ kind: 'timer', timer: { name: 'hold', height: 1n, round: 0 } });
  assert.equal(core.signed(), ['prepare 1/0']);
});

test('R-3.8: a held block with a quorum of commits is final at once', () => {
  const future = { ...body.header, timestamp: BigInt(script.context.gapEndsAtMs / 1000 + 5) };
  const core = actor();
  core.receive(proposal(0, 0, { body: { ...body, header: future } }));
  const effects = core.receive(...[0, 2, 3].map((i) => commit(i, 0, commitSealHash(future))));
  effectOf(effects, 'finalise');
});

test("R-3.8: under Besu's timestamps a proposal from the future is refused", () => {
  const besu = createScript(4, 1, { timestamps: 'besu' });
  const future = { ...body.header, timestamp: BigInt(script.context.gapEndsAtMs / 1000 + 5) };
  const core = createActor(besu, 1);
  core.receive(proposal(0, 0, { body: { ...body, header: future } }));
  assert.equal(core.signed(), ['round-change 1/1']);
});

test('R-3.11: who gathers a quorum of round changes for its turn proposes a new block', () => {
  const core = actor();
  core.receive(roundChange(0, 1), roundChange(2, 1));
  assert.equal(core.signed(), ['round-change 1/1', 'proposal 1/1', 'prepare 1/1']);
  const { proposal: own } = core.state().own;
  assert.is(own?.roundChanges.length, 3);
  assert.is(own?.prepares.length, 0);
});

test('R-3.6, R-3.10: it proposes the block a peer prepared again, once it has validated it', () => {
  const asked: Effect[] = [];
  const core = actor({
    answer: (effect) => {
      asked.push(effect);
      const { height, round, proposal: known } = effect;
      const { header, transactionHashes } = known ?? body;
      const result = { ok: true, header, transactionHashes } as const;
      return { kind: 'block-validated', height, round, digest: effect.digest, result };
    },
  });
  const locked = certificate(0, digest, [0, 2, 3]);
  core.receive(roundChange(0, 1, locked), roundChange(2, 1));
  assert.equal(core.signed(), ['round-change 1/1', 'proposal 1/1', 'prepare 1/1']);
  const own = core.state().own.proposal as ProposalMessage;
  // The same block, its first proposer still the beneficiary.
  assert.equal(own.header, withRound(body.header, 1));
  assert.ok(equalBytes(headerHash(own.header, 'qbft'), headerHash(body.header, 'qbft')));
  assert.equal(own.prepares, locked.prepares);
  assert.is(asked.length, 2);
  assert.equal(
    effectOf(asked, 'validate-block').from,
    [0, 2, 3].map((i) => script.validators[i]),
  );
});

test('R-3.10: without the body it does not propose', () => {
  const core = actor({ answer: () => undefined });
  core.receive(roundChange(0, 1, certificate(0, digest, [0, 2, 3])), roundChange(2, 1));
  assert.equal(core.signed(), ['round-change 1/1']);
  assert.is(core.state().phase.kind, 're-proposing');
});

test('R-3.11: the highest of several certificates wins', () => {
  const second = withRound(body.header, 2);
  const proposer = createScript(4, 3);
  const core = createActor(proposer, 3, {
    answer: ({ height, round, digest: wanted, proposal: known }) => {
      const header = known?.header ?? second;
      const result = { ok: true, header, transactionHashes: [] } as const;
      return { kind: 'block-validated', height, round, digest: wanted, result };
    },
  });
  core.receive(roundChange(0, 3, certificate(0, digest, [0, 1, 2])));
  core.receive(roundChange(2, 3, certificate(2, commitSealHash(second), [0, 1, 2])));
  assert.equal(core.state().own.proposal?.prepares[0]?.round, 2);
});

test('R-3.9: a justified proposal of a higher round is entered', () => {
  const core = actor();
  const changes = [0, 2, 3].map((i) => roundChange(i, 2));
  core.receive(proposal(2, 2, { roundChanges: changes }));
  assert.is(core.state().round, 2);
  assert.equal(core.signed(), ['prepare 1/2']);
  core.receive(proposal(0, 0));
  assert.is(core.refusal(), 'CONSENSUS_OLD_ROUND');
});

test.run();
