import protobuf from 'protobufjs/light.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, asHash, bytesToHex, hexToBytes } from '../ledger/model/index.ts';
import { seededRandom } from './testkit/peers.ts';
import { decodeWire, encodeWire, type Hello, type WireMessage } from './wire.ts';
import { isMessage } from './wire-check.ts';

const test = suite('p2p/wire');
const HASH = asHash(new Uint8Array(32).fill(3));
const STATUS = { height: 2n ** 63n + 5n, hash: HASH, round: 2 ** 32 - 1, lost: true };
const HELLO: Hello = {
  minVersion: 1,
  maxVersion: 3,
  chainId: 2n ** 255n,
  genesisHash: HASH,
  instance: new Uint8Array(8).fill(4),
  status: STATUS,
  proof: {
    address: asAddress(new Uint8Array(20).fill(5)),
    expiry: 1_800_000_000n,
    signature: new Uint8Array(64).fill(6),
    yParity: 1,
  },
  addresses: ['/ip4/192.0.2.1/tcp/30303'],
  knownAddresses: ['a', 'b'],
};
const MESSAGES: readonly WireMessage[] = [
  { kind: 'hello', hello: HELLO },
  { kind: 'hello', hello: { ...HELLO, proof: undefined, addresses: [], knownAddresses: [] } },
  { kind: 'refusal', code: 'P2P_BUSY' },
  { kind: 'status', status: STATUS },
  { kind: 'status', status: { height: 0n, hash: HASH, round: 0, lost: false } },
  { kind: 'addresses', addresses: [] },
  { kind: 'ping', nonce: 0 },
  { kind: 'pong', nonce: 7 },
  { kind: 'consensus', message: new Uint8Array(0) },
  { kind: 'consensus', message: new Uint8Array(1_000).fill(1) },
  { kind: 'transactions', raws: [new Uint8Array(0), new Uint8Array(200).fill(1)] },
  { kind: 'blocksRequest', from: 2n ** 64n - 1n, count: 1 },
  { kind: 'bodyRequest', digest: HASH },
  { kind: 'transactionsRequest', hashes: [HASH, HASH] },
  { kind: 'payloads', items: [] },
  { kind: 'body', block: undefined },
  { kind: 'body', block: new Uint8Array(0) },
];

const codeOf = (hex: string): string => {
  const decoded = decodeWire(hexToBytes(hex), 1);
  return decoded.ok ? decoded.message.kind : decoded.code;
};

test('what is encoded is decoded to the same', () => {
  for (const message of MESSAGES) {
    assert.equal(decodeWire(encodeWire(1, message), 1), { ok: true, message }, message.kind);
  }
});

test('known bytes stay as they are, for other implementations (W-4)', () => {
  assert.is(bytesToHex(encodeWire(1, { kind: 'ping', nonce: 300 })), '0x0801320308ac02');
  assert.is(
    bytesToHex(encodeWire(1, { kind: 'consensus', message: Uint8Array.of(1, 2) })),
    '0x080142020102',
  );
  assert.is(codeOf('0x0801320308ac02'), 'ping');
});

const refused: readonly (readonly [name: string, hex: string, code: string])[] = [
  ['nothing', '0x', 'P2P_MESSAGE_MALFORMED'],
  ['no message', '0x0801', 'P2P_MESSAGE_MALFORMED'],
  ['no version', '0x320308ac02', 'P2P_MESSAGE_MALFORMED'],
  ['another version', '0x0802320308ac02', 'P2P_MESSAGE_VERSION'],
  ['two messages', '0x080132020801' + '3a020801', 'P2P_MESSAGE_MALFORMED'],
  ['one message twice', '0x080132020801' + '32020801', 'P2P_MESSAGE_MALFORMED'],
  ['an unknown field', '0x0801320208017801', 'P2P_MESSAGE_MALFORMED'],
  ['an unknown field inside', '0x0801320408011001', 'P2P_MESSAGE_MALFORMED'],
  ['a wrong wire type', '0x08013005', 'P2P_MESSAGE_MALFORMED'],
  ['a length past the end', '0x080132ff01', 'P2P_MESSAGE_MALFORMED'],
  ['an endless varint', `0x08${'80'.repeat(20)}01`, 'P2P_MESSAGE_MALFORMED'],
  ['a number over 32 bits', '0x08013206' + '08ffffffff7f', 'P2P_MESSAGE_MALFORMED'],
  ['a group', '0x08010b0c', 'P2P_MESSAGE_MALFORMED'],
  ['a hash of 31 bytes', `0x08015a210a1f${'00'.repeat(31)}`, 'P2P_MESSAGE_MALFORMED'],
  ['two digests', `0x08015a44${`0a20${'00'.repeat(32)}`.repeat(2)}`, 'P2P_MESSAGE_MALFORMED'],
  ['no digest', '0x08015a00', 'P2P_MESSAGE_MALFORMED'],
  ['a control character in a code', '0x08011a030a011b', 'P2P_MESSAGE_MALFORMED'],
];
for (const [name, hex, code] of refused) {
  test(`${name} is refused (W-4)`, () => {
    assert.is(codeOf(hex), code);
  });
}

test('a refusal and a hello may carry fields of later versions (W-4)', () => {
  assert.is(codeOf('0x08011a070a0142' + '7a020102'), 'refusal');
  // Deprecated groups are no field of any version.
  assert.is(codeOf('0x08011a050a0142' + '7b7c'), 'P2P_MESSAGE_MALFORMED');
});

test('lists end at their limit (W-3)', () => {
  const hashes = (count: number): Uint8Array =>
    encodeWire(1, { kind: 'transactionsRequest', hashes: Array(count).fill(HASH) });
  assert.ok(isMessage('Envelope', hashes(4_096)));
  assert.not.ok(isMessage('Envelope', hashes(4_097)));
  const addresses = Array(129).fill('a');
  assert.not.ok(isMessage('Envelope', encodeWire(1, { kind: 'addresses', addresses })));
  const long = ['a'.repeat(257)];
  assert.not.ok(isMessage('Envelope', encodeWire(1, { kind: 'addresses', addresses: long })));
});

test('mutated messages are decoded or refused, never thrown (W-4)', () => {
  const seed = Number(process.env['EHB_SEED'] ?? Date.now() % 1_000_000);
  console.log(`EHB_SEED=${seed} node p2p/wire.test.ts`);
  const random = seededRandom(seed);
  const pick = (length: number): number => Math.floor(random() * length);
  for (let i = 0; i < 20_000; i += 1) {
    const bytes = encodeWire(1, MESSAGES[pick(MESSAGES.length)] as WireMessage);
    const cut = random() < 0.2 ? bytes.slice(0, pick(bytes.length)) : bytes;
    for (let n = 0; n < 1 + pick(3) && cut.length > 0; n += 1) cut[pick(cut.length)] = pick(256);
    const decoded = decodeWire(cut, 1);
    // What was accepted has one encoding only, apart from the order and width of numbers.
    if (decoded.ok) assert.equal(decodeWire(encodeWire(1, decoded.message), 1), decoded);
  }
});

test('plain protobuf reads our messages', () => {
  const nonce = new protobuf.Type('Nonce').add(new protobuf.Field('nonce', 1, 'uint32'));
  const envelope = new protobuf.Type('Envelope')
    .add(new protobuf.Field('version', 1, 'uint32'))
    .add(new protobuf.Field('ping', 6, 'Nonce'));
  new protobuf.Root().add(nonce).add(envelope);
  const read = envelope.toObject(envelope.decode(encodeWire(1, { kind: 'ping', nonce: 9 })));
  assert.equal(read, { version: 1, ping: { nonce: 9 } });
});

test.run();
