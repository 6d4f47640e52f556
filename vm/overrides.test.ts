/** State and block as calls suppose them, on both engines. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keccak256, sha256 } from '#crypto';
import {
  type Address,
  asAddress,
  asHash,
  type BlockOverrides,
  bytesToBigint,
  bytesToHex,
  hexToBytes,
  type StateOverride,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import type { CallRequest, CallResult } from './engine.ts';
import { createFastEngine } from './fast-engine.ts';
import { environmentOf } from './header-rules.ts';
import { overrideEnvironment, overrideState } from './index.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { COIN, callRequest, createTestChain, testRules } from './testkit/chain.ts';

const test = suite('vm/overrides');
const alice = party('alice').address;
const bob = party('bob').address;
const counter = address(0x11);
const treasury = address(0x77);

function address(byte: number): Address {
  return asAddress(new Uint8Array(20).fill(byte));
}

function slot(number: number): Uint8Array {
  return hexToBytes(number.toString(16).padStart(64, '0'));
}

/** Returns slot 0 and slot 1. */
const READS = hexToBytes('0x60005460005260015460205260406000f3');
/** Returns BALANCE(bob), EXTCODESIZE(bob), EXTCODEHASH(bob). */
const LOOKS = hexToBytes(`0x73${bytesToHex(bob).slice(2)}8031600052803b6020523f60405260606000f3`);
/** NUMBER, TIMESTAMP, GASLIMIT, COINBASE, PREVRANDAO, BASEFEE, BLOBBASEFEE. */
const BLOCK = hexToBytes(
  `0x4360005242602052456040524160605244608052` + `4860a0524a60c05260e06000f3`,
);
/** Hands its calldata to the address in its first word and returns what that returns, and the gas it cost. */
const FORWARDS = hexToBytes(
  `0x5a602036036020600037` +
    `6000600060203603600060006000355af1` +
    `505a9003` +
    `3d6000602037` +
    `6000523d60200160` +
    `00f3`,
);

const rules = testRules('osaka', { zeroBaseFee: false, beneficiary: treasury });
const chain = createTestChain(rules, [
  { address: alice, balance: COIN },
  {
    address: counter,
    code: READS,
    nonce: 1n,
    storage: [
      { slot: slot(0), value: Uint8Array.of(41) },
      { slot: slot(1), value: Uint8Array.of(7) },
    ],
  },
  { address: address(0x12), code: LOOKS, nonce: 1n },
  { address: address(0x13), code: BLOCK, nonce: 1n },
  { address: address(0x14), code: FORWARDS, nonce: 1n },
]);
const engines = [createFastEngine(rules), createReferenceEngine(rules)];

type Suppose = { readonly state?: readonly StateOverride[]; readonly block?: BlockOverrides };

/** The same on both engines, what they say compared. */
async function call(changed: Partial<CallRequest>, suppose: Suppose = {}): Promise<CallResult> {
  const environment = overrideEnvironment(environmentOf(chain.head()), suppose.block ?? {});
  const overridden = overrideState(chain.state, suppose.state ?? [], 'osaka');
  assert.ok(overridden.ok, 'the overrides can be applied');
  const { movedPrecompiles } = overridden;
  const request = callRequest(alice, { gas: 1_000_000n, movedPrecompiles, ...changed });
  const [fast, reference] = await Promise.all(
    engines.map((engine) => engine.call(request, environment, overridden.state)),
  );
  assert.equal(fast, reference, 'the engines agree');
  return fast as CallResult;
}

async function words(
  changed: Partial<CallRequest>,
  suppose: Suppose = {},
): Promise<readonly bigint[]> {
  const result = await call(changed, suppose);
  assert.is(result.kind, 'returned');
  const data = result.kind === 'returned' ? result.returnData : new Uint8Array(0);
  return Array.from({ length: data.length / 32 }, (_, i) =>
    bytesToBigint(data.subarray(32 * i, 32 * i + 32)),
  );
}

test('X-16: state replaces all slots, stateDiff single ones', async () => {
  assert.equal(await words({ to: counter }), [41n, 7n]);
  const one = [{ slot: slot(0), value: Uint8Array.of(9) }];
  const diff = { state: [{ address: counter, stateDiff: one }] };
  assert.equal(await words({ to: counter }, diff), [9n, 7n]);
  const whole = { state: [{ address: counter, state: one }] };
  assert.equal(await words({ to: counter }, whole), [9n, 0n]);
  assert.equal(await words({ to: counter }, { state: [{ address: counter, state: [] }] }), [
    0n,
    0n,
  ]);
  const zero = [{ slot: slot(0), value: new Uint8Array(32) }];
  const cleared = { state: [{ address: counter, stateDiff: zero }] };
  assert.equal(await words({ to: counter }, cleared), [0n, 7n]);
});

test('X-16: an account that is not there gets balance, code and slots', async () => {
  const code = READS;
  const state: StateOverride[] = [
    { address: bob, balance: 5n, code, nonce: 3n, stateDiff: [{ slot: slot(1), value: slot(8) }] },
  ];
  assert.equal(await words({ to: bob }, { state }), [0n, 8n]);
  const seen = await words({ to: address(0x12) }, { state });
  assert.equal(seen, [5n, BigInt(code.length), bytesToBigint(keccak256(code))]);
});

test('X-16: code is replaced, and nothing is left behind', async () => {
  const replaced = { state: [{ address: counter, code: LOOKS }] };
  assert.equal(await words({ to: counter }, replaced), [0n, 0n, 0n]);
  const dropped = { state: [{ address: counter, code: new Uint8Array(0) }] };
  assert.equal(await words({ to: counter }, dropped), []);
  assert.equal(await words({ to: counter }), [41n, 7n]);
});

test('X-16: a balance that is supposed can be spent', async () => {
  const poor = await call({ from: bob, to: alice, value: COIN });
  assert.is(poor.kind === 'refused' ? poor.code : poor.kind, 'VM_INSUFFICIENT_FUNDS');
  const state = [{ address: bob, balance: COIN }];
  assert.is((await call({ from: bob, to: alice, value: COIN }, { state })).kind, 'returned');
});

test('X-16: both state and stateDiff of one account are refused', () => {
  const verdict = overrideState(chain.state, [{ address: bob, state: [], stateDiff: [] }], 'osaka');
  assert.is(verdict.ok ? '' : verdict.code, 'VM_OVERRIDE');
});

const precompile = (number: number) => asAddress(hexToBytes(number.toString(16).padStart(40, '0')));
const SHA256 = precompile(2);
const elsewhere = address(0xee);
const DATA = Uint8Array.of(1, 2, 3);

async function bytes(changed: Partial<CallRequest>, suppose: Suppose): Promise<string> {
  const result = await call(changed, suppose);
  return result.kind === 'returned' ? bytesToHex(result.returnData) : result.kind;
}

test('X-17: a precompiled contract answers where it was moved to and no more where it was', async () => {
  const state = [{ address: SHA256, movePrecompileTo: elsewhere }];
  assert.is(await bytes({ to: elsewhere, data: DATA }, { state }), bytesToHex(sha256(DATA)));
  assert.is(await bytes({ to: SHA256, data: DATA }, { state }), '0x');
  assert.is(await bytes({ to: SHA256, data: DATA }, {}), bytesToHex(sha256(DATA)));
  assert.is(await bytes({ to: elsewhere, data: DATA }, {}), '0x');
});

test('X-17: code in place of a precompiled contract runs', async () => {
  const state = [{ address: SHA256, code: READS, movePrecompileTo: elsewhere }];
  assert.is(await bytes({ to: SHA256, data: DATA }, { state }), `0x${'00'.repeat(64)}`);
  assert.is(await bytes({ to: elsewhere, data: DATA }, { state }), bytesToHex(sha256(DATA)));
});

test('X-17: where it was moved to is cold, where it was stays warm', async () => {
  const state = [{ address: SHA256, movePrecompileTo: elsewhere }];
  const cost = async (to: Address, suppose: Suppose): Promise<bigint> => {
    const target = Uint8Array.from([...new Uint8Array(12), ...to]);
    const [used] = await words({ to: address(0x14), data: target }, suppose);
    return used ?? 0n;
  };
  const inPlace = await cost(SHA256, {});
  assert.is((await cost(elsewhere, { state })) - inPlace, 2_500n);
  const priceOfSha256 = 60n;
  assert.is(inPlace - (await cost(SHA256, { state })), priceOfSha256);
});

test('X-17: what is no precompiled contract does not move, and none moves onto an override', () => {
  const refusal = (overrides: readonly StateOverride[]): string => {
    const verdict = overrideState(chain.state, overrides, 'osaka');
    return verdict.ok ? '' : verdict.message;
  };
  const moved = { address: bob, movePrecompileTo: elsewhere };
  assert.match(refusal([moved]), 'is not a precompile');
  const clash = [
    { address: SHA256, movePrecompileTo: elsewhere },
    { address: elsewhere, balance: 1n },
  ];
  assert.match(refusal(clash), 'is already overridden');
});

test('X-20: instructions see the block as it is supposed', async () => {
  const block: BlockOverrides = {
    number: 1_000n,
    timestamp: 2_000n,
    gasLimit: 3_000n,
    beneficiary: bob,
    prevRandao: asHash(slot(4)),
    baseFeePerGas: 5n,
    blobBaseFee: 6n,
  };
  const asked = { to: address(0x13), gasPrice: 5n };
  assert.equal(await words(asked, { block }), [
    1_000n,
    2_000n,
    3_000n,
    bytesToBigint(bob),
    4n,
    5n,
    6n,
  ]);
  const [number, , gasLimit, coinbase] = await words({ to: address(0x13) });
  assert.equal([number, gasLimit], [0n, chain.head().gasLimit]);
  assert.equal(coinbase, bytesToBigint(treasury));
});

test('a chain of moves leaves nothing behind in the machine', async () => {
  const state = [{ address: SHA256, movePrecompileTo: elsewhere }];
  for (let i = 0; i < 3; i += 1) {
    assert.is(await bytes({ to: elsewhere, data: DATA }, { state }), bytesToHex(sha256(DATA)));
    assert.is(await bytes({ to: elsewhere, data: DATA }, {}), '0x');
  }
});

test.run();
