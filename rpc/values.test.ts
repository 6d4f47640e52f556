import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../ledger/model/index.ts';
import { blockParam } from './block-reference.ts';
import { type Codec, listOf, objectOf, optional } from './codec.ts';
import { RpcRefusal } from './errors.ts';
import {
  addressParam,
  bytesParam,
  countParam,
  hashParam,
  quantity,
  quantityParam,
  slotParam,
  word,
  wordParam,
} from './values.ts';

const test = suite('rpc/values');
const HASH = `0x${'ab'.repeat(32)}`;
const ADDRESS = `0x${'Cd'.repeat(20)}`;

function refusal(run: () => unknown): RpcRefusal {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcRefusal) return error;
    throw error;
  }
  assert.unreachable('a refusal');
  throw new RangeError('unreachable');
}

const codecs: readonly {
  readonly name: string;
  readonly codec: Codec<unknown>;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}[] = [
  {
    name: 'a 64-bit quantity',
    codec: quantityParam(64, 'number'),
    good: ['0x0', '0x1', '0xff', '0xFFFFFFFFFFFFFFFF'],
    bad: ['', '0x', '0x00', '0x01', '1', 1, null, {}, [], '0xg', '0x10000000000000000', '-0x1'],
  },
  {
    name: 'a 256-bit quantity',
    codec: quantityParam(256, 'wei'),
    good: ['0x0', `0x${'f'.repeat(64)}`],
    bad: [`0x1${'0'.repeat(64)}`, 0, true],
  },
  {
    name: 'bytes',
    codec: bytesParam('data'),
    good: ['0x', '0x00fF'],
    bad: ['', '00', '0x0', '0xzz', 5],
  },
  {
    name: 'an address',
    codec: addressParam,
    good: [ADDRESS],
    bad: ['0x', `${ADDRESS}00`, ADDRESS.slice(2), ADDRESS.slice(0, -1), 'x'.repeat(42), {}],
  },
  { name: 'a hash', codec: hashParam, good: [HASH], bad: ['0x', HASH.slice(0, -2), `${HASH}0`, 1] },
  {
    name: 'a slot',
    codec: slotParam,
    good: ['0x', '0x0', HASH],
    bad: ['0xasdf', `0x0${HASH.slice(2)}`, 1],
  },
  { name: 'a word', codec: wordParam, good: ['0x1', HASH], bad: ['0x', `${HASH}00`, '1'] },
  {
    name: 'a count',
    codec: countParam('count'),
    good: ['0x10', 4, 0],
    bad: [-1, 1.5, 'ten', null, '0x'],
  },
  {
    name: 'a block',
    codec: blockParam,
    good: [
      'latest',
      'safe',
      'finalized',
      'pending',
      'earliest',
      '0x1',
      HASH,
      { blockNumber: '0x1' },
      { blockHash: HASH, requireCanonical: true },
    ],
    bad: [
      'newest',
      '',
      '0x01',
      1,
      {},
      [],
      { blockNumber: '0x1', blockHash: HASH },
      { blockHash: '0x1' },
      `${HASH}0`,
    ],
  },
];

for (const { name, codec, good, bad } of codecs) {
  test(`${name} is taken in each of its forms, and the schema agrees`, () => {
    for (const value of good) {
      codec.decode(value, 'argument 0');
      assert.ok(Value.Check(codec.schema as TSchema, value), `schema: ${JSON.stringify(value)}`);
    }
  });
  test(`anything else as ${name} is refused, naming the argument`, () => {
    for (const value of bad) {
      const { code, message } = refusal(() => codec.decode(value, 'argument 3'));
      assert.is(code, 'RPC_INVALID_PARAMS');
      assert.match(message, /argument 3|storage key/, JSON.stringify(value));
    }
  });
}

test('a refusal tells where in the parameter the fault is', () => {
  const codec = objectOf({ items: listOf(addressParam, 2) }, 'items');
  const { message } = refusal(() => codec.decode({ items: [ADDRESS, '0x12'] }, 'argument 1'));
  assert.match(message, 'invalid argument 1: items[1]: want an address of 20 bytes');
  assert.match(message, 'got "0x12"');
});

test('a refusal stays short for a value of any size', () => {
  const { message } = refusal(() => addressParam.decode('x'.repeat(1_000_000), 'argument 0'));
  assert.ok(message.length < 250);
});

test('a list longer than its bound is refused before its items are looked at', () => {
  const { message } = refusal(() => listOf(addressParam, 2).decode([1, 2, 3], 'argument 0'));
  assert.match(message, 'want at most 2 items');
});

test('inherited names are not fields', () => {
  const codec = objectOf({ constructor: optional(bytesParam('data')) }, 'odd');
  assert.equal(Object.keys(codec.decode({}, 'argument 0')), []);
  assert.equal(codec.decode(JSON.parse('{"__proto__":{"constructor":"0x00"}}'), 'argument 0'), {});
});

test('quantities have no leading zeros, words are padded to 32 bytes', () => {
  assert.is(quantity(0n), '0x0');
  assert.is(quantity(255), '0xff');
  assert.is(word(Uint8Array.of(1)), `0x${'00'.repeat(31)}01`);
  assert.is(bytesToHex(slotParam.decode('0x5', 'argument 0')), `0x${'00'.repeat(31)}05`);
});

test.run();
