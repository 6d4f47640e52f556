/** X-18: an estimate suffices, and little less does not. Random programs on the fast engine; prints its seed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, asAddress, bytesToHex, hexToBytes } from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import type { CallRequest } from './engine.ts';
import { type EstimateOptions, estimateGas } from './estimate-gas.ts';
import { createFastEngine } from './fast-engine.ts';
import { environmentOf } from './header-rules.ts';
import { overrideState } from './overrides.ts';
import { COIN, callRequest, createTestChain, testRules } from './testkit/chain.ts';

const test = suite('vm/estimate-gas');
const alice = party('alice').address;
const at = (byte: number): Address => asAddress(new Uint8Array(20).fill(byte));
const seed = Number(process.env['EHB_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/** mulberry32. */
function createRandom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const byteOf = (value: number): string => value.toString(16).padStart(2, '0');
const CALLEES = 4;

/**
 * A program that needs what it is given: slots set and cleared (refunds), hashing, memory, and calls with all gas
 * (EIP-150) whose failure it does not forgive.
 */
function programOf(random: (below: number) => number, callees: number): string {
  let code = '';
  for (let left = 1 + random(8); left > 0; left -= 1) {
    const slot = byteOf(random(6));
    switch (random(callees > 0 ? 7 : 5)) {
      case 0:
        code += `60${byteOf(1 + random(200))}60${slot}55`;
        break;
      case 1:
        code += `600060${slot}55`;
        break;
      case 2:
        code += `60${slot}5450`;
        break;
      case 3:
        code += `61${byteOf(random(8))}00600020${'50'}`;
        break;
      case 4:
        code += `600161${byteOf(random(16))}0052`;
        break;
      default:
        code += demandingCall(1 + random(callees), code.length / 2);
    }
  }
  return `${code}00`;
}

/** CALL with all gas; reverts if it fails. @param start where in the program it begins */
function demandingCall(callee: number, start: number): string {
  const call = `60006000600060006000${`73${bytesToHex(at(callee)).slice(2)}`}5af1`;
  const jumpTo = start + call.length / 2 + 9;
  return `${call}61${byteOf(jumpTo >> 8)}${byteOf(jumpTo & 255)}5760006000fd5b`;
}

const rules = testRules('osaka', { zeroBaseFee: false });
const chain = createTestChain(rules, [{ address: alice, balance: COIN }]);
const engine = createFastEngine(rules);
const environment = { ...environmentOf(chain.head()), baseFeePerGas: 7n };

const request = (changed: Partial<CallRequest>): CallRequest =>
  callRequest(alice, { gas: 10_000_000n, ...changed });

function estimate(changed: Partial<CallRequest>, options: EstimateOptions = {}) {
  return estimateGas(request(changed), environment, rules, engine, chain.state, options);
}

test(`X-18: an estimate suffices and 1.5 % less does not (EHB_SEED=${seed})`, async () => {
  const random = createRandom(seed);
  let exact = 0;
  const CASES = 150;
  for (let i = 0; i < CASES; i += 1) {
    const accounts = Array.from({ length: CALLEES + 1 }, (_, callee) => ({
      address: at(callee + 1),
      // Callees call only those before them, so that every program ends.
      code: hexToBytes(`0x${programOf(random, callee)}`),
      stateDiff: Array.from({ length: 6 }, (_, slot) => ({
        slot: hexToBytes(slot.toString(16).padStart(64, '0')),
        value: Uint8Array.of(random(2)),
      })),
    }));
    const overridden = overrideState(chain.state, accounts, 'osaka');
    assert.ok(overridden.ok);
    const { state } = overridden;
    const asked = request({ to: at(CALLEES + 1) });
    const result = await estimateGas(asked, environment, rules, engine, state);
    assert.is(result.kind, 'estimated', `case ${i}`);
    const gas = result.kind === 'estimated' ? result.gas : 0n;
    const passes = async (limit: bigint): Promise<boolean> =>
      (await engine.call({ ...asked, gas: limit }, environment, state)).kind === 'returned';
    assert.ok(await passes(gas), `case ${i}: ${gas} suffices`);
    assert.not.ok(await passes((gas * 985n) / 1_000n - 1n), `case ${i}: ${gas} is not too much`);
    if (!(await passes(gas - 1n))) exact += 1;
  }
  console.log(`${exact} of ${CASES} estimates exact`);
  assert.ok(exact > 0);
});

test('X-18: no estimate is above what sender, node, fork and genesis file allow', async () => {
  const poor = { gasPrice: 7n, value: COIN - 7n * 20_000n };
  const refused = await estimate({ to: at(9), ...poor });
  assert.equal(refused, {
    kind: 'refused',
    code: 'VM_GAS_ALLOWANCE',
    message: 'gas required exceeds allowance (20000)',
  });
  const broke = await estimate({ to: at(9), gasPrice: 7n, value: COIN });
  assert.is(broke.kind === 'refused' ? broke.message : '', 'insufficient funds for transfer');
  const creation = { data: hexToBytes('0x5b600056'), gas: 2n ** 40n };
  const message = async (options: EstimateOptions): Promise<string> => {
    const result = await estimate(creation, options);
    return result.kind === 'refused' ? result.message : result.kind;
  };
  assert.is(await message({ gasCap: 100_000n }), 'gas required exceeds allowance (100000)');
  assert.is(await message({}), 'gas required exceeds allowance (16777216)');
});

test('X-18: what a transfer of a list costs is found although 21000 does not suffice', async () => {
  const accessList = [{ address: at(1), storageKeys: [] }];
  assert.equal(await estimate({ to: at(9), accessList }), { kind: 'estimated', gas: 23_400n });
});

test('X-18: gas below that of a transfer is not taken as the most to try', async () => {
  assert.equal(await estimate({ to: at(9), gas: 1n }), { kind: 'estimated', gas: 21_000n });
});

test.run();
