/** Calls with overrides, estimates and access lists from a whole node, as viem and ethers ask for them. */
import { JsonRpcProvider } from 'ethers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, createPublicClient, type Hex, http, numberToHex, pad } from 'viem';
import { developmentAccounts } from '../genesis/index.ts';
import { bytesToHex } from '../ledger/model/index.ts';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from './testkit/test-network.ts';

const test = suite<{ network: TestNetwork; node: TestNode }>('node/caller');
const alice = bytesToHex((developmentAccounts[0] as (typeof developmentAccounts)[0]).address);
const nobody: Address = `0x${'ab'.repeat(20)}`;
const there: Address = `0x${'cd'.repeat(20)}`;

/** Returns slot 0. */
const READ: Hex = '0x60005460005260206000f3';
/** Returns NUMBER and TIMESTAMP. */
const BLOCK: Hex = '0x436000524260205260406000f3';
/** Writes 1 to slot 7. */
const WRITE: Hex = '0x600160075500';
/** Returns the balance of alice. */
const BALANCE: Hex = `0x73${alice.slice(2)}3160005260206000f3`;
/** Never ends by itself. */
const LOOP: Hex = '0x5b600056';
const word = (value: bigint): Hex => pad(numberToHex(value));

test.before(async (context) => {
  context.network = await createTestNetwork(1, { blockPeriodMs: 0, requestTimeoutMs: 1_000 });
  context.node = await context.network.start(0);
});
test.after(({ network }) => network.close());

const viemOf = ({ running }: TestNode) =>
  createPublicClient({ transport: http(running.rpcUrl, { retryCount: 0 }) });

test('X-16: viem overrides code, slots and balance of a call', async ({ node }) => {
  const client = viemOf(node);
  const stateOverride = [
    { address: there, code: READ, stateDiff: [{ slot: word(0n), value: word(42n) }] },
  ];
  assert.is((await client.call({ to: there, stateOverride })).data, word(42n));
  assert.is((await client.call({ to: there })).data, undefined);
  const value = 10n ** 30n;
  const rich = [{ address: nobody, balance: value }];
  await client.call({ account: nobody, to: there, value, stateOverride: rich });
  const refused = await client.call({ account: nobody, to: there, value }).then(() => '', String);
  assert.match(refused, 'exceeds the balance of the account');
});

test('X-20: viem overrides number and time of the block', async ({ node }) => {
  const client = viemOf(node);
  const stateOverride = [{ address: there, code: BLOCK }];
  const blockOverrides = { number: 77n, time: 99n };
  const { data } = await client.call({ to: there, stateOverride, blockOverrides });
  assert.is(data, `${word(77n)}${word(99n).slice(2)}`);
});

test('X-18: estimates see overrides', async ({ node }) => {
  const client = viemOf(node);
  const stateOverride = [{ address: there, code: WRITE }];
  assert.is(await client.estimateGas({ account: alice, to: there }), 21_000n);
  const estimate = await client.estimateGas({ account: alice, to: there, stateOverride });
  assert.is(estimate, 43_106n);
});

test('X-19: access lists name the slots of the recipient', async ({ node }) => {
  const stateOverride = { [there]: { code: WRITE } };
  const asked = [{ from: alice, to: there }, 'latest', stateOverride];
  const provider = new JsonRpcProvider(node.running.rpcUrl);
  assert.equal(await provider.send('eth_createAccessList', asked), {
    accessList: [{ address: there, storageKeys: [word(7n)] }],
    gasUsed: numberToHex(43_106n - 2_100n + 2_400n + 1_900n),
  });
  const { accessList } = await viemOf(node).createAccessList({ account: alice, to: there });
  assert.equal(accessList, []);
  provider.destroy();
});

test('X-17: ethers moves a precompiled contract', async ({ node }) => {
  const provider = new JsonRpcProvider(node.running.rpcUrl);
  const identity = `0x${'00'.repeat(19)}04`;
  const call = (to: string, overrides: object): Promise<string> =>
    provider.send('eth_call', [{ to, input: '0x1234' }, 'latest', overrides]);
  const moved = { [identity]: { movePrecompileToAddress: there } };
  assert.is(await call(identity, {}), '0x1234');
  assert.is(await call(identity, moved), '0x');
  assert.is(await call(there, moved), '0x1234');
  const asked = [{ to: there }, 'latest', { [nobody]: { movePrecompileToAddress: there } }];
  const wrong = await node.client.request('eth_call', asked).then(() => '', String);
  assert.match(wrong, 'is not a precompile');
  provider.destroy();
});

test('calls see the state of the block that they name', async ({ node }) => {
  const client = viemOf(node);
  const stateOverride = [{ address: there, code: BALANCE }];
  const balanceAt = async (block: { blockNumber: bigint } | { blockTag: 'latest' | 'pending' }) =>
    BigInt((await client.call({ to: there, stateOverride, ...block })).data ?? 0);
  const first = await client.getBalance({ address: alice, blockNumber: 0n });
  const { raw, hash } = transfer(0, 0);
  await send(node, raw);
  await receiptOf(node, hash);
  assert.is(await balanceAt({ blockNumber: 0n }), first);
  const latest = await client.getBalance({ address: alice });
  assert.is(await balanceAt({ blockTag: 'latest' }), latest);
  assert.is(await balanceAt({ blockTag: 'pending' }), latest);
});

test('ethers estimates, calls and lists as viem does', async ({ node }) => {
  const provider = new JsonRpcProvider(node.running.rpcUrl);
  const identity = `0x${'00'.repeat(19)}04`;
  assert.is(await provider.estimateGas({ from: alice, to: there, value: 1n }), 21_000n);
  assert.is(await provider.call({ to: identity, data: '0x1234', blockTag: 'pending' }), '0x1234');
  assert.is(await provider.call({ to: identity, data: '0x12', blockTag: 0 }), '0x12');
  const estimate = await provider.estimateGas({ from: alice, to: identity, data: '0x1234' });
  const { gasUsed } = (await provider.send('eth_createAccessList', [
    { from: alice, to: identity, data: '0x1234' },
  ])) as { gasUsed: string };
  assert.ok(estimate >= BigInt(gasUsed));
  const failed = await provider
    .estimateGas({ from: nobody, to: there, value: 1n })
    .then(() => '', String);
  assert.match(failed, 'insufficient funds');
  provider.destroy();
});

test('X-21: a call gets no more gas than the node gives', async ({ node }) => {
  const failed = await viemOf(node)
    .call({ to: there, gas: 10n ** 15n, stateOverride: [{ address: there, code: LOOP }] })
    .then(() => '', String);
  assert.match(failed, 'out of gas');
});

test.run();
