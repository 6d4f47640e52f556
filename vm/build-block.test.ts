/** What building includes, leaves out and pays. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contractAddress, hexToBytes, keyOf, logsBloom } from '../ledger/model/index.ts';
import { party } from '../ledger/model/testkit/party.ts';
import { COIN, createTestChain, GAS_LIMIT, signed, testRules } from './testkit/chain.ts';

const test = suite('vm/build-block');
const alice = party('alice');
const bob = party('bob');
const proposer = party('proposer');

/** Creation code of a contract that logs topic 0x2a with 32 zero bytes and stores its caller in slot 0. */
const LOGGER = hexToBytes('0x600c600c600039600c6000f3602a60206000a13360005500');
/** Creation code that reverts with one byte. */
const REVERTING = hexToBytes('0x602a60005360016000fd');

function chainWith(changed: Parameters<typeof testRules>[1] = {}) {
  return createTestChain(testRules('osaka', changed), [
    { address: alice.address, balance: 10n * COIN },
    { address: bob.address, balance: COIN },
  ]);
}

test('transactions that are invalid or do not fit are left out with index and code', async () => {
  const chain = chainWith();
  const { executed, skipped } = await chain.build([
    signed(alice, { to: bob.address, nonce: 1n }),
    signed(alice, { to: bob.address }),
    signed(alice, { to: bob.address }),
    signed(bob, { to: alice.address, value: 2n * COIN }),
    signed(bob, { to: alice.address, gasLimit: 20_999n }),
    signed(bob, { to: alice.address, chainId: 1n }),
    signed(bob, { to: alice.address, gasLimit: 16_777_217n }),
    signed(bob, { to: alice.address, gasLimit: 21_000n }),
  ]);
  assert.equal(
    skipped.map(({ index, code }) => [index, code]),
    [
      [0, 'VM_NONCE_TOO_HIGH'],
      [2, 'VM_NONCE_TOO_LOW'],
      [3, 'VM_INSUFFICIENT_FUNDS'],
      [4, 'VM_INTRINSIC_GAS'],
      [5, 'VM_CHAIN_ID'],
      [6, 'VM_GAS_LIMIT_CAP'],
    ],
  );
  assert.equal(executed.senders, [alice.address, bob.address]);
  assert.is(executed.block.header.gasUsed, 42_000n);
  assert.is(executed.receipts[1]?.cumulativeGasUsed, 42_000n);
});

test('what the block has no gas left for waits, and smaller ones behind it go in', async () => {
  const chain = chainWith();
  const { executed, skipped } = await chain.build(
    [
      signed(alice, { to: bob.address, gasLimit: 30_000n }),
      signed(alice, { to: bob.address, nonce: 1n, gasLimit: 40_000n }),
      signed(bob, { to: alice.address, gasLimit: 25_000n }),
    ],
    { gasLimit: 60_000n },
  );
  assert.is(executed.receipts.length, 2);
  assert.equal(
    skipped.map(({ index, code }) => [index, code]),
    [[1, 'VM_BLOCK_GAS_EXCEEDED']],
  );
});

test('X-11: a chain rule can cap the gas of one transaction', async () => {
  const chain = chainWith({ perTransactionGasLimit: 50_000n });
  const { skipped } = await chain.build([signed(alice, { to: bob.address, gasLimit: 50_001n })]);
  assert.is(skipped[0]?.code, 'VM_GAS_LIMIT_RULE');
});

test('the deadline ends the block and pause is awaited after each transaction', async () => {
  const chain = chainWith();
  let pauses = 0;
  const { executed, skipped } = await chain.build(
    [0n, 1n, 2n].map((nonce) => signed(alice, { to: bob.address, nonce })),
    {
      deadline: () => pauses === 2,
      pause: async () => {
        pauses += 1;
      },
    },
  );
  assert.is(executed.receipts.length, 2);
  assert.equal(skipped, []);
});

test('creating a contract and calling it leave code, storage, logs and blooms', async () => {
  const chain = chainWith();
  const contract = contractAddress(alice.address, 0n);
  chain.append(await chain.build([signed(alice, { data: LOGGER })]));
  const { executed } = await chain.build([signed(bob, { to: contract })]);
  const [receipt] = executed.receipts;
  assert.is(receipt?.status, 1);
  assert.is(receipt?.logs.length, 1);
  assert.equal(receipt?.logs[0]?.address, contract);
  assert.equal(receipt?.logsBloom, logsBloom(receipt?.logs ?? []));
  assert.equal(executed.block.header.logsBloom, receipt?.logsBloom);
  const change = executed.changes.accounts.find(
    ({ address }) => keyOf(address) === keyOf(contract),
  );
  assert.equal(change?.storage, [{ slot: new Uint8Array(32), value: bob.address }]);
});

test('X-3: a failed creation keeps nonce and gas and nothing else', async () => {
  const chain = chainWith();
  const { executed } = await chain.build([signed(alice, { data: REVERTING, value: COIN })]);
  assert.is(executed.receipts[0]?.status, 0);
  assert.equal(executed.receipts[0]?.logs, []);
  assert.is(executed.changes.accounts.length, 1);
  assert.is(executed.changes.accounts[0]?.account?.nonce, 1n);
  assert.is(executed.changes.accounts[0]?.account?.balance, 10n * COIN);
});

test('X-10: fees and reward go to the proposer, or to the beneficiary of the rules', async () => {
  for (const beneficiary of [undefined, party('treasury').address]) {
    const chain = chainWith({ beneficiary, blockReward: 5n });
    const { executed } = await chain.build([
      signed(alice, { to: bob.address, gasLimit: 21_000n, gasPrice: 3n }),
    ]);
    const paid = keyOf(beneficiary ?? proposer.address);
    const change = executed.changes.accounts.find(({ address }) => keyOf(address) === paid);
    assert.is(change?.account?.balance, 63_005n);
    assert.equal(executed.block.header.beneficiary, proposer.address);
  }
});

test('the base fee is burnt and only the tip is paid', async () => {
  const chain = chainWith({ zeroBaseFee: false, fixedBaseFee: 2n });
  const { executed, skipped } = await chain.build([
    signed(alice, { to: bob.address, gasLimit: 21_000n, gasPrice: 3n }),
    signed(bob, { to: alice.address, gasLimit: 21_000n, gasPrice: 1n }),
  ]);
  const change = executed.changes.accounts.find(
    ({ address }) => keyOf(address) === keyOf(proposer.address),
  );
  assert.is(change?.account?.balance, 21_000n);
  assert.is(skipped[0]?.code, 'VM_FEE_BELOW_BASE_FEE');
});

test('X-13: a block holds no more bytes than its limit', async () => {
  const chain = chainWith();
  const data = new Uint8Array(1_000_000);
  const candidates = Array.from({ length: 9 }, (_, nonce) =>
    signed(alice, { to: bob.address, nonce: BigInt(nonce), data, gasLimit: 16_000_000n }),
  );
  const { skipped } = await chain.build(candidates, { gasLimit: GAS_LIMIT * 10n });
  assert.equal(
    skipped.map(({ index, code }) => [index, code]),
    [[8, 'VM_BLOCK_SIZE']],
  );
});

test('many lone transactions of one block share one overlay: later ones see earlier ones', async () => {
  const chain = createTestChain(testRules('osaka'), [{ address: alice.address, balance: 3n }]);
  const { executed } = await chain.build([
    signed(alice, { to: bob.address, value: 3n }),
    signed(bob, { to: alice.address, value: 1n }),
    signed(alice, { to: bob.address, nonce: 1n, value: 1n }),
  ]);
  assert.is(executed.receipts.length, 3);
  const balances = executed.changes.accounts.map(({ account }) => account?.balance);
  assert.equal(balances.sort(), [0n, 3n]);
});

test.run();
