import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asAddress,
  asHash,
  type BlockHeader,
  decodeExtraData,
  encodeExtraData,
} from '../ledger/model/index.ts';
import { dueAtMs, verifyHeader } from './header-rules.ts';
import { createScript } from './testkit/script.ts';

const test = suite('consensus/header-rules');

const { context, validators, block } = createScript(4, 0);
const { header } = block(0);
const { parent } = context;
const zeroes = asHash(new Uint8Array(32));

function listing(set: readonly (typeof validators)[number][]): Uint8Array {
  const decoded = decodeExtraData(header.extraData);
  assert.ok(decoded.ok);
  return encodeExtraData({ ...decoded.extraData, validators: set });
}

test('R-3.4: a good header passes, with a vote as well', () => {
  assert.ok(verifyHeader(header, context).ok);
  const decoded = decodeExtraData(header.extraData);
  assert.ok(decoded.ok);
  const vote = { recipient: asAddress(new Uint8Array(20)), add: true };
  const extraData = encodeExtraData({ ...decoded.extraData, vote });
  assert.ok(verifyHeader({ ...header, extraData }, context).ok);
});

const BAD = 'CONSENSUS_BAD_HEADER';
const WRONG = 'CONSENSUS_WRONG_VALIDATORS';
const cases: readonly (readonly [string, Partial<BlockHeader>, string])[] = [
  ['another parent', { parentHash: zeroes }, BAD],
  ['a number too high', { number: 2n }, BAD],
  ['a number too low', { number: 0n }, BAD],
  ['a timestamp before the parent', { timestamp: parent.timestamp - 1n }, BAD],
  ['a beneficiary outside the set', { beneficiary: asAddress(new Uint8Array(20)) }, BAD],
  ['difficulty 2', { difficulty: 2n }, BAD],
  ['another mixHash', { mixHash: zeroes }, BAD],
  ['a nonce', { nonce: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) }, BAD],
  ['ommers', { ommersHash: zeroes }, BAD],
  ['more gas used than allowed', { gasUsed: header.gasLimit + 1n }, BAD],
  ['extraData that is not of QBFT', { extraData: new Uint8Array(32) }, BAD],
  ['a validator missing', { extraData: listing(validators.slice(1)) }, WRONG],
  ['a validator twice', { extraData: listing([...validators, ...validators.slice(3)]) }, WRONG],
  ['validators out of order', { extraData: listing([...validators].reverse()) }, WRONG],
];
for (const [name, change, code] of cases) {
  test(`R-3.4: ${name} is refused`, () => {
    const verdict = verifyHeader({ ...header, ...change }, context);
    assert.is(verdict.ok ? undefined : verdict.code, code);
  });
}

test('R-9.10: where a contract names the validators, a header lists nobody and does not vote', () => {
  const byContract = { ...context, validatorSource: 'contract' } as const;
  const decoded = decodeExtraData(header.extraData);
  assert.ok(decoded.ok);
  const { extraData } = decoded;
  const codeOf = (change: Partial<typeof extraData>): string | undefined => {
    const changed = encodeExtraData({ ...extraData, ...change });
    const verdict = verifyHeader({ ...header, extraData: changed }, byContract);
    return verdict.ok ? undefined : verdict.code;
  };
  assert.is(codeOf({ validators: [] }), undefined);
  assert.is(codeOf({}), WRONG);
  const vote = { recipient: asAddress(new Uint8Array(20)), add: true };
  assert.is(codeOf({ validators: [], vote }), BAD);
  assert.not(verifyHeader({ ...header, extraData: listing([]) }, context).ok);
});

test('R-3.4: a block is a period younger than its parent', () => {
  const at = (timestamp: bigint): boolean =>
    verifyHeader({ ...header, timestamp }, { ...context, periodSeconds: 2 }).ok;
  assert.not(at(parent.timestamp + 1n));
  assert.ok(at(parent.timestamp + 2n));
});

test("R-3.8: a timestamp is due a second early, the parent's always", () => {
  assert.is(dueAtMs({ ...header, timestamp: parent.timestamp }, parent), 0);
  const timestamp = parent.timestamp + 7n;
  assert.is(dueAtMs({ ...header, timestamp }, parent), Number(timestamp) * 1000 - 1000);
});

test.run();
