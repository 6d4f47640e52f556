/** access lists of both engines against what geth's tracer would list. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AccessListItem,
  type Address,
  asAddress,
  bytesToHex,
  hexToBytes,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { createAccessList } from './create-access-list.ts';
import type { CallRequest, Engine } from './engine.ts';
import { createFastEngine } from './fast-engine.ts';
import { environmentOf } from './header-rules.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { COIN, callRequest, createTestChain, testRules } from './testkit/chain.ts';

const test = suite('vm/create-access-list');
const alice = party('alice').address;
const at = (byte: number): Address => asAddress(new Uint8Array(20).fill(byte));
const push = (byte: number): string => `73${bytesToHex(at(byte)).slice(2)}`;
/** CALL with that much gas and no value; the result is dropped. */
const calls = (byte: number, gas = '62ffffff'): string =>
  `60006000600060006000${push(byte)}${gas}f150`;
const sload = (slot: string): string => `60${slot}5450`;
const REVERT = '60006000fd';

const CODES: Readonly<Record<number, string>> = {
  // Reads slot 5, looks at 0xb1, reverts.
  1: `${sload('05')}${push(0xb1)}3150${REVERT}`,
  // Calls 0x01, reads an own slot.
  2: `${calls(0x01)}${sload('06')}`,
  // Reads a slot and reverts.
  3: `${sload('42')}${REVERT}`,
  // Calls 0x01 with gas for its first instructions only.
  4: calls(0x01, '61000a'),
  // A frame that is rolled back touches a slot that is touched again afterwards.
  5: `${calls(0x01)}${calls(0x01)}`,
  // Calls a precompiled contract, looks at sender, itself and COINBASE.
  6: `60006000600060006002620fffff${'fa'}50333150303150413150`,
  // SELFDESTRUCT for 0xb2.
  7: `${push(0xb2)}ff`,
  // EXTCODESIZE, EXTCODEHASH, EXTCODECOPY of others.
  8: `${push(0xb3)}3b50${push(0xb4)}3f50600060006000${push(0xb5)}3c`,
  // DELEGATECALL and CALLCODE: slots are its own.
  9: `6000600060006000${push(0x0a)}62fffffff450` + `60006000600060006000${push(0x0b)}62fffffff250`,
  10: sload('0a'),
  11: sload('0b'),
  // Reads slot 1 if slot 0 was cold, else slot 2: what it touches depends on the list.
  12: `5a600054505a900361050010601457${sload('02')}005b${sload('01')}`,
  // Invalid after a slot.
  13: `${sload('03')}fe`,
  // Two levels, the outer one reverted.
  14: calls(0x0f),
  15: `${calls(0x0a)}${REVERT}`,
  // A creation whose code writes slot 1.
  16: `6460016001556000526005601b6000f050`,
};

type Expectation = readonly [byte: number, list: Readonly<Record<number, readonly number[]>>];

const chain = createTestChain(testRules('osaka'), [
  { address: alice, balance: COIN },
  ...Object.entries(CODES).map(([byte, code]) => ({
    address: at(Number(byte)),
    code: hexToBytes(`0x${code}`),
    nonce: 1n,
  })),
]);
const rules = testRules('osaka');
const engines: readonly (readonly [string, Engine])[] = [
  ['fast', createFastEngine(rules)],
  ['reference', createReferenceEngine(rules)],
];

const request = (changed: Partial<CallRequest>): CallRequest => callRequest(alice, changed);

/** Sorted lines of address and slots, the slots as numbers. */
function linesOf(list: readonly AccessListItem[]): readonly string[] {
  return list
    .map(({ address, storageKeys }) => {
      const keys = storageKeys.map((key) => Number(bytesToHex(key)));
      return `${bytesToHex(address)} ${keys.sort((a, b) => a - b)}`;
    })
    .sort();
}

async function listOf(engine: Engine, changed: Partial<CallRequest>): Promise<readonly string[]> {
  const environment = environmentOf(chain.head());
  const made = await createAccessList(request(changed), environment, engine, chain.state);
  assert.ok(made.ok);
  return linesOf(made.accessList);
}

const EXPECTED: readonly Expectation[] = [
  [0x02, { 1: [5], 177: [], 2: [6] }],
  [0x03, { 3: [0x42] }],
  [0x04, { 1: [5] }],
  [0x05, { 1: [5], 177: [] }],
  [0x06, {}],
  [0x07, { 178: [] }],
  [0x08, { 179: [], 180: [], 181: [] }],
  [0x09, { 9: [0x0a, 0x0b], 10: [], 11: [] }],
  [0x0d, { 13: [3] }],
  [0x0e, { 15: [], 10: [0x0a] }],
  [0x0c, { 12: [0, 1, 2] }],
];

for (const [byte, list] of EXPECTED) {
  for (const [name, engine] of engines) {
    test(`X-19: what contract ${byte} touches on the ${name} engine`, async () => {
      const wanted = Object.entries(list).map(
        ([key, slots]) => `${bytesToHex(at(Number(key)))} ${slots}`,
      );
      assert.equal(await listOf(engine, { to: at(byte) }), wanted.sort());
    });
  }
}

for (const [name, engine] of engines) {
  test(`X-19: a list on the ${name} engine has what the request names, but not twice`, async () => {
    const slots = [new Uint8Array(32)];
    const accessList = [
      { address: at(0xc1), storageKeys: slots },
      { address: at(0x03), storageKeys: [] },
    ];
    const wanted = [`${bytesToHex(at(0x03))} 66`, `${bytesToHex(at(0xc1))} 0`];
    assert.equal(await listOf(engine, { to: at(0x03), accessList }), wanted);
  });

  test(`X-19: what a creation makes is listed with its slots on the ${name} engine`, async () => {
    const lines = await listOf(engine, { to: at(0x10) });
    assert.is(lines.length, 1);
    assert.match(String(lines[0]), /^0x[0-9a-f]{40} 1$/);
  });

  test(`a list on the ${name} engine says how a failing call ended and what it used`, async () => {
    const made = async (byte: number) =>
      await createAccessList(
        request({ to: at(byte), gas: 100_000n }),
        environmentOf(chain.head()),
        engine,
        chain.state,
      );
    const reverted = await made(0x03);
    assert.is(reverted.ok && reverted.error, 'execution reverted');
    assert.ok(reverted.ok && reverted.gasUsed < 30_000n);
    const halted = await made(0x0d);
    assert.is(halted.ok && halted.error, 'invalid opcode');
    assert.is(halted.ok && halted.gasUsed, 100_000n);
  });
}

test.run();
