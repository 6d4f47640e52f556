import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sign } from '#crypto';
import {
  type Address,
  commitSealHash,
  concatBytes,
  decodeExtraData,
  decodeHeader,
  hexToBytes,
  withSeals,
} from '../ledger/model/index.ts';
import { verifyHeader } from './header-rules.ts';
import { createScript } from './testkit/script.ts';
import { identities } from './testkit/toy-chain.ts';
import { verifySealedHeader } from './verify-seals.ts';

const test = suite('consensus/verify-seals');

const KEYS = identities(5);
const { header, validators } = (() => {
  const script = createScript(4, undefined);
  return { header: script.block(0, 3).header, validators: script.validators };
})();
const STRANGER = (() => {
  const isMember = (address: Address): boolean =>
    validators.some((validator) => validator.every((byte, i) => byte === address[i]));
  return KEYS.findIndex((key) => !isMember(key.address));
})();
const members = KEYS.map((_, i) => i).filter((i) => i !== STRANGER);

function sealOf(index: number, target = header): Uint8Array {
  const { signature, yParity } = sign(
    commitSealHash(target),
    KEYS[index]?.privateKey ?? new Uint8Array(0),
  );
  return concatBytes(signature, Uint8Array.of(yParity));
}
const seals = members.map((i) => sealOf(i));
const other = { ...header, gasUsed: header.gasUsed + 1n };
const broken = Uint8Array.from(sealOf(members[0] as number), (byte, i) => (i === 64 ? 7 : byte));

for (const [name, given, code] of [
  ['R-7.1: a quorum of seals is accepted', seals.slice(0, 3), undefined],
  ['R-7.3: in any order', seals.slice(1).reverse(), undefined],
  ['R-7.3: all seals are accepted', seals, undefined],
  ['R-7.3: one seal too few', seals.slice(0, 2), 'CONSENSUS_TOO_FEW_SEALS'],
  ['R-7.3: no seal', [], 'CONSENSUS_TOO_FEW_SEALS'],
  ['R-7.2: a seal twice', [...seals.slice(0, 2), seals[0]], 'CONSENSUS_DUPLICATE_SEAL'],
  ['R-7.2: more seals than validators', [...seals, seals[0]], 'CONSENSUS_DUPLICATE_SEAL'],
  [
    'R-7.1: a seal of a stranger',
    [...seals.slice(0, 3), sealOf(STRANGER)],
    'CONSENSUS_STRANGE_SEAL',
  ],
  [
    'R-7.1: a seal of another header',
    [...seals.slice(0, 2), sealOf(members[2] as number, other)],
    'CONSENSUS_STRANGE_SEAL',
  ],
  ['R-7.1: a seal that is no signature', [...seals.slice(0, 2), broken], 'CONSENSUS_BAD_SEAL'],
] as const) {
  test(name, () => {
    const sealed = withSeals(header, given as Uint8Array[]);
    const verdict = verifySealedHeader(sealed, validators);
    assert.is(verdict.ok ? undefined : verdict.code, code);
  });
}

test('a header without the extraData of QBFT is refused', () => {
  const verdict = verifySealedHeader({ ...header, extraData: new Uint8Array(3) }, validators);
  assert.is(verdict.ok ? undefined : verdict.code, 'CONSENSUS_BAD_HEADER');
});

const FIXTURES = process.env['EHB_FIXTURES'] ?? '../shared/fixtures';
const file = `${FIXTURES}/qbft/besu-header.json`;
if (process.env['EHB_FIXTURES'] === undefined && !existsSync(file)) {
  console.log('fixtures absent');
} else {
  test('R-7.1..R-7.3: a header of a real Besu network verifies', () => {
    const fixture = JSON.parse(readFileSync(file, 'utf8')) as { headerRlp: string };
    const decoded = decodeHeader(hexToBytes(fixture.headerRlp));
    assert.ok(decoded.ok);
    const extraData = decodeExtraData(decoded.header.extraData);
    assert.ok(extraData.ok);
    const set = extraData.extraData.validators;
    const verdict = verifySealedHeader(decoded.header, set);
    assert.ok(verdict.ok);
    assert.is(verdict.signers.length, 3);
    // its fields that need only the parent's number and time hold as well.
    const parent = { ...decoded.header, number: decoded.header.number - 1n, timestamp: 0n };
    const { parentHash } = decoded.header;
    const context = { parent, parentHash, validators: set, validatorSource: 'headers' } as const;
    assert.ok(verifyHeader(decoded.header, context).ok);
    const fewer = withSeals(decoded.header, extraData.extraData.seals.slice(1));
    assert.not(verifySealedHeader(fewer, set).ok);
    assert.not(verifySealedHeader({ ...decoded.header, gasUsed: 1n }, set).ok);
  });
}

test.run();
