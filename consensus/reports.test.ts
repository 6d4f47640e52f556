/** One core among scripted reports: which of them count, what is answered, and when votes begin again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, asHash } from '../ledger/model/index.ts';
import type { Effect } from './effect.ts';
import { isMute } from './lost-logs.ts';
import type { PeerMessage, UnsignedReport } from './messages.ts';
import { actor, body, digest, script } from './testkit/one-core.ts';
import type { Actor } from './testkit/script.ts';

const test = suite('consensus/reports');

const { report, validators, certificate, proposal, prepare, commit } = script;
const at = (index: number): Address => validators[index] as Address;
const LOST = [{ kind: 'lost', least: 1n, bound: undefined }] as const;
/** Life of the core under test, and of others. */
const OWN = { author: at(1), life: 1n };
/** Rounds that this life closes beside those it knows of. */
const FORGOTTEN = 2 ** 16 + 1;
const life = (by: number, number = 50n) => ({ author: at(by), life: number });

const lostActor = (): Actor => actor({ recovered: LOST });
const sent = (effects: readonly Effect[]): readonly UnsignedReport[] =>
  effects.filter((effect) => effect.kind === 'report').map((effect) => effect.report);
const bound = (core: Actor): bigint | undefined => core.state().lost.own?.bound;

test('R-10.1: a lost validator follows: it signs nothing, and takes a final block', () => {
  const core = lostActor();
  core.receive(proposal(0, 0), prepare(0, 0, digest), prepare(2, 0, digest), prepare(3, 0, digest));
  const effects = core.receive(commit(0, 0, digest), commit(2, 0, digest), commit(3, 0, digest));
  assert.equal(core.signed(), []);
  assert.ok(effects.some((effect) => effect.kind === 'finalise'));
});

test('R-10.4: h* is known when all others have told this life where they are', () => {
  const core = lostActor();
  core.receive(report(0, { heard: [OWN] }), report(2, { heard: [OWN] }));
  core.receive(report(3, { heard: [{ ...OWN, life: 2n }] }));
  assert.is(bound(core), undefined, 'a report to another life says nothing');
  core.receive(report(3, { heard: [OWN] }));
  assert.is(bound(core), 1n);
  assert.equal(core.log.at(-1), { kind: 'lost', least: 1n, bound: 1n });
});

test('R-10.4: a head above the own does not count until its blocks are here', () => {
  const core = lostActor();
  for (const by of [0, 2]) core.receive(report(by, { heard: [OWN] }));
  core.receive(report(3, { heard: [OWN], height: 2n }));
  assert.is(bound(core), undefined);
  const { context } = script;
  const parent = { ...body.header, number: 1n };
  core.give({ kind: 'new-height', context: { ...context, height: 2n, parent } });
  assert.is(bound(core), 2n);
});

test('R-10.4: who holds a certificate may have committed: one height more', () => {
  const core = lostActor();
  const { prepares } = certificate(0, digest, [0, 2, 3]);
  core.receive(report(0, { heard: [OWN], prepared: { round: 0, digest }, prepares }));
  for (const by of [2, 3]) core.receive(report(by, { heard: [OWN] }));
  assert.is(bound(core), 2n);
});

test('R-10.2: a message of the own key at a later height is a loss through that height', () => {
  const core = actor();
  const hash = asHash(new Uint8Array(32).fill(1));
  core.receive(script.sign(1, { kind: 'prepare', height: 3n, round: 0, digest: hash }));
  assert.is(core.refusal(), 'CONSENSUS_SECOND_SIGNER');
  assert.equal(core.log, [{ kind: 'lost', least: 3n, bound: undefined }]);
  for (const by of [0, 2, 3]) core.receive(report(by, { heard: [OWN] }));
  assert.is(bound(core), 3n);
});

test('R-10.2: messages that the log knows, and forged ones, are no loss', () => {
  const core = actor();
  core.receive(proposal(0, 0));
  core.receive(prepare(1, 0, digest));
  const forged = prepare(1, 5, digest);
  forged.signed.signature[3] = (forged.signed.signature[3] ?? 0) ^ 1;
  core.receive(forged);
  assert.not(isMute(core.state()));
  core.receive(prepare(1, 0, asHash(new Uint8Array(32).fill(2))));
  assert.ok(isMute(core.state()), 'the opposite of what was signed is one');
});

test('R-10.3: who asks is answered, with its life, not more often than is of use', () => {
  const core = actor();
  const ask = { asks: true, loss: { life: 50n, bound: undefined } };
  const [answer] = sent(core.receive(report(0, ask)));
  assert.equal(answer?.heard, [life(0)]);
  assert.equal(sent(core.receive(report(0, ask))), []);
  core.wait(200);
  assert.is(sent(core.receive(report(0, ask))).length, 1);
  assert.equal(sent(core.receive(report(2))), []);
});

test('R-10.3: false reports are refused and change nothing', () => {
  const core = actor();
  const { prepares } = certificate(0, digest, [0, 2]);
  const forged = report(0);
  forged.signed.signature[3] = (forged.signed.signature[3] ?? 0) ^ 1;
  const cases: readonly (readonly [PeerMessage, string])[] = [
    [forged, 'CONSENSUS_BAD_SIGNATURE'],
    [report(0, { closed: 2 ** 20 + 1 }), 'CONSENSUS_BAD_REPORT'],
    [report(0, { heard: [0, 1, 2, 3, 0].map((by) => life(by)) }), 'CONSENSUS_BAD_REPORT'],
    [report(0, { prepared: { round: 0, digest }, prepares }), 'CONSENSUS_BAD_CERTIFICATE'],
    [report(0, { prepares }), 'CONSENSUS_BAD_CERTIFICATE'],
    [report(1), 'CONSENSUS_DUPLICATE'],
  ];
  for (const [message, code] of cases) {
    core.receive(message);
    assert.is(core.refusal(), code);
  }
  assert.is(core.state().lost.reports.size, 0);
});

const lost = (parts: Partial<UnsignedReport> = {}): Partial<UnsignedReport> => ({
  loss: { life: 50n, bound: 1n },
  ...parts,
});

test('R-10.5, R-10.6: rounds are closed when all have reported from a stuck height, not before', () => {
  const core = actor();
  core.receive(proposal(0, 0));
  core.receive(report(0, lost()), report(2, lost()));
  assert.is(core.state().lost.closed, -1);
  core.receive(report(3));
  assert.is(core.state().lost.closed, 0);
  assert.equal(core.signed(), ['prepare 1/0', 'round-change 1/1']);
  const [closing] = core.effects.filter((e) => e.kind === 'log').flatMap((e) => e.entries);
  assert.equal(closing, { kind: 'closed', height: 1n, round: 0 });
  core.receive(prepare(0, 0, digest), prepare(2, 0, digest), prepare(3, 0, digest));
  core.receive(commit(0, 0, digest), commit(2, 0, digest), commit(3, 0, digest));
  assert.is(core.state().prepared, undefined);
  assert.is(core.state().phase.kind, 'open', 'Commits of closed rounds do not count');
});

test('R-10.6: a new life, and a higher closed round of another, close again', () => {
  const core = actor();
  core.receive(report(0, lost()), report(2, lost()), report(3));
  core.receive(report(0, { loss: { life: 51n, bound: 1n } }));
  assert.is(core.state().lost.closed, 1);
  core.receive(report(3, { closed: 70_000 }));
  assert.is(core.state().lost.closed, 70_000);
  assert.is(core.state().round, 70_001);
});

test('R-10.6: after a second loss more rounds are closed than the others remember', () => {
  const core = lostActor();
  const closed = FORGOTTEN;
  core.receive(report(0, lost({ heard: [OWN], closed })));
  core.receive(report(2, { heard: [OWN], closed }), report(3, { heard: [OWN], closed }));
  assert.is(core.state().lost.closed, 2 * closed);
  const again = actor({ recovered: [...core.log, LOST[0]] });
  again.receive(report(0, lost({ closed: 2 * closed })), report(2), report(3));
  assert.is(again.state().lost.closed, 3 * closed + 1, 'counted from the round it is in');
});

test('R-10.6: a quorum of Commits whose block is missing closes nothing', () => {
  const core = actor({ answer: () => undefined });
  core.receive(commit(0, 0, digest), commit(2, 0, digest), commit(3, 0, digest));
  core.receive(report(0, lost()), report(2, lost()), report(3));
  assert.is(core.state().lost.closed, -1);
});

test('R-10.6: a restart knows which rounds are closed', () => {
  const before = actor();
  before.receive(report(0, lost()), report(2, lost()), report(3));
  const core = actor({ recovered: before.log });
  assert.is(core.state().lost.closed, 0);
  core.receive(proposal(0, 0));
  assert.equal(core.signed(), []);
});

test('R-10.7: the highest certificate of all is what the released validator says first', () => {
  const core = lostActor();
  const closed = FORGOTTEN;
  const { prepares } = certificate(3, digest, [0, 2, 3]);
  const prepared = { round: 3, digest };
  core.receive(report(0, lost({ heard: [OWN] })));
  core.receive(report(2, { heard: [OWN] }), report(3, { heard: [OWN] }));
  assert.is(core.state().lost.closed, closed);
  core.receive(report(0, lost({ heard: [OWN], closed })));
  core.receive(report(2, { heard: [OWN], closed, prepared, prepares }));
  assert.ok(isMute(core.state()));
  core.receive(report(3, { heard: [OWN], closed }));
  assert.not(isMute(core.state()));
  assert.equal(core.signed(), [`round-change 1/${closed + 1}`]);
  assert.equal(core.state().own.roundChange?.signed.prepared, prepared);
  const again = actor({ recovered: core.log });
  assert.not(isMute(again.state()), 'the release is in the log');
  assert.equal(again.state().prepared?.digest, digest);
});

test('R-10.7: reports that differ in closed rounds, or name another life, release nobody', () => {
  const core = lostActor();
  const closed = FORGOTTEN;
  core.receive(report(0, lost({ heard: [OWN] })));
  core.receive(report(2, { heard: [OWN] }), report(3, { heard: [OWN] }));
  core.receive(report(0, lost({ heard: [OWN], closed })), report(2, { heard: [OWN], closed }));
  core.receive(report(3, { heard: [OWN], closed: closed - 1 }));
  assert.ok(isMute(core.state()));
  core.receive(report(3, { heard: [life(1)], closed }));
  assert.ok(isMute(core.state()));
  assert.equal(core.signed(), []);
});

test.run();
