import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asHash, commitSealHash, headerHash } from '../ledger/model/index.ts';
import { FUTURE_DISTANCE, FUTURE_MESSAGES_PER_AUTHOR } from './future-messages.ts';
import type { QbftMessage } from './messages.ts';
import { actor, script } from './testkit/one-core.ts';
import { type Actor, createActor, createScript } from './testkit/script.ts';
import { buildToyBlock } from './testkit/toy-chain.ts';

const test = suite('consensus/future-messages');

const hash = asHash(new Uint8Array(32).fill(7));
const prepareAt = (by: number, height: bigint, round = 0): QbftMessage =>
  script.sign(by, { kind: 'prepare', height, round, digest: hash });
const held = (core: Actor): number => [...core.state().future.values()].flat().length;

test('R-8.1: messages of near heights are kept once, of far ones not', () => {
  const core = actor();
  core.receive(prepareAt(0, 2n), prepareAt(0, 2n), prepareAt(0, 1n + FUTURE_DISTANCE));
  assert.is(held(core), 2);
  core.receive(prepareAt(0, 2n + FUTURE_DISTANCE));
  assert.is(core.refusal(), 'CONSENSUS_FUTURE_HEIGHT');
  assert.is(held(core), 2);
});

test("R-8.1: a flood fills its own author's share only", () => {
  const core = actor();
  for (let i = 0; i < 2 * FUTURE_MESSAGES_PER_AUTHOR; i += 1) core.receive(prepareAt(0, 2n, i));
  assert.is(core.refusal(), 'CONSENSUS_BUFFER_FULL');
  assert.is(held(core), FUTURE_MESSAGES_PER_AUTHOR);
  core.receive(prepareAt(2, 2n));
  assert.is(held(core), FUTURE_MESSAGES_PER_AUTHOR + 1);
});

test('R-8.1: proposals count for what they weigh', () => {
  const core = actor();
  const transactionHashes = Array.from({ length: 60_000 }, () => hash);
  const body = script.block(0, 0, transactionHashes);
  for (let height = 2n; height < 8n; height += 1n) {
    core.receive(script.proposal(0, 0, { body, height }));
  }
  assert.is(held(core), 2);
});

test('R-8.1: unsigned ones and those of strangers are not kept', () => {
  const core = actor();
  const good = prepareAt(0, 2n);
  const forged = { ...good, signed: { ...good.signed, author: script.validators[2] as never } };
  core.receive(forged as QbftMessage);
  assert.is(held(core), 0);
});

test('R-8.2: at their height they are replayed: a whole height can be decided from them', () => {
  const parent = script.block(0).header;
  const parentHash = headerHash(parent, 'qbft');
  const { validators } = script;
  const context = { ...script.context, height: 2n, parent, parentHash };
  const leader = validators.findIndex((each) => String(each) === String(parent.beneficiary)) + 1;
  const body = buildToyBlock({
    parent,
    parentHash,
    validators,
    beneficiary: validators[leader] as never,
    round: 0,
    timestamp: parent.timestamp,
    transactionHashes: [],
  });
  const follower = createScript(4, 3);
  const late = createActor(follower, 3);
  const digest = commitSealHash(body.header);
  const view = { height: 2n, round: 0, digest } as const;
  late.receive(script.proposal(leader, 0, { body, height: 2n }));
  for (const by of [0, 1]) {
    late.receive(script.sign(by, { kind: 'prepare', ...view }));
    late.receive(script.sign(by, { kind: 'commit', ...view }));
  }
  assert.is(held(late), 5);
  const effects = late.give({ kind: 'new-height', context });
  assert.ok(effects.some((effect) => effect.kind === 'finalise' && effect.height === 2n));
  assert.is(held(late), 0);
});

test.run();
