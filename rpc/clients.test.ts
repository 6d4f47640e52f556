/** Real clients against a real server: what viem and ethers read is what the chain holds. */
import { JsonRpcProvider, WebSocketProvider } from 'ethers';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPublicClient, http, parseAbiItem, webSocket } from 'viem';
import { bytesToHex } from '../ledger/model/index.ts';
import type { RpcServer } from './server.ts';
import { CHAIN_ID, type MemoryNode, serve } from './testkit/memory-node.ts';
import {
  ALICE,
  BOB,
  createScenario,
  ONE_COIN,
  signed,
  signedRaw,
  TOKEN,
  transferLog,
} from './testkit/scenario.ts';

const test = suite<{ node: MemoryNode; server: RpcServer }>('rpc/clients');

test.before.each(async (context) => {
  context.node = await createScenario();
  context.server = await serve(context.node);
});
test.after.each(async ({ server }) => server.close());

const alice = bytesToHex(ALICE);
const bob = bytesToHex(BOB);
const token = bytesToHex(TOKEN);
const transferEvent = parseAbiItem('event Transfer(address indexed, address indexed, uint256)');

test('viem reads chain, accounts, blocks, receipts, fees and logs', async ({ node, server }) => {
  const client = createPublicClient({ transport: http(server.url) });
  assert.is(await client.getChainId(), Number(CHAIN_ID));
  assert.is(await client.getBlockNumber(), 3n);
  assert.is(await client.getBalance({ address: bob }), ONE_COIN);
  assert.is(await client.getTransactionCount({ address: alice }), 4);
  assert.is(await client.getCode({ address: token }), '0x6000');
  const block = await client.getBlock({ blockNumber: 2n, includeTransactions: true });
  assert.is(block.transactions.length, 2);
  assert.is(block.transactions[0]?.from, alice);
  assert.is(block.transactions[0]?.type, 'eip1559');
  assert.is(block.hash, bytesToHex(node.chain.hashOf(2n) ?? new Uint8Array()));
  const hash = block.transactions[1]?.hash ?? '0x';
  const receipt = await client.getTransactionReceipt({ hash });
  assert.is(receipt.status, 'success');
  assert.is(receipt.gasUsed, 50_000n);
  assert.is(receipt.logs[0]?.logIndex, 2);
  const legacy = await client.getTransaction({ blockNumber: 1n, index: 0 });
  assert.is(legacy.type, 'legacy');
  assert.is(legacy.value, ONE_COIN);
  const logs = await client.getLogs({ address: token, event: transferEvent, fromBlock: 0n });
  assert.is(logs.length, 3);
  assert.is(
    (await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] })).reward?.length,
    2,
  );
  assert.is((await client.estimateFeesPerGas()).maxPriorityFeePerGas, 1n);
  assert.is(await client.getGasPrice(), 8n);
  assert.is(await client.estimateGas({ account: alice, to: bob, value: 1n }), 21_000n);
});

test('viem sends a transaction and waits for its receipt', async ({ node, server }) => {
  const client = createPublicClient({ transport: http(server.url), pollingInterval: 10 });
  const serializedTransaction = await signedRaw({ nonce: 4, to: BOB });
  const hash = await client.sendRawTransaction({ serializedTransaction });
  const waiting = client.waitForTransactionReceipt({ hash });
  node.mine();
  const receipt = await waiting;
  assert.is(receipt.transactionHash, hash);
  assert.is(receipt.blockNumber, 4n);
});

test('viem sees why a call reverted', async ({ node, server }) => {
  const client = createPublicClient({ transport: http(server.url) });
  const output = Uint8Array.from(
    Buffer.from(
      '08c379a00000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000a75736572206572726f72',
      'hex',
    ),
  );
  node.answerCalls(async () => ({ kind: 'reverted', output, gasUsed: 1n }));
  const abi = [parseAbiItem('function f() view returns (uint256)')];
  const failure = await client
    .readContract({ address: token, abi, functionName: 'f' })
    .catch((error: unknown) => error);
  assert.match(String(failure), 'user error');
});

test('viem follows heads and logs over WebSocket', async ({ node, server }) => {
  const client = createPublicClient({
    transport: webSocket(server.webSocketUrl, { reconnect: false }),
  });
  const heads = Promise.withResolvers<bigint>();
  const events = Promise.withResolvers<string>();
  const fail = (error: Error): void => {
    heads.reject(error);
    events.reject(error);
  };
  const stopHeads = client.watchBlocks({
    onBlock: ({ number }) => heads.resolve(number),
    onError: fail,
  });
  const stopEvents = client.watchEvent({
    address: token,
    event: transferEvent,
    onLogs: ([log]) => events.resolve(log?.transactionHash ?? ''),
    onError: fail,
  });
  await client.getChainId();
  const transaction = await signed({ nonce: 4, to: TOKEN });
  node.chain.append([{ transaction, logs: [transferLog(BOB, BOB, 1)] }]);
  assert.is(await heads.promise, 4n);
  assert.is(await events.promise, bytesToHex(transaction.hash));
  stopHeads();
  stopEvents();
  // Not its socket alone: the client's keep-alive timer would hold the process.
  (await client.transport.getRpcClient()).close();
});

test('ethers reads, sends and waits over HTTP', async ({ node, server }) => {
  const provider = new JsonRpcProvider(server.url, undefined, { pollingInterval: 10 });
  try {
    assert.is((await provider.getNetwork()).chainId, CHAIN_ID);
    assert.is(await provider.getBalance(bob), ONE_COIN);
    assert.is(await provider.getTransactionCount(alice, 'pending'), 4);
    const block = await provider.getBlock(2, true);
    assert.is(block?.prefetchedTransactions.length, 2);
    assert.is((await provider.getFeeData()).maxPriorityFeePerGas, 1n);
    assert.is((await provider.getLogs({ address: token, fromBlock: 0 })).length, 3);
    const sent = await provider.broadcastTransaction(await signedRaw({ nonce: 4, to: BOB }));
    node.mine();
    const receipt = await sent.wait();
    assert.is(receipt?.blockNumber, 4);
    const failure = await provider
      .broadcastTransaction(await signedRaw({ nonce: 0 }))
      .catch((error: unknown) => error);
    assert.is((failure as { code?: string }).code, 'NONCE_EXPIRED');
  } finally {
    provider.destroy();
  }
});

test('ethers follows blocks over WebSocket', async ({ node, server }) => {
  const provider = new WebSocketProvider(server.webSocketUrl);
  const seen = Promise.withResolvers<number>();
  await provider.on('block', (number: number) => seen.resolve(number));
  await provider.getBlockNumber();
  node.chain.append([]);
  assert.is(await seen.promise, 4);
  await provider.destroy();
});

test.run();
