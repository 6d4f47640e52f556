/** `eth_simulateV1` of a whole node, as viem asks for it, and against the blocks that the node then makes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, createPublicClient, type Hex, http, numberToHex, parseEther } from 'viem';
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

const test = suite<{ network: TestNetwork; node: TestNode }>('node/simulator');
const alice = bytesToHex((developmentAccounts[0] as (typeof developmentAccounts)[0]).address);
const nobody: Address = `0x${'ab'.repeat(20)}`;
const there: Address = `0x${'cd'.repeat(20)}`;
/** Adds 1 to slot 0 and returns the new value. */
const COUNTER: Hex = '0x6000546001018060005560005260206000f3';
/** Reverts with `Error("no")`. */
const REVERTING: Hex = `0x7f08c379a000000000000000000000000000000000000000000000000000000000600052602060045260026024527f6e6f00000000000000000000000000000000000000000000000000000000000060445260646000fd`;

test.before(async (context) => {
  context.network = await createTestNetwork(1, { blockPeriodMs: 0, requestTimeoutMs: 1_000 });
  context.node = await context.network.start(0);
});
test.after(({ network }) => network.close());

type Simulated = readonly { readonly stateRoot: string; readonly gasUsed: string }[];

function simulate(node: TestNode, payload: object, block = 'latest'): Promise<Simulated> {
  return node.client.request('eth_simulateV1', [payload, block]);
}

test('viem simulates blocks with overrides, and sees results, logs and reasons', async ({
  node,
}) => {
  const client = createPublicClient({ transport: http(node.running.rpcUrl, { retryCount: 0 }) });
  const results = await client.simulateBlocks({
    traceTransfers: true,
    blocks: [
      {
        blockOverrides: { number: 1n },
        stateOverrides: [
          { address: there, code: COUNTER },
          { address: nobody, balance: parseEther('5') },
        ],
        calls: [
          { account: nobody, to: alice, value: parseEther('2') },
          { account: nobody, to: there },
        ],
      },
      {
        stateOverrides: [{ address: nobody, code: REVERTING }],
        calls: [
          { account: alice, to: there },
          { account: alice, to: nobody },
        ],
      },
    ],
  });
  const [first, second] = results;
  assert.is(first?.number, 1n);
  const transferred = first?.calls[0]?.logs?.[0];
  assert.is(transferred?.address, `0x${'ee'.repeat(20)}`);
  assert.is(BigInt(transferred?.data ?? '0x0'), parseEther('2'));
  assert.is(transferred?.blockHash, first?.hash);
  assert.is(BigInt(first?.calls[1]?.data ?? '0x0'), 1n);
  assert.is(BigInt(second?.calls[0]?.data ?? '0x0'), 2n);
  assert.is(second?.calls[1]?.status, 'failure');
  assert.match(String(second?.calls[1]?.error), 'no');
});

test('X-22: gaps between numbers are filled', async ({ node }) => {
  const blockStateCalls = [{ blockOverrides: { number: '0x14' } }];
  assert.is((await simulate(node, { blockStateCalls })).length, 20);
});

test('X-26: a simulated block leads to the state root of the block that is then made', async ({
  node,
}) => {
  const gas = numberToHex(21_000);
  const call = (nonce: number) => ({
    from: alice,
    to: alice,
    value: '0x1',
    gas,
    nonce: numberToHex(nonce),
  });
  const client = createPublicClient({ transport: http(node.running.rpcUrl) });
  const rootOf = async (blockNumber: bigint) => (await client.getBlock({ blockNumber })).stateRoot;
  const [before] = await simulate(node, { blockStateCalls: [{ calls: [call(0)] }] });
  for (const nonce of [0, 1, 2]) {
    const { raw, hash } = transfer(0, nonce);
    await send(node, raw);
    await receiptOf(node, hash);
  }
  assert.is(before?.stateRoot, await rootOf(1n));
  // The head has gone on; what it changed is set back.
  const past = { blockStateCalls: [{ calls: [call(0)] }, { calls: [call(1)] }] };
  const [one, two] = await simulate(node, past, '0x0');
  assert.equal([one?.stateRoot, two?.stateRoot], [await rootOf(1n), await rootOf(2n)]);
  const [third] = await simulate(node, { blockStateCalls: [{ calls: [call(2)] }] }, '0x2');
  assert.is(third?.stateRoot, await rootOf(3n));
});

const refusals: readonly [string, object, number, string][] = [
  ['no blocks', { blockStateCalls: [] }, -32602, 'empty input'],
  ['257 blocks', { blockStateCalls: new Array(257).fill({}) }, -38026, 'too many blocks'],
  [
    'times out of order',
    { blockStateCalls: [{ blockOverrides: { time: '0x0' } }] },
    -38021,
    'must be in order',
  ],
  [
    'numbers out of order',
    { blockStateCalls: [{ blockOverrides: { number: '0x0' } }] },
    -38020,
    'must be in order',
  ],
  [
    'a poor sender',
    { blockStateCalls: [{ calls: [{ from: nobody, to: alice, value: '0x1' }] }] },
    -38014,
    'have 0 want 1',
  ],
  [
    'too little gas',
    { blockStateCalls: [{ calls: [{ from: nobody, gas: '0x1' }] }] },
    -38013,
    'have 1, want 53000',
  ],
  [
    'another chain',
    { blockStateCalls: [{ calls: [{ chainId: '0x1' }] }] },
    -32000,
    "chainId does not match node's",
  ],
  [
    'a nonce ahead',
    { validation: true, blockStateCalls: [{ calls: [{ from: nobody, nonce: '0x5' }] }] },
    -38011,
    'nonce too high',
  ],
  [
    'a block override that is none',
    { blockStateCalls: [{ blockOverrides: { gasLimit: 'x' } }] },
    -32602,
    'gasLimit',
  ],
];
for (const [what, payload, code, words] of refusals) {
  test(`X-22: ${what} is refused with ${code}`, async ({ node }) => {
    const error = await simulate(node, payload).then(
      () => assert.unreachable(),
      (reason: { code: number; message: string }) => reason,
    );
    assert.is(error?.code, code);
    assert.match(error?.message ?? '', words);
  });
}

test.run();
