import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeAbiParameters, toFunctionSelector } from 'viem';
import { bytesToHex, hexToBytes } from '../ledger/model/index.ts';
import { decodeValidators, GET_VALIDATORS } from './validator-contract.ts';

const test = suite('consensus/validator-contract');

const address = (n: number): `0x${string}` => `0x${n.toString(16).padStart(40, '0')}`;
const answer = (...numbers: readonly number[]): Uint8Array =>
  hexToBytes(encodeAbiParameters([{ type: 'address[]' }], [numbers.map(address)]));

test('R-9.11: the selector is that of getValidators()', () => {
  assert.is(bytesToHex(GET_VALIDATORS), toFunctionSelector('getValidators()'));
});

test('R-9.11: an answer gives the set in ascending order', () => {
  const decoded = decodeValidators(answer(7, 1, 300, 2));
  assert.ok(decoded.ok);
  assert.equal(decoded.validators.map(bytesToHex), [1, 2, 7, 300].map(address));
});

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
const good = answer(1, 2);
const withByte = (at: number, value: number): Uint8Array => {
  const bytes = good.slice();
  bytes[at] = value;
  return bytes;
};
const unusable: readonly (readonly [title: string, answer: Uint8Array, fault: RegExp])[] = [
  ['nothing', new Uint8Array(0), /not a list/],
  ['one byte', Uint8Array.of(1), /not a list/],
  ['an empty list', answer(), /no validators/],
  ['a validator twice', answer(3, 1, 3), /twice/],
  ['more than anybody needs', answer(...upTo(1025)), /1025 validators/],
  ['a list that is cut off', good.subarray(0, good.length - 1), /not a list/],
  ['a count of 2^32 - 1', withByte(60, 0xff), /validators, at most/],
  ['a count above 2^32', withByte(32, 1), /not a list/],
  ['an offset beyond the answer', withByte(30, 1), /not a list/],
  ['a huge offset', withByte(0, 0x80), /not a list/],
  ['a word that is no address', withByte(64, 1), /not a list/],
];
for (const [title, bytes, fault] of unusable) {
  test(`R-9.11: ${title} is no set`, () => {
    const decoded = decodeValidators(bytes);
    assert.not(decoded.ok);
    assert.is(!decoded.ok && decoded.code, 'CONSENSUS_CONTRACT_ANSWER');
    assert.match(!decoded.ok ? decoded.message : '', fault);
  });
}

test('R-9.11: as many validators as are possible are read', () => {
  const decoded = decodeValidators(answer(...upTo(1024)));
  assert.ok(decoded.ok);
  assert.is(decoded.validators.length, 1024);
});

test.run();
