/** Calls, gas estimates and access lists on a state that they leave alone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  asAddress,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  hexToBytes,
  signTransaction,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { createAccessList } from './create-access-list.ts';
import type { BlockEnvironment, CallRequest, CallResult } from './engine.ts';
import { estimateGas } from './estimate-gas.ts';
import { environmentOf } from './header-rules.ts';
import { COIN, callRequest, createTestChain, GAS_LIMIT, testRules } from './testkit/chain.ts';

const test = suite('vm/call');
const alice = party('alice');
const bob = party('bob');
const contract = (byte: number) => asAddress(new Uint8Array(20).fill(byte));

/** Adds 1 to slot 0 and returns the new value. */
const COUNTER = hexToBytes('0x60005460010180600055600052' + '60206000f3');
/** Reverts with the four bytes 0xdeadbeef. */
const REVERTING = hexToBytes('0x63deadbeef6000526004601cfd');
/** INVALID. */
const INVALID = hexToBytes('0xfe');
/** Jumps into nowhere. */
const BAD_JUMP = hexToBytes('0x600956');
/** Returns CALLER. */
const WHO = hexToBytes('0x3360005260206000f3');
/** Returns BASEFEE. */
const BASE_FEE = hexToBytes('0x4860005260206000f3');
/** Returns the 64 bytes of COINBASE and PREVRANDAO. */
const BLOCK_FACTS = hexToBytes('0x4160005244602052' + '60406000f3');
/** Clears slot 0, which earns a refund. */
const CLEARING = hexToBytes('0x600060005500');
/** Calls contract 1 with all gas and reverts if that fails: needs more than it uses (63/64). */
const FORWARDING = hexToBytes(`0x6000600060006000600073${'01'.repeat(20)}5af160295760006000fd5b00`);

const chain = createTestChain(testRules('osaka'), [
  { address: alice.address, balance: COIN },
  { address: contract(1), code: COUNTER, nonce: 1n, storage: [word(0n, 41n)] },
  { address: contract(2), code: REVERTING, nonce: 1n },
  { address: contract(3), code: INVALID, nonce: 1n },
  { address: contract(4), code: BAD_JUMP, nonce: 1n },
  { address: contract(5), code: WHO, nonce: 1n },
  { address: contract(6), code: BASE_FEE, nonce: 1n },
  { address: contract(7), code: BLOCK_FACTS, nonce: 1n },
  { address: contract(8), code: CLEARING, nonce: 1n, storage: [word(0n, 1n)] },
  { address: contract(9), code: FORWARDING, nonce: 1n },
]);

function word(slot: bigint, value: bigint) {
  return { slot: hexToBytes(slot.toString(16).padStart(64, '0')), value: bigintToBytes(value) };
}

const environment: BlockEnvironment = environmentOf(chain.head());

const request = (changed: Partial<CallRequest>): CallRequest => callRequest(alice.address, changed);

function call(changed: Partial<CallRequest>, env = environment): Promise<CallResult> {
  return chain.engine.call(request(changed), env, chain.state);
}

async function returned(changed: Partial<CallRequest>, env = environment): Promise<bigint> {
  const result = await call(changed, env);
  assert.is(result.kind, 'returned');
  return result.kind === 'returned' ? bytesToBigint(result.returnData) : -1n;
}

test('a call returns data and changes nothing', async () => {
  assert.is(await returned({ to: contract(1) }), 42n);
  assert.is(await returned({ to: contract(1) }), 42n);
});

test('calls may overlap', async () => {
  const values = await Promise.all(Array.from({ length: 12 }, () => returned({ to: contract(1) })));
  assert.equal(values, new Array(12).fill(42n));
});

test('a revert comes with its data and an exceptional halt with the reason in words of geth', async () => {
  const reverted = await call({ to: contract(2) });
  assert.is(reverted.kind, 'reverted');
  assert.is(reverted.kind === 'reverted' ? bytesToHex(reverted.returnData) : '', '0xdeadbeef');
  const reasons: (readonly [number, string, bigint])[] = [
    [3, 'invalid opcode', GAS_LIMIT],
    [4, 'invalid jump destination', GAS_LIMIT],
    [1, 'out of gas', 21_100n],
  ];
  for (const [to, reason, gas] of reasons) {
    const halted = await call({ to: contract(to), gas });
    assert.is(halted.kind === 'halted' ? halted.reason : halted.kind, reason);
    assert.is(halted.kind === 'halted' ? halted.gasUsed : 0n, gas);
  }
});

test('X-15: a contract may be the caller and still has its code during the call', async () => {
  assert.is(await returned({ from: contract(1), to: contract(5) }), bytesToBigint(contract(1)));
  assert.is(await returned({ from: contract(1), to: contract(1) }), 42n);
});

test('a call that cannot be paid is refused, a free one needs no balance', async () => {
  const poor = await call({ from: bob.address, to: contract(1), gasPrice: 1n });
  assert.is(poor.kind === 'refused' ? poor.code : poor.kind, 'VM_INSUFFICIENT_FUNDS');
  const gift = await call({ from: bob.address, to: alice.address, value: 1n });
  assert.is(gift.kind === 'refused' ? gift.code : gift.kind, 'VM_INSUFFICIENT_FUNDS');
  assert.is((await call({ from: bob.address, to: contract(1) })).kind, 'returned');
  const cheap = await call({ to: contract(1), gas: 20_999n });
  assert.is(cheap.kind === 'refused' ? cheap.code : cheap.kind, 'VM_INTRINSIC_GAS');
});

test('a free call sees a base fee of zero, a paying one that of the block', async () => {
  const priced = { ...environment, baseFeePerGas: 7n };
  assert.is(await returned({ to: contract(6) }, priced), 0n);
  assert.is(await returned({ to: contract(6), gasPrice: 7n, gas: 100_000n }, priced), 7n);
});

test('X-8: COINBASE is the beneficiary of the rules and PREVRANDAO the mixHash', async () => {
  const treasury = party('treasury').address;
  const paying = createTestChain(testRules('osaka', { beneficiary: treasury }), [
    { address: contract(7), code: BLOCK_FACTS, nonce: 1n },
  ]);
  const asked = request({ to: contract(7) });
  const result = await paying.engine.call(asked, environmentOf(paying.head()), paying.state);
  assert.is(result.kind, 'returned');
  const data = result.kind === 'returned' ? result.returnData : new Uint8Array(64);
  assert.equal(data.slice(12, 32), treasury);
  assert.equal(data.slice(32), paying.head().mixHash);
});

test('an authorisation delegates for the call', async () => {
  const delegating = signTransaction(
    {
      type: 4,
      chainId: 20_260n,
      nonce: 0n,
      gasLimit: 100_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: bob.address,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
      authorizationList: [
        {
          chainId: 0n,
          address: contract(5),
          nonce: 0n,
          yParity: 0,
          r: new Uint8Array(32).fill(1),
          s: new Uint8Array(32).fill(1),
        },
      ],
    },
    alice.key,
  );
  const authorizationList = delegating.type === 4 ? delegating.authorizationList : [];
  const plain = await call({ to: bob.address });
  const result = await call({ to: bob.address, authorizationList });
  assert.is(result.kind, 'returned');
  const cost = (outcome: CallResult): bigint => (outcome.kind === 'refused' ? 0n : outcome.gasUsed);
  assert.is(cost(result) - cost(plain), 25_000n);
});

const estimate = (changed: Partial<CallRequest>) =>
  estimateGas(request(changed), environment, chain.rules, chain.engine, chain.state);

test('an estimate suffices and is exact for a transfer', async () => {
  assert.equal(await estimate({ to: bob.address, value: 1n }), { kind: 'estimated', gas: 21_000n });
});

test('an estimate suffices where a refund or an inner call needs more than is used', async () => {
  for (const to of [contract(1), contract(8), contract(9)]) {
    const result = await estimate({ to });
    assert.is(result.kind, 'estimated');
    const gas = result.kind === 'estimated' ? result.gas : 0n;
    assert.is((await call({ to, gas })).kind, 'returned');
    assert.is.not((await call({ to, gas: gas - gas / 32n })).kind, 'returned');
  }
});

test('the calldata floor is part of an estimate', async () => {
  const data = new Uint8Array(1_000).fill(1);
  assert.equal(await estimate({ to: bob.address, data }), { kind: 'estimated', gas: 61_000n });
});

test('a failing call has no estimate but its reason', async () => {
  assert.is((await estimate({ to: contract(2) })).kind, 'reverted');
  assert.is((await estimate({ to: contract(3) })).kind, 'halted');
  assert.is((await estimate({ from: bob.address, to: alice.address, value: 1n })).kind, 'refused');
});

test('an access list names what is touched beyond sender, recipient and precompiles', async () => {
  const result = await createAccessList(
    request({ to: contract(9) }),
    environment,
    chain.engine,
    chain.state,
  );
  assert.ok(result.ok);
  assert.equal(result.accessList, [{ address: contract(1), storageKeys: [new Uint8Array(32)] }]);
  assert.is(result.error, undefined);
  const failing = await createAccessList(
    request({ to: contract(2) }),
    environment,
    chain.engine,
    chain.state,
  );
  assert.is(failing.ok ? failing.error : '', 'execution reverted');
});

test.run();
