/** Overrides as they come in: what they become, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../../../ledger/model/index.ts';
import { RpcRefusal } from '../../errors.ts';
import { blockOverridesParam, stateOverridesParam } from './overrides.ts';

const test = suite('rpc/methods/eth/overrides');
const A = `0x${'aa'.repeat(20)}`;
const B = `0x${'bb'.repeat(20)}`;
const WORD = `0x${'00'.repeat(31)}2a`;

const state = (value: unknown) => stateOverridesParam.decode(value, 'argument 2');
const block = (value: unknown) => blockOverridesParam.decode(value, 'argument 3');

test('overrides of state come as a list by address', () => {
  const [first, second] = state({
    [A]: { balance: '0x1', nonce: '0x2', code: '0x6000', stateDiff: { [WORD]: WORD } },
    [B]: { state: {}, movePrecompileToAddress: A },
  });
  assert.is(bytesToHex(first?.address ?? new Uint8Array()), A);
  assert.equal([first?.balance, first?.nonce], [1n, 2n]);
  assert.is(bytesToHex(first?.code ?? new Uint8Array()), '0x6000');
  assert.is(bytesToHex(first?.stateDiff?.[0]?.slot ?? new Uint8Array()), WORD);
  assert.is(bytesToHex(first?.stateDiff?.[0]?.value ?? new Uint8Array()), WORD);
  assert.is(first?.state, undefined);
  assert.equal(second?.state, []);
  assert.is(bytesToHex(second?.movePrecompileTo ?? new Uint8Array()), A);
});

test('of two names for one account the last counts', () => {
  const upper = `0x${'AA'.repeat(20)}`;
  const overrides = state({ [A]: { nonce: '0x1' }, [upper]: { nonce: '0x2' } });
  assert.equal(
    overrides.map(({ nonce }) => nonce),
    [2n],
  );
});

test('overrides of the block have the names of the engine', () => {
  const overrides = block({ number: '0x1', time: '0x2', feeRecipient: A, blobBaseFee: '0x0' });
  assert.is(overrides.number, 1n);
  assert.is(overrides.timestamp, 2n);
  assert.is(overrides.blobBaseFee, 0n);
  assert.is(bytesToHex(overrides.beneficiary ?? new Uint8Array()), A);
});

const many = Object.fromEntries(
  Array.from({ length: 1_001 }, (_, i) => [`0x${i.toString(16).padStart(40, '0')}`, {}]),
);
const bad: readonly [string, () => unknown, number, string][] = [
  ['a list', () => state([]), -32602, 'argument 2: want an object'],
  ['a short address', () => state({ '0x12': {} }), -32602, 'want an address of 20 bytes'],
  ['no object for an account', () => state({ [A]: '0x' }), -32602, 'want an object'],
  ['a short slot', () => state({ [A]: { state: { '0x1': WORD } } }), -32602, 'of 32 bytes'],
  ['a short value', () => state({ [A]: { stateDiff: { [WORD]: '0x1' } } }), -32602, 'of 32 bytes'],
  [
    'a balance of too many bits',
    () => state({ [A]: { balance: `0x1${'0'.repeat(64)}` } }),
    -32602,
    '256 bits',
  ],
  [
    'a nonce of too many bits',
    () => state({ [A]: { nonce: `0x1${'0'.repeat(16)}` } }),
    -32602,
    '64 bits',
  ],
  ['odd code', () => state({ [A]: { code: '0x1' } }), -32602, 'even number'],
  ['too many accounts', () => state(many), -32602, 'at most 1000 entries, got 1001'],
  ['a block number that is none', () => block({ number: 'latest' }), -32602, 'number'],
  ['a beacon root', () => block({ beaconRoot: WORD }), -32000, 'not supported for this RPC method'],
  ['withdrawals', () => block({ withdrawals: [] }), -32000, 'not supported for this RPC method'],
];
for (const [what, decode, code, words] of bad) {
  test(`${what} is refused`, () => {
    try {
      decode();
    } catch (error) {
      assert.ok(error instanceof RpcRefusal);
      assert.match(error.message, words);
      assert.is(error.code === 'RPC_INVALID_PARAMS' ? -32602 : -32000, code);
      return;
    }
    assert.unreachable();
  });
}

test.run();
