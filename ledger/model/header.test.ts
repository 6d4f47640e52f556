import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { keccak256, recoverAddress } from '#crypto';
import { asAddress, bytesToHex, type Hash, hexToBytes } from './bytes.ts';
import { EMPTY_REQUESTS_HASH, EMPTY_ROOT, QBFT_MIX_HASH, ZERO_HASH } from './constants.ts';
import { InvariantError } from './errors.ts';
import { decodeExtraData, encodeExtraData, type QbftExtraData } from './extra-data.ts';
import type { BlockHeader } from './header.ts';
import { decodeHeader, encodeHeader } from './header-codec.ts';
import { commitSealHash, headerHash, withRound, withSeals } from './header-hash.ts';
import { decodeRlp, encodeRlp, type RlpItem } from './rlp.ts';
import { emptyHeader } from './testkit/empty-header.ts';
import { readJsonFixture } from './testkit/fixtures.ts';

const test = suite('ledger/model/header');

const extraData: QbftExtraData = {
  vanity: new Uint8Array(32),
  validators: [asAddress(new Uint8Array(20).fill(1)), asAddress(new Uint8Array(20).fill(2))],
  vote: undefined,
  round: 0,
  seals: [],
};

const frontier = emptyHeader({
  number: 7n,
  timestamp: 1_700_000_000n,
  extraData: encodeExtraData(extraData),
  mixHash: QBFT_MIX_HASH,
});
const london: BlockHeader = { ...frontier, baseFeePerGas: 0n };
const shanghai: BlockHeader = { ...london, withdrawalsRoot: EMPTY_ROOT };
const cancun: BlockHeader = {
  ...shanghai,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: ZERO_HASH,
};
const prague: BlockHeader = { ...cancun, requestsHash: EMPTY_REQUESTS_HASH };

type BesuHeader = {
  number: number;
  round: number;
  timestamp: number;
  headerRlp: string;
  headerRlpWithoutSeals: string;
  commitSealHash: string;
  validators: string[];
};

test('a real Besu header decodes, hashes and verifies', () => {
  const fixture = readJsonFixture<BesuHeader>('qbft/besu-header.json');
  if (fixture === undefined) return;
  const decoded = decodeHeader(hexToBytes(fixture.headerRlp));
  assert.ok(decoded.ok);
  const { header } = decoded;
  assert.equal(header.number, BigInt(fixture.number));
  assert.equal(header.timestamp, BigInt(fixture.timestamp));
  assert.deepEqual(header.mixHash, QBFT_MIX_HASH);
  assert.equal(bytesToHex(encodeHeader(header)), fixture.headerRlp);
  assert.equal(bytesToHex(encodeHeader(withSeals(header, []))), fixture.headerRlpWithoutSeals);
  const digest = commitSealHash(header);
  assert.equal(bytesToHex(digest), fixture.commitSealHash);
  const decodedExtra = decodeExtraData(header.extraData);
  assert.ok(decodedExtra.ok);
  const { round, validators, seals } = decodedExtra.extraData;
  assert.equal(round, fixture.round);
  assert.deepEqual(validators.map(bytesToHex), fixture.validators);
  const sealers = seals.map((seal) => recoverAddress(digest, seal.subarray(0, 64), seal[64]!));
  assert.equal(new Set(sealers.map((sealer) => sealer && bytesToHex(sealer))).size, 3);
  for (const sealer of sealers) assert.ok(fixture.validators.includes(bytesToHex(sealer!)));
  // Its hash on chain has round 0: neither the digest nor the hash of the bytes.
  assert.deepEqual(headerHash(header, 'qbft'), commitSealHash(withRound(header, 0)));
  assert.notDeepEqual(headerHash(header, 'qbft'), digest);
  assert.deepEqual(headerHash(header, 'plain'), keccak256(hexToBytes(fixture.headerRlp)));
});

test('extraData of Besu decodes and encodes to the same bytes', () => {
  type Fixture = { extraData: string; validators: string[]; round: number; seals: number };
  const fixture = readJsonFixture<Fixture>('qbft/extra-data.json');
  if (fixture === undefined) return;
  const decoded = decodeExtraData(hexToBytes(fixture.extraData));
  assert.ok(decoded.ok);
  assert.equal(decoded.extraData.round, fixture.round);
  assert.deepEqual(decoded.extraData.validators.map(bytesToHex), fixture.validators);
  assert.equal(decoded.extraData.seals.length, fixture.seals);
  assert.equal(decoded.extraData.vote?.add, true);
  assert.equal(bytesToHex(encodeExtraData(decoded.extraData)), fixture.extraData);
});

test('the older form with a 4-byte round is refused', () => {
  const fixture = readJsonFixture<Record<string, { rlp: string }>>('qbft/legacy-extra-data.json');
  for (const [name, { rlp }] of Object.entries(fixture ?? {})) {
    const decoded = decodeExtraData(hexToBytes(rlp));
    assert.equal(decoded.ok ? undefined : decoded.code, 'MODEL_EXTRA_DATA_MALFORMED', name);
  }
});

test('every extraData comes back from its encoding', () => {
  const recipient = asAddress(new Uint8Array(20).fill(3));
  const variants: readonly Partial<QbftExtraData>[] = [
    {},
    { validators: [] },
    { vote: { recipient, add: true } },
    { vote: { recipient, add: false } },
    { round: 1 },
    { round: 2 ** 31 - 1 },
    { seals: [new Uint8Array(65).fill(1), new Uint8Array(65).fill(2)] },
  ];
  for (const variant of variants) {
    const value = { ...extraData, ...variant };
    assert.deepEqual(decodeExtraData(encodeExtraData(value)), { ok: true, extraData: value });
  }
});

test('extraData of any other shape is refused', () => {
  const vanity = new Uint8Array(32);
  const voteFor = (kind: Uint8Array): RlpItem => [new Uint8Array(20), kind];
  const zero = new Uint8Array(0);
  const shapes: readonly RlpItem[] = [
    zero,
    [],
    [vanity, [], [], zero],
    [vanity, [], [], zero, [], []],
    [vanity.subarray(1), [], [], zero, []],
    [vanity, [new Uint8Array(19)], [], zero, []],
    [vanity, [], [new Uint8Array(20)], zero, []],
    [vanity, [], voteFor(Uint8Array.of(0)), zero, []],
    [vanity, [], voteFor(Uint8Array.of(1)), zero, []],
    [vanity, [], voteFor(Uint8Array.of(0xff, 0xff)), zero, []],
    [vanity, [], [], Uint8Array.of(0), []],
    [vanity, [], [], Uint8Array.of(0x80, 0, 0, 0), []],
    [vanity, [], [], new Uint8Array(5).fill(1), []],
    [vanity, [], [], zero, [new Uint8Array(64)]],
  ];
  for (const shape of shapes) {
    const decoded = decodeExtraData(encodeRlp(shape));
    assert.equal(decoded.ok ? undefined : decoded.code, 'MODEL_EXTRA_DATA_MALFORMED');
  }
  assert.equal(decodeExtraData(new Uint8Array(0)).ok, false);
});

test('headers of every fork come back from their encoding', () => {
  for (const header of [frontier, london, shanghai, cancun, prague]) {
    assert.deepEqual(decodeHeader(encodeHeader(header)), { ok: true, header });
  }
});

test('a header with a field missing, too many, too long or of the wrong kind is refused', () => {
  const items = (header: BlockHeader): RlpItem[] => {
    const decoded = decodeRlp(encodeHeader(header));
    assert.ok(decoded.ok);
    return [...(decoded.item as readonly RlpItem[])];
  };
  const full = items(prague);
  const lists: readonly RlpItem[][] = [
    full.slice(0, 14),
    full.slice(0, 18),
    full.slice(0, 19),
    [...full, new Uint8Array(32)],
    full.with(0, new Uint8Array(31)),
    full.with(6, new Uint8Array(255)),
    full.with(8, new Uint8Array(9).fill(1)),
    full.with(8, Uint8Array.of(0)),
    full.with(12, []),
    full.with(14, new Uint8Array(9)),
    full.with(16, new Uint8Array(0)),
  ];
  for (const list of lists) {
    const decoded = decodeHeader(encodeRlp(list));
    assert.match(decoded.ok ? 'ok' : decoded.code, /^MODEL_RLP_/);
  }
  assert.equal(decodeHeader(new Uint8Array(0)).ok, false);
  assert.equal(decodeHeader(Uint8Array.of(...encodeHeader(prague), 0)).ok, false);
});

test('a header with a later field but not those before it cannot be encoded', () => {
  const { baseFeePerGas, ...withoutBaseFee } = shanghai;
  assert.equal(baseFeePerGas, 0n);
  assert.throws(() => encodeHeader(withoutBaseFee), InvariantError);
});

test('seals and round do not change the hash on chain; the digest keeps the round', () => {
  const seal = new Uint8Array(65).fill(5);
  for (const header of [frontier, prague]) {
    const other = withSeals(withRound(header, 3), [seal]);
    assert.deepEqual(headerHash(other, 'qbft'), headerHash(header, 'qbft'));
    assert.notDeepEqual(headerHash(other, 'plain'), headerHash(header, 'plain'));
    assert.deepEqual(commitSealHash(other), commitSealHash(withRound(header, 3)));
    assert.notDeepEqual(commitSealHash(other), commitSealHash(header));
    assert.deepEqual(commitSealHash(header), headerHash(header, 'qbft'));
  }
});

test('block 0 and a header with foreign extraData are hashed as they are', () => {
  const asItIs = (header: BlockHeader): Hash => keccak256(encodeHeader(header));
  const genesis = withRound({ ...frontier, number: 0n }, 1);
  assert.deepEqual(headerHash(genesis, 'qbft'), asItIs(genesis));
  const foreign = { ...frontier, extraData: new TextEncoder().encode('foreign') };
  assert.deepEqual(headerHash(foreign, 'qbft'), asItIs(foreign));
  assert.deepEqual(commitSealHash(foreign), asItIs(foreign));
  assert.throws(() => withRound(foreign, 1), InvariantError);
  assert.throws(() => withSeals(foreign, []), InvariantError);
});

test.run();
