/** One core against scripted peers; the scenarios are those of Besu's QBFT integration tests and more. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asAddress,
  asHash,
  commitSealHash,
  decodeExtraData,
  encodeExtraData,
  equalBytes,
  headerHash,
  type QbftExtraData,
  withRound,
} from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { isSenderFault } from './errors.ts';
import type { InputBody } from './input.ts';
import type { ProposalMessage, QbftMessage } from './messages.ts';
import { headOf } from './statement.ts';
import { type Actor, type ActorOptions, createActor, createScript } from './testkit/script.ts';
import type { ToyBody } from './testkit/toy-chain.ts';
import { ROUNDS_PER_AUTHOR } from './vote-book.ts';

const test = suite('consensus/step');

// Validator 0 proposes round 0, validator 1 round 1, and so on.
const script = createScript(4, 1);
const { proposal, prepare, commit, roundChange, certificate, block } = script;
const body = block(0);
const digest = commitSealHash(body.header);
const otherHash = asHash(new Uint8Array(32).fill(9));

const WORK: InputBody = { kind: 'work', height: 1n };
const actor = (options?: ActorOptions): Actor => createActor(script, 1, options);
const codeOf = (core: Actor): string | undefined => {
  const verdict = core.verdict();
  return verdict.ok ? undefined : verdict.code;
};
const kinds = (effects: readonly Effect[]): readonly string[] =>
  effects.map((effect) =>
    effect.kind === 'set-timer' ? `timer ${effect.timer.name} ${effect.afterMs}` : effect.kind,
  );
const find = <K extends Effect['kind']>(
  effects: readonly Effect[],
  kind: K,
): Extract<Effect, { kind: K }> => {
  const found = effects.find((effect) => effect.kind === kind);
  assert.ok(found, `an effect ${kind}`);
  return found as Extract<Effect, { kind: K }>;
};

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
  const { header } = find(effects, 'finalise');
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
  find(effects, 'finalise');
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
  assert.is(codeOf(core), 'CONSENSUS_BAD_SEAL');
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
  const { header } = find(core.receive(commit(2, 0, digest)), 'finalise');
  const extraData = decodeExtraData(header.extraData);
  assert.ok(extraData.ok && extraData.extraData.round === 0);
});

test('R-4.5, R-4.7: a committed block that is unknown is fetched from those who committed', () => {
  const core = actor({ answer: () => undefined });
  const effects = core.receive(...[0, 2, 3].map((i) => commit(i, 0, digest)));
  const request = find(effects, 'validate-block');
  assert.equal(
    request.from,
    [0, 2, 3].map((i) => script.validators[i]),
  );
  assert.is(request.proposal, undefined);
  core.receive(proposal(0, 0));
  const { header, transactionHashes } = body;
  const result = { ok: true, header, transactionHashes } as const;
  const done = core.give({ kind: 'block-validated', height: 1n, round: 0, digest, result });
  find(done, 'finalise');
});

test('R-4.7: a body is asked of the proposer, then of all who named it, again and again', () => {
  const core = actor({ answer: () => undefined });
  const first = core.receive(proposal(0, 0));
  assert.equal(find(first, 'validate-block').from, [script.validators[0]]);
  core.receive(prepare(2, 0, digest), prepare(3, 0, otherHash));
  const expired: InputBody = { kind: 'timer', timer: { name: 'fetch', height: 1n, round: 0 } };
  for (let i = 0; i < 3; i += 1) {
    const again = core.give(expired);
    assert.equal(kinds(again), ['validate-block', 'timer fetch 250']);
    assert.equal(find(again, 'validate-block').from, [script.validators[0], script.validators[2]]);
  }
});

test('R-4.7: nobody delivering leaves the block open', () => {
  const core = actor({ answer: () => undefined });
  core.receive(proposal(0, 0));
  const result = { ok: false, code: 'CONSENSUS_BODY_UNAVAILABLE', message: '' } as const;
  core.give({ kind: 'block-validated', height: 1n, round: 0, digest, result });
  assert.is(codeOf(core), 'CONSENSUS_BODY_UNAVAILABLE');
  assert.is(core.state().phase.kind, 'validating');
});

test('R-3.1: the proposer builds when the gap is over and there is work, whichever comes last', () => {
  const late = {
    ...script,
    context: { ...script.context, gapEndsAtMs: script.context.gapEndsAtMs + 500 },
  };
  const proposer = createScript(4, 0);
  for (const order of ['work first', 'gap first'] as const) {
    const core = createActor({ ...proposer, context: late.context }, 0);
    assert.equal(kinds(core.effects), ['timer gap 500']);
    const gap: InputBody = { kind: 'timer', timer: { name: 'gap', height: 1n, round: 0 } };
    const inputs = order === 'work first' ? [WORK, gap] : [gap, WORK];
    assert.equal(kinds(core.give(inputs[0] as InputBody)), []);
    core.give(inputs[1] as InputBody);
    assert.equal(core.signed(), ['proposal 1/0', 'prepare 1/0']);
  }
});

test('R-3.1: a block that was built for a round that is over is not proposed', () => {
  const core = createActor({ ...createScript(4, 0) }, 0, { isSignerDown: true });
  core.receive(roundChange(2, 1), roundChange(3, 1));
  assert.is(core.state().round, 1);
  core.give({ kind: 'block-built', height: 1n, round: 0, ...body });
  assert.is(codeOf(core), 'CONSENSUS_STALE_INPUT');
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
    assert.is(codeOf(core), code);
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
  assert.is(codeOf(core), 'CONSENSUS_BAD_HEADER');
});

test('R-3.4, R-9.2: a proposal may carry a vote, also one without effect', () => {
  const [member] = script.validators;
  const stranger = asAddress(new Uint8Array(20).fill(9));
  for (const recipient of [member, stranger]) {
    for (const add of [true, false]) {
      const core = actor();
      core.receive(proposal(0, 0, { body: bodyWith({ vote: { recipient, add } as never }) }));
      assert.is(codeOf(core), undefined);
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
  assert.equal(kinds(effects), ['timer hold 4000', 'timer round 1000']);
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
  find(effects, 'finalise');
});

test("R-3.8: under Besu's timestamps a proposal from the future is refused", () => {
  const besu = createScript(4, 1, { timestamps: 'besu' });
  const future = { ...body.header, timestamp: BigInt(script.context.gapEndsAtMs / 1000 + 5) };
  const core = createActor(besu, 1);
  core.receive(proposal(0, 0, { body: { ...body, header: future } }));
  assert.equal(core.signed(), ['round-change 1/1']);
});

test('R-5.1, R-5.4: at its timeout round 0 is left freely, and its timeout doubles', () => {
  const core = actor();
  assert.equal(kinds(core.give(WORK)), ['timer round 1000']);
  assert.equal(kinds(core.timeout()), ['sign', 'timer round 2000']);
  assert.equal(core.signed(), ['round-change 1/1']);
  assert.is(core.state().round, 1);
});

test('R-5.14: above round 0 the time begins anew when a quorum is in the round', () => {
  const core = actor();
  core.give(WORK);
  assert.equal(kinds(core.timeout()), ['sign', 'timer round 2000']);
  core.receive(roundChange(2, 1));
  assert.is(core.state().inCompany, false);
  core.wait(1500);
  assert.equal(
    kinds(core.receive(roundChange(3, 1))).filter((kind) => kind.startsWith('timer')),
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
    armed.push(find(effects, 'set-timer').afterMs);
  }
  assert.equal(armed, [4000, 8000, 8000, 8000, 8000, 8000]);
});

test('R-5.4, R-5.5: alone in round 1 it stays, and sends its newest messages at every timeout', () => {
  const core = actor();
  core.give(WORK);
  core.timeout();
  for (let i = 0; i < 20; i += 1) {
    const effects = core.timeout();
    assert.equal(kinds(effects), ['send', 'timer round 2000']);
    assert.equal(find(effects, 'send').messages, [roundChange(1, 1)]);
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
  const mine = find(effects, 'send');
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
    find(asked, 'validate-block').from,
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
  assert.is(codeOf(core), 'CONSENSUS_OLD_ROUND');
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
  assert.is(codeOf(core), 'CONSENSUS_OLD_ROUND');
  core.receive(roundChange(2, 3));
  core.receive(roundChange(3, 1));
  assert.is(codeOf(core), 'CONSENSUS_OLD_ROUND');
  core.receive(prepare(3, 0, digest));
  assert.is(codeOf(core), 'CONSENSUS_OLD_ROUND');
});

test('R-5.8: a round change with a bad certificate does not count', () => {
  const good = roundChange(0, 1, certificate(0, digest, [0, 2, 3]));
  const bad = { ...good, prepares: good.prepares.slice(1) };
  const core = actor();
  core.receive(roundChange(2, 1), bad);
  assert.is(codeOf(core), 'CONSENSUS_BAD_CERTIFICATE');
  assert.is(core.state().round, 0);
  core.receive(good);
  assert.is(core.state().round, 1);
});

test('R-1.4: a timer of a round that is over is ignored', () => {
  const core = actor();
  core.give(WORK);
  core.timeout();
  core.give({ kind: 'timer', timer: { name: 'round', height: 1n, round: 0 } });
  assert.is(codeOf(core), 'CONSENSUS_STALE_INPUT');
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

test('R-4.5: a block refused for its list is final when a quorum commits it and peers have it', () => {
  // The proposer has sent this validator alone a list that is not the block's.
  const listed = proposal(0, 0, { body: { ...body, transactionHashes: [otherHash] } });
  const late = actor({ answer: () => undefined });
  late.receive(listed, ...[0, 2].map((i) => prepare(i, 0, digest)));
  late.receive(...[0, 2, 3].map((i) => commit(i, 0, digest)));
  const refusal = { ok: false, code: 'VM_TRANSACTIONS_ROOT', message: '' } as const;
  const validated = { kind: 'block-validated', height: 1n, round: 0, digest } as const;
  const again = find(late.give({ ...validated, result: refusal }), 'validate-block');
  assert.is(again.proposal, undefined);
  find(late.give({ ...validated, result: { ok: true, ...body } }), 'finalise');
});

test('R-5.2: a message of any validator wakes an idle height, once for each timeout', () => {
  const core = actor();
  assert.equal(kinds(core.receive(roundChange(2, 1))), ['timer round 1000']);
  const next = (height: bigint): InputBody => ({
    kind: 'new-height',
    context: { ...script.context, height },
  });
  core.give(next(2n));
  const change = (by: number, height: bigint): QbftMessage =>
    script.sign(by, { kind: 'round-change', height, round: 1, prepared: undefined, prepares: [] });
  assert.equal(kinds(core.receive(change(2, 2n))), []);
  const vote = script.sign(3, { kind: 'prepare', height: 2n, round: 0, digest });
  assert.equal(kinds(core.receive(vote)), ['timer round 1000']);
  core.give(next(3n));
  core.receive(change(2, 3n));
  assert.not(core.state().awake, 'nor does the message wake when it comes too soon again');
  core.wait(1000);
  core.receive(change(2, 3n));
  assert.is(codeOf(core), 'CONSENSUS_DUPLICATE');
  assert.ok(core.state().awake, 'the same message again counts when the time has passed');
});

test('R-5.3: who has accepted a message keeps a timer in every round until the height is final', () => {
  const core = actor();
  assert.ok(kinds(core.receive(proposal(0, 0))).includes('timer round 1000'));
  assert.ok(kinds(core.timeout()).includes('timer round 1000'));
});

test('R-5.11: a validator that joins is sent the newest messages, an idle one sends none', () => {
  const core = actor();
  const validator = script.validators[3] as never;
  assert.equal(core.give({ kind: 'peer-joined', validator }), []);
  const first = proposal(0, 0);
  core.receive(first, prepare(2, 0, digest), prepare(3, 0, digest));
  const { to, messages } = find(core.give({ kind: 'peer-joined', validator }), 'send');
  assert.is(to, validator);
  assert.equal(messages, [first, prepare(1, 0, digest), commit(1, 0, digest)]);
});

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
    assert.is(codeOf(core), code);
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
  assert.is(codeOf(core), 'CONSENSUS_BAD_SIGNATURE');
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
    const { first: a, second: b } = find(core.receive(second), 'evidence');
    assert.is(codeOf(core), 'CONSENSUS_EQUIVOCATION');
    assert.equal([a, b], [headOf(first), headOf(second)]);
    assert.not(kinds(core.receive(second)).includes('evidence'));
    core.receive(first);
    assert.is(codeOf(core), 'CONSENSUS_DUPLICATE');
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
  find(effects, 'finalise');
  assert.equal(observer.signed(), []);
  assert.equal(
    kinds(observer.effects).filter((kind) => kind.startsWith('timer round')),
    [],
  );
});

test('R-2.3, R-6.4: after a new height nothing of the old one is left', () => {
  const core = actor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest));
  core.give({ kind: 'new-height', context: { ...script.context, height: 2n } });
  const { height, round, prepared, own } = core.state();
  assert.equal([height, round, prepared, own.commit], [2n, 0, undefined, undefined]);
  core.receive(commit(0, 0, digest));
  assert.is(codeOf(core), 'CONSENSUS_OLD_HEIGHT');
  core.give({ kind: 'new-height', context: script.context });
  assert.is(codeOf(core), 'CONSENSUS_STALE_INPUT');
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
