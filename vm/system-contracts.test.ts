/** System contracts run exactly where their code is deployed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '#crypto';
import {
  asAddress,
  bytesToHex,
  concatBytes,
  EMPTY_REQUESTS_HASH,
  equalBytes,
  headerHash,
  hexToBytes,
} from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { createTestChain, signed, testRules } from './testkit/chain.ts';
import { validateBlock } from './validate-block.ts';

const test = suite('vm/system-contracts');
const HISTORY = asAddress(hexToBytes('0x0000f90827f1c53a10cb7a02335b175320002935'));
const WITHDRAWALS = asAddress(hexToBytes('0x00000961ef480eb55e80d19ad83579a64c007002'));
/** Stores the first word of its calldata in slot 0. */
const KEEP_WORD = hexToBytes('0x60003560005500');
/** Returns one byte 0x2a. */
const RETURN_BYTE = hexToBytes('0x602a60005360016000f3');
/** Reverts. */
const REVERT = hexToBytes('0x60006000fd');

test('X-7: without their code nothing runs and the requests are those of an empty list', async () => {
  const chain = createTestChain(testRules('osaka'), []);
  const { executed } = await chain.build([]);
  assert.equal(executed.changes, { accounts: [], codes: [] });
  assert.equal(executed.block.header.requestsHash, EMPTY_REQUESTS_HASH);
  assert.equal(executed.block.header.stateRoot, chain.head().stateRoot);
});

test('X-2: a deployed history contract gets the parent hash before the first transaction', async () => {
  const chain = createTestChain(testRules('osaka'), [
    { address: HISTORY, nonce: 1n, code: KEEP_WORD },
  ]);
  const { executed } = await chain.build([]);
  const value = executed.changes.accounts[0]?.storage[0]?.value as Uint8Array;
  const padded = concatBytes(new Uint8Array(32 - value.length), value);
  assert.is(bytesToHex(padded), bytesToHex(headerHash(chain.head(), 'qbft')));
  const before = createTestChain(testRules('cancun'), [
    { address: HISTORY, nonce: 1n, code: KEEP_WORD },
  ]);
  assert.equal((await before.build([])).executed.changes.accounts, []);
});

test('what a deployed request contract returns is in the requests hash', async () => {
  const chain = createTestChain(testRules('prague'), [
    { address: WITHDRAWALS, nonce: 1n, code: RETURN_BYTE },
  ]);
  const { executed } = await chain.build([]);
  const expected = sha256(sha256(Uint8Array.of(1, 0x2a)));
  assert.equal(executed.block.header.requestsHash, expected);
  const verdict = await validateBlock(
    { parent: chain.head(), rules: chain.rules, block: executed.block, senders: [] },
    chain.engine,
    chain.state,
  );
  assert.ok(verdict.ok);
});

test('a system contract that fails makes no block', async () => {
  const chain = createTestChain(testRules('prague'), [
    { address: WITHDRAWALS, nonce: 1n, code: REVERT },
  ]);
  let code: unknown;
  await chain.build([]).catch((error) => {
    code = error.code;
  });
  assert.is(code, 'VM_SYSTEM_CALL_FAILED');
});

test('X-7: what a system call creates and destroys is gone, as after a transaction', async () => {
  // CREATE with the initcode CALLER SELFDESTRUCT; returns a word.
  const code = hexToBytes('0x6133ff5f526002601e5ff0505f5f5260205ff3');
  const chain = createTestChain(testRules('osaka'), [{ address: WITHDRAWALS, nonce: 1n, code }]);
  const { accounts } = (await chain.build([])).executed.changes;
  assert.equal(
    accounts.map(({ address, account }) => [bytesToHex(address), account?.nonce]),
    [[bytesToHex(WITHDRAWALS), 2n]],
  );
});

test('X-7: nothing is warm when a system call begins, precompiled contracts neither', async () => {
  for (const touched of [`${'00'.repeat(19)}04`, '99'.repeat(20)]) {
    // Stores what PUSH20, BALANCE, POP and GAS took.
    const code = hexToBytes(`0x5a73${touched}31505a90035f55`);
    const chain = createTestChain(testRules('osaka'), [{ address: HISTORY, nonce: 1n, code }]);
    const { accounts } = (await chain.build([])).executed.changes;
    const [slot] = accounts.flatMap(({ storage }) => storage);
    assert.is(bytesToHex(slot?.value as Uint8Array), '0x0a2f', `2607 for ${touched}`);
  }
});

test('the system caller is left without a trace', async () => {
  const alice = party('alice');
  const chain = createTestChain(testRules('osaka'), [
    { address: HISTORY, nonce: 1n, code: KEEP_WORD },
    { address: alice.address, balance: 1n },
  ]);
  const { executed } = await chain.build([signed(alice, { to: alice.address })]);
  const changed = executed.changes.accounts.map(({ address }) => address);
  assert.is(changed.length, 2);
  assert.ok(
    changed.every((address) => equalBytes(address, HISTORY) || equalBytes(address, alice.address)),
  );
});

test.run();
