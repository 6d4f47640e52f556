import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, asHash, concatBytes, encodeRlp } from '../ledger/model/index.ts';
import { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES } from './codec.ts';
import { decodeLogRecord, encodeLogRecord, heightOf, type LogRecord } from './log-record.ts';
import type { PeerMessage, QbftMessage } from './messages.ts';
import { createRandom } from './testkit/random.ts';
import { createScript } from './testkit/script.ts';

const test = suite('consensus/codec');

const script = createScript(4, 0);
const hash = asHash(new Uint8Array(32).fill(7));
const certificate = script.certificate(1, hash, [0, 1, 2]);
const changes = [0, 1, 2].map((i) => script.roundChange(i, 2, certificate));
const MESSAGES: readonly QbftMessage[] = [
  script.proposal(0, 0, { body: script.block(0, 0, [hash, hash]) }),
  script.proposal(2, 2, { roundChanges: changes, prepares: certificate.prepares }),
  script.prepare(1, 0, hash),
  script.commit(1, 2 ** 31 - 1, hash),
  script.roundChange(3, 1),
  changes[0] as QbftMessage,
];
const REPORTS: readonly PeerMessage[] = [
  script.report(1),
  script.report(2, { closed: 0, asks: true, loss: { life: 2n ** 63n, bound: undefined } }),
  script.report(3, {
    loss: { life: 0n, bound: 7n },
    heard: [{ author: script.validators[0] as Address, life: 9n }],
    ...{ prepared: { round: 1, digest: hash }, prepares: certificate.prepares },
  }),
];
const RECORDS: readonly LogRecord[] = [
  ...MESSAGES.map((message): LogRecord => ({ kind: 'message', message })),
  { kind: 'block', height: 5n, digest: hash, block: new Uint8Array(100) },
  { kind: 'certificate', height: 5n, prepares: certificate.prepares },
  { kind: 'closed', height: 5n, round: 70_000 },
  { kind: 'released', height: 5n, round: 70_001, prepares: certificate.prepares },
  { kind: 'lost', least: 5n, bound: undefined },
  { kind: 'lost', least: 5n, bound: 6n },
];

test('R-2.6: every kind of message survives', () => {
  for (const message of [...MESSAGES, ...REPORTS]) {
    const decoded = decodeMessage(encodeMessage(message));
    assert.ok(decoded.ok);
    assert.equal(decoded.message, message);
  }
});

test('R-2.6: every kind of log record survives', () => {
  for (const record of RECORDS) {
    const decoded = decodeLogRecord(encodeLogRecord(record));
    assert.ok(decoded.ok);
    assert.equal(decoded.record, record);
  }
  const heights = RECORDS.map(heightOf).slice(-7);
  assert.equal(heights, [1n, 5n, 5n, 5n, 5n, undefined, undefined]);
});

test('R-2.6: a decoded message does not change when its bytes are overwritten', () => {
  const bytes = encodeMessage(script.prepare(1, 0, hash));
  const decoded = decodeMessage(bytes);
  bytes.fill(0);
  assert.ok(decoded.ok && decoded.message.kind === 'prepare');
  assert.equal(decoded.message.signed.digest, hash);
});

const code = (bytes: Uint8Array): string | undefined => {
  const decoded = decodeMessage(bytes);
  return decoded.ok ? undefined : decoded.code;
};
const prepare = encodeMessage(script.prepare(1, 0, hash));

test('R-2.6: what is not a message is refused with a code', () => {
  assert.is(code(new Uint8Array(0)), 'CONSENSUS_UNKNOWN_VERSION');
  assert.is(
    code(Uint8Array.from(prepare, (byte, i) => (i === 0 ? 2 : byte))),
    'CONSENSUS_UNKNOWN_VERSION',
  );
  assert.is(code(new Uint8Array(MAX_MESSAGE_BYTES + 1)), 'CONSENSUS_TOO_LARGE');
  assert.is(code(prepare.subarray(0, -1)), 'CONSENSUS_MALFORMED');
  assert.is(code(concatBytes(prepare, Uint8Array.of(0))), 'CONSENSUS_MALFORMED');
  const framed = (item: Parameters<typeof encodeRlp>[0]): Uint8Array =>
    concatBytes(Uint8Array.of(1), encodeRlp(item));
  assert.is(code(framed(new Uint8Array(5))), 'CONSENSUS_MALFORMED');
  assert.is(code(framed([])), 'CONSENSUS_MALFORMED');
  assert.is(code(framed([Uint8Array.of(0x16), []])), 'CONSENSUS_MALFORMED');
  assert.is(code(framed([Uint8Array.of(0x13), []])), 'CONSENSUS_MALFORMED');
});

test('R-2.6: bounds hold: round, height, list lengths', () => {
  const signed = [
    new Uint8Array(0),
    new Uint8Array(0),
    hash,
    new Uint8Array(20),
    new Uint8Array(65),
  ];
  const framed = (items: readonly Uint8Array[]): Uint8Array =>
    concatBytes(Uint8Array.of(1), encodeRlp([Uint8Array.of(0x13), items]));
  assert.is(code(framed(signed)), undefined);
  assert.is(code(framed(signed.with(1, Uint8Array.of(0x80, 0, 0, 0)))), 'CONSENSUS_MALFORMED');
  assert.is(code(framed(signed.with(0, Uint8Array.of(0, 1)))), 'CONSENSUS_MALFORMED');
  assert.is(code(framed(signed.with(0, new Uint8Array(9).fill(1)))), 'CONSENSUS_MALFORMED');
  assert.is(code(framed(signed.with(4, new Uint8Array(64)))), 'CONSENSUS_MALFORMED');
  assert.is(code(framed([...signed, new Uint8Array(0)])), 'CONSENSUS_MALFORMED');
});

test('R-2.6: garbage of any shape is refused or has that one encoding, and never throws', () => {
  const seed = Number(process.argv[2] ?? 1);
  const random = createRandom(seed);
  const samples = [...MESSAGES.map(encodeMessage), ...RECORDS.map(encodeLogRecord)];
  for (let i = 0; i < 20_000; i += 1) {
    const bytes = Uint8Array.from(random.pick(samples));
    for (let flips = random.between(1, 3); flips > 0; flips -= 1) {
      bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
    }
    const cut = random.chance(0.2) ? bytes.subarray(0, random.between(0, bytes.length)) : bytes;
    const again = `node consensus/codec.test.ts ${seed}`;
    const message = decodeMessage(cut);
    if (message.ok) assert.equal(encodeMessage(message.message), new Uint8Array(cut), again);
    const record = decodeLogRecord(cut);
    if (record.ok) assert.equal(encodeLogRecord(record.record), new Uint8Array(cut), again);
  }
});

test.run();
