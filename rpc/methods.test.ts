import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../ledger/model/index.ts';
import { createClient, type RpcClient, RpcError, RpcTransportError } from './client.ts';
import { METHODS } from './method-table.ts';
import { renderRpcReference } from './reference.ts';
import type { RpcServer } from './server.ts';
import { type MemoryNode, serve } from './testkit/memory-node.ts';
import {
  ALICE,
  BOB,
  createScenario,
  ONE_COIN,
  signed,
  signedRaw,
  TOKEN,
  TRANSFER_TOPIC,
} from './testkit/scenario.ts';

const test = suite<{ node: MemoryNode; server: RpcServer; client: RpcClient; nowMs: number }>(
  'rpc/methods',
);

test.before.each(async (context) => {
  context.nowMs = 0;
  context.node = await createScenario();
  const limits = { logResults: 3, filters: 4, filterIdleMs: 1000 };
  context.server = await serve(context.node, { limits }, () => context.nowMs);
  context.client = createClient({ url: context.server.url });
});
test.after.each(async ({ server }) => server.close());

const alice = bytesToHex(ALICE);
const bob = bytesToHex(BOB);
const token = bytesToHex(TOKEN);
const UNKNOWN = `0x${'00'.repeat(31)}01`;

async function errorOf(pending: Promise<unknown>): Promise<RpcError> {
  try {
    await pending;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  assert.unreachable('an error');
  throw new RangeError('unreachable');
}

test('every method answers what its schema says', async ({ node, client }) => {
  await client.request('eth_sendRawTransaction', [await signedRaw({ nonce: 4, to: BOB })]);
  const hash = bytesToHex(node.chain.hashOf(2n) ?? new Uint8Array());
  const transfer = bytesToHex((await signed({ nonce: 2, to: TOKEN, value: 0n })).hash);
  const filter = await client.request('eth_newFilter', [{}]);
  const params: Record<string, readonly unknown[]> = {
    eth_getBalance: [alice],
    eth_getTransactionCount: [alice, 'pending'],
    eth_getCode: [token, 'latest'],
    eth_getStorageAt: [token, '0x0', { blockNumber: '0x3' }],
    eth_getStorageValues: [{ [token]: ['0x0', '0x1'] }],
    eth_getProof: [token, ['0x0']],
    eth_getBlockByNumber: ['0x2', true],
    eth_getBlockByHash: [hash],
    eth_getBlockTransactionCountByNumber: ['latest'],
    eth_getBlockTransactionCountByHash: [hash],
    eth_getUncleCountByBlockNumber: ['earliest'],
    eth_getUncleCountByBlockHash: [hash],
    eth_getBlockReceipts: [hash],
    eth_getTransactionByHash: [transfer],
    eth_getTransactionByBlockNumberAndIndex: ['0x1', '0x0'],
    eth_getTransactionByBlockHashAndIndex: [hash, '0x1'],
    eth_getTransactionReceipt: [transfer],
    eth_sendRawTransaction: [await signedRaw({ nonce: 5 })],
    eth_call: [{ to: token, data: '0x' }],
    eth_simulateV1: [{ blockStateCalls: [{}], returnFullTransactions: true }, '0x2'],
    eth_estimateGas: [{ to: token }, 'latest'],
    eth_createAccessList: [{ to: token }],
    eth_feeHistory: ['0x3', 'latest', [0, 50, 100]],
    eth_getLogs: [{ fromBlock: '0x0', toBlock: 'latest' }],
    ehb_getProof: [{ address: token, slots: [], block: 'latest' }],
    ehb_startBackup: ['/backup'],
    ehb_getLogs: [{ fromBlock: '0x0', toBlock: 'latest' }],
    eth_newFilter: [{ address: token }],
    eth_getFilterChanges: [filter],
    eth_getFilterLogs: [filter],
    eth_uninstallFilter: [filter],
    qbft_getValidatorsByBlockNumber: ['latest'],
    qbft_getValidatorsByBlockHash: [hash],
    qbft_proposeValidatorVote: [bob, true],
    qbft_discardValidatorVote: [bob],
    txpool_contentFrom: [alice],
    web3_sha3: ['0x68656c6c6f'],
    debug_traceTransaction: [transfer],
    debug_traceBlockByNumber: ['latest', { tracer: 'callTracer' }],
    debug_traceBlockByHash: [hash, { tracer: 'prestateTracer' }],
    debug_traceBlock: ['0xc0', { tracer: '4byteTracer' }],
    debug_traceCall: [{ to: token }, 'latest', { tracer: 'noopTracer' }],
    debug_getRawHeader: ['latest'],
    debug_getRawBlock: [hash],
    debug_getRawReceipts: ['0x2'],
    debug_getRawTransaction: [transfer],
  };
  for (const method of METHODS) {
    if (method.name.endsWith('subscribe')) continue;
    const result = await client.request(method.name, params[method.name] ?? []);
    const errors = Value.Errors(method.result as TSchema, result);
    assert.equal([...errors], [], `${method.name}: ${JSON.stringify(result)}`);
  }
});

test('every method is named once, in a known namespace, and has a summary', () => {
  const names = METHODS.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  const known = ['eth', 'net', 'web3', 'txpool', 'qbft', 'ehb', 'debug', 'rpc'];
  for (const { name, namespace, summary } of METHODS) {
    assert.ok(known.includes(namespace), name);
    assert.ok(summary.endsWith('.'), name);
  }
});

test('the reference page and rpc.discover have every method', async ({ client }) => {
  const page = renderRpcReference();
  const discovered = await client.request<{ methods: { name: string }[] }>('rpc.discover', []);
  for (const [index, { name }] of METHODS.entries()) {
    assert.match(page, `### ${name}\n`);
    assert.is(discovered.methods[index]?.name, name);
  }
});

test('state is read at the block that is named, in each of the ways to name it', async (context) => {
  const { client, node } = context;
  const balance = (block?: unknown): Promise<unknown> =>
    client.request('eth_getBalance', block === undefined ? [bob] : [bob, block]);
  const oneCoin = `0x${ONE_COIN.toString(16)}`;
  const hash = bytesToHex(node.chain.hashOf(1n) ?? new Uint8Array());
  assert.is(await balance('earliest'), '0x0');
  assert.is(await balance('0x0'), '0x0');
  assert.is(await balance({ blockNumber: '0x0' }), '0x0');
  for (const block of [undefined, 'latest', 'safe', 'finalized', 'pending', '0x1', hash]) {
    assert.is(await balance(block), oneCoin);
  }
  assert.is(await balance({ blockHash: hash, requireCanonical: true }), oneCoin);
  for (const block of ['0x4', UNKNOWN, { blockHash: UNKNOWN }]) {
    const { code, message } = await errorOf(balance(block));
    assert.is(code, -32000);
    assert.is(message, 'header not found');
  }
});

test('code and storage of a contract, and of what is none', async ({ client }) => {
  assert.is(await client.request('eth_getCode', [token]), '0x6000');
  assert.is(await client.request('eth_getCode', [bob]), '0x');
  const slot = (address: string): Promise<unknown> =>
    client.request('eth_getStorageAt', [address, '0x0', 'latest']);
  assert.is(await slot(token), `0x${'00'.repeat(31)}2a`);
  assert.is(await slot(bob), `0x${'00'.repeat(32)}`);
  const asked = { [token]: ['0x0', '0x1'], [bob]: ['0x00'] };
  const zero = `0x${'00'.repeat(32)}`;
  assert.equal(await client.request('eth_getStorageValues', [asked]), {
    [token]: [`0x${'00'.repeat(31)}2a`, zero],
    [bob]: [zero],
  });
  const refused = [
    {},
    { [token]: [] },
    { [token]: Array(600).fill('0x0'), [bob]: Array(600).fill('0x0') },
  ];
  for (const request of refused) {
    assert.is((await errorOf(client.request('eth_getStorageValues', [request]))).code, -32602);
  }
});

test('a waiting transaction is found, counts as pending, and has no receipt', async ({
  client,
}) => {
  const hash = await client.request('eth_sendRawTransaction', [
    await signedRaw({ nonce: 4, to: BOB }),
  ]);
  const found = await client.request<Record<string, unknown>>('eth_getTransactionByHash', [hash]);
  assert.is(found['hash'], hash);
  assert.is(found['blockHash'], null);
  assert.is(found['from'], alice);
  assert.is(await client.request('eth_getTransactionCount', [alice, 'latest']), '0x4');
  assert.is(await client.request('eth_getTransactionCount', [alice, 'pending']), '0x5');
  assert.is(await client.request('eth_getTransactionReceipt', [hash]), null);
  assert.equal(await client.request('txpool_status', []), { pending: '0x1', queued: '0x0' });
  const content = await client.request<{ pending: Record<string, Record<string, unknown>> }>(
    'txpool_content',
    [],
  );
  assert.is(JSON.stringify(Object.keys(content.pending[alice] ?? {})), '["4"]');
});

test('a receipt has what consensus does not hash derived from the block', async ({
  client,
  node,
}) => {
  const receipts = await client.request<Record<string, unknown>[]>('eth_getBlockReceipts', ['0x1']);
  const [transfer, creation] = receipts;
  assert.is(transfer?.['gasUsed'], '0x5208');
  assert.is(transfer?.['contractAddress'], null);
  assert.is(transfer?.['effectiveGasPrice'], '0xa');
  assert.is(creation?.['gasUsed'], `0x${(60_000).toString(16)}`);
  assert.is(creation?.['cumulativeGasUsed'], `0x${(81_000).toString(16)}`);
  // CREATE by the first development account at nonce 1, as every tool of Ethereum computes it.
  assert.is(creation?.['contractAddress'], '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512');
  const second = await client.request<Record<string, unknown>[]>('eth_getBlockReceipts', ['0x2']);
  assert.is(second[0]?.['effectiveGasPrice'], '0x9');
  const indices = second.flatMap(({ logs }) => logs as { logIndex: string }[]);
  assert.equal(
    indices.map(({ logIndex }) => logIndex),
    ['0x0', '0x1', '0x2'],
  );
  const hash = bytesToHex(node.chain.block(2n)?.transactions[1]?.hash ?? new Uint8Array());
  assert.equal(await client.request('eth_getTransactionReceipt', [hash]), second[1]);
});

const missing: readonly [string, readonly unknown[]][] = [
  ['eth_getBlockByNumber', ['0x99', true]],
  ['eth_getBlockByHash', [UNKNOWN, false]],
  ['eth_getBlockReceipts', ['0x99']],
  ['eth_getTransactionByHash', [UNKNOWN]],
  ['eth_getTransactionReceipt', [UNKNOWN]],
  ['eth_getTransactionByBlockNumberAndIndex', ['0x1', '0x2']],
  ['eth_getTransactionByBlockNumberAndIndex', ['0x1', '0xffffffffffffffff']],
  ['eth_getBlockTransactionCountByHash', [UNKNOWN]],
];
for (const [method, params] of missing) {
  test(`${method} of what does not exist is null: ${params.join()}`, async ({ client }) => {
    assert.is(await client.request(method, params), null);
  });
}

test('logs are found by address, topics, range and block', async ({ client, node }) => {
  const logs = (filter: object): Promise<{ data: string }[]> =>
    client.request('eth_getLogs', [{ fromBlock: '0x0', ...filter }]);
  const topic = bytesToHex(TRANSFER_TOPIC);
  const fromBob = `0x${'00'.repeat(12)}${bob.slice(2)}`;
  assert.is((await logs({})).length, 3);
  assert.is((await logs({ address: token })).length, 3);
  assert.is((await logs({ address: [bob, token] })).length, 3);
  assert.is((await logs({ address: bob })).length, 0);
  assert.is((await logs({ topics: [topic] })).length, 3);
  assert.is((await logs({ topics: [[topic, UNKNOWN], fromBob] })).length, 1);
  assert.is((await logs({ topics: [null, [], fromBob] })).length, 2);
  assert.is((await logs({ topics: [null, null, null, null] })).length, 0);
  assert.is((await logs({ fromBlock: '0x3' })).length, 0);
  assert.is((await logs({ toBlock: '0x1' })).length, 0);
  const blockHash = bytesToHex(node.chain.hashOf(2n) ?? new Uint8Array());
  assert.is((await client.request<unknown[]>('eth_getLogs', [{ blockHash }])).length, 3);
});

const badFilters: readonly [string, object, number, string][] = [
  ['a range and a block', { blockHash: UNKNOWN, fromBlock: '0x1' }, -32602, 'cannot specify both'],
  ['a reversed range', { fromBlock: '0x2', toBlock: '0x1' }, -32602, 'invalid block range'],
  ['a range beyond the head', { fromBlock: '0x1', toBlock: '0x9' }, -32602, 'beyond current head'],
  ['an unknown block', { blockHash: UNKNOWN }, -32000, 'unknown block'],
  ['five topics', { topics: [null, null, null, null, null] }, -32602, 'at most 4'],
  ['a number as topic', { topics: [5] }, -32602, 'topics[0]'],
  ['a short address', { address: '0x12' }, -32602, 'address'],
  ['a number as address', { address: 5 }, -32602, 'address'],
];
for (const [what, filter, code, words] of badFilters) {
  test(`a filter with ${what} is refused`, async ({ client }) => {
    const error = await errorOf(client.request('eth_getLogs', [filter]));
    assert.is(error.code, code);
    assert.match(error.message, words);
  });
}

test('pages of logs are those of one answer, and a wrong cursor is refused', async ({ client }) => {
  const filter = { fromBlock: '0x0', address: token };
  type Page = { logs: unknown[]; cursor: string | null };
  const whole = await client.request<unknown[]>('eth_getLogs', [filter]);
  const paged: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await client.request<Page>('ehb_getLogs', [filter, cursor, 2]);
    assert.ok(page.logs.length <= 2);
    paged.push(...page.logs);
    cursor = page.cursor;
  } while (cursor !== null);
  assert.equal(paged, whole);
  for (const wrong of ['0x12', 5, `0x${'zz'.repeat(12)}`]) {
    const error = await errorOf(client.request('ehb_getLogs', [filter, wrong]));
    assert.is(error.code, -32602);
  }
});

test('a result over its bound is refused with the bound', async ({ client, node }) => {
  const { transaction } = { transaction: await signed({ nonce: 4, to: TOKEN }) };
  const log = node.chain.receipts(2n)?.[0]?.logs[0];
  assert.ok(log);
  node.chain.append([{ transaction, logs: [log, log, log, log] }]);
  const results = await errorOf(client.request('eth_getLogs', [{ fromBlock: 'latest' }]));
  assert.is(results.code, -32005);
  assert.match(results.message, 'more than 3 results');
});

test('filters report each thing once, from their making on', async ({ client, node }) => {
  const blocks = await client.request('eth_newBlockFilter', []);
  const logs = await client.request('eth_newFilter', [{ address: token }]);
  const pending = await client.request('eth_newPendingTransactionFilter', []);
  const changes = (id: unknown): Promise<unknown[]> => client.request('eth_getFilterChanges', [id]);
  assert.equal(await changes(blocks), []);
  const hash = await client.request('eth_sendRawTransaction', [
    await signedRaw({ nonce: 4, to: BOB }),
  ]);
  assert.equal(await changes(pending), [hash]);
  assert.equal(await changes(pending), []);
  node.mine();
  const log = node.chain.receipts(2n)?.[0]?.logs[0];
  assert.ok(log);
  node.chain.append([{ transaction: await signed({ nonce: 5, to: TOKEN }), logs: [log] }]);
  assert.equal(
    await changes(blocks),
    [4n, 5n].map((n) => bytesToHex(node.chain.hashOf(n) ?? log.data)),
  );
  assert.equal(await changes(blocks), []);
  assert.is((await changes(logs)).length, 1);
  assert.is((await changes(logs)).length, 0);
  const noLogs = await errorOf(client.request('eth_getFilterLogs', [blocks]));
  assert.is(noLogs.code, -32000);
  assert.is(await client.request('eth_uninstallFilter', [blocks]), true);
  assert.is(await client.request('eth_uninstallFilter', [blocks]), false);
  assert.is((await errorOf(changes(blocks))).message, 'filter not found');
});

test('filters are bounded, and idle ones make room', async (context) => {
  const { client } = context;
  const make = (): Promise<unknown> => client.request('eth_newBlockFilter', []);
  const first = await make();
  await make();
  await make();
  await make();
  assert.is((await errorOf(make())).code, -32005);
  context.nowMs = 999;
  await client.request('eth_getFilterChanges', [first]);
  context.nowMs = 1500;
  await make();
  await make();
  await make();
  assert.is((await errorOf(make())).code, -32005);
  await client.request('eth_getFilterChanges', [first]);
});

test('a call that reverts carries the reason and the data', async ({ client, node }) => {
  const reasons: readonly [string, string][] = [
    [
      '0x08c379a00000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000a75736572206572726f72',
      'execution reverted: user error',
    ],
    [`0x4e487b71${'00'.repeat(31)}01`, 'execution reverted: assert(false)'],
    [`0x4e487b71${'00'.repeat(31)}99`, 'execution reverted: unknown panic code: 0x99'],
    ['0x77726f6e67', 'execution reverted'],
    ['0x08c379a0', 'execution reverted'],
    [`0x08c379a0${'ff'.repeat(64)}`, 'execution reverted'],
    ['0x', 'execution reverted'],
  ];
  for (const [data, message] of reasons) {
    const output = Uint8Array.from(Buffer.from(data.slice(2), 'hex'));
    node.answerCalls(async () => ({ kind: 'reverted', output, gasUsed: 1n }));
    for (const method of ['eth_call', 'eth_estimateGas']) {
      const error = await errorOf(client.request(method, [{ to: token }]));
      assert.is(error.code, 3);
      assert.is(error.message, message);
      assert.is(error.data, data);
    }
  }
});

test('a call that fails says how', async ({ client, node }) => {
  node.answerCalls(async () => ({ kind: 'failed', message: 'out of gas', gasUsed: 1n }));
  const error = await errorOf(client.request('eth_call', [{ to: token }]));
  assert.is(error.code, -32000);
  assert.is(error.message, 'out of gas');
});

const badCalls: readonly [string, readonly unknown[], number, string][] = [
  ['no transaction', [], -32602, 'missing value for required argument 0'],
  ['a string', ['0x'], -32602, 'argument 0: want an object'],
  ['data and input that differ', [{ data: '0x01', input: '0x02' }], -32000, 'both "data" and'],
  ['both kinds of price', [{ gasPrice: '0x1', maxFeePerGas: '0x1' }], -32000, 'both gasPrice and'],
  ['another chain', [{ chainId: '0x1' }], -32000, "chainId does not match node's"],
  ['a type that does not exist', [{ type: '0x9' }], -32602, 'transaction type'],
  ['odd data', [{ data: '0x1' }], -32602, 'argument 0: data'],
  ['a bad block', [{}, 'newest'], -32602, 'argument 1'],
  ['a fifth parameter', [{}, 'latest', {}, {}, {}], -32602, 'too many arguments'],
];
for (const [what, params, code, words] of badCalls) {
  test(`eth_call with ${what} is refused`, async ({ client }) => {
    const error = await errorOf(client.request('eth_call', params));
    assert.is(error.code, code);
    assert.match(error.message, words);
  });
}

test('fee history covers the run of blocks, with tips in order', async ({ client }) => {
  const history = await client.request<Record<string, unknown[]>>('eth_feeHistory', [
    2,
    '0x2',
    [0, 100],
  ]);
  assert.equal(history['oldestBlock'], '0x1');
  assert.equal(history['baseFeePerGas'], ['0x7', '0x7', '0x7']);
  assert.equal(history['reward'], [
    ['0x3', '0x3'],
    ['0x2', '0x2'],
  ]);
  assert.is(history['gasUsedRatio']?.length, 2);
  const all = await client.request<Record<string, unknown>>('eth_feeHistory', ['0x400', 'latest']);
  assert.is(all['oldestBlock'], '0x0');
  const none = await client.request<Record<string, unknown>>('eth_feeHistory', ['0x0', 'latest']);
  assert.equal(none['gasUsedRatio'], []);
  for (const percentiles of [[101], [-1], [50, 10], ['a']]) {
    const error = await errorOf(client.request('eth_feeHistory', ['0x1', 'latest', percentiles]));
    assert.is(error.code, -32602);
  }
});

test('a proof that the ledger declines is refused with the reason', async () => {
  for (const [reason, code, words] of [
    ['before-records', -32000, 'older than the records'],
    ['too-many-changes', -32005, 'too much has changed'],
  ] as const) {
    const scenario = await createScenario();
    const proofs = { prove: async () => reason };
    const declining = { ...scenario, ports: { ...scenario.ports, proofs } };
    const server = await serve(declining, {}, () => 0);
    const client = createClient({ url: server.url });
    const error = await errorOf(client.request('eth_getProof', [token, [], '0x1']));
    assert.is(error.code, code);
    assert.match(error.message, words);
    await server.close();
  }
});

test('subscriptions over HTTP are refused as go-ethereum does', async ({ client }) => {
  const error = await errorOf(client.request('eth_subscribe', ['newHeads']));
  assert.is(error.code, -32601);
  assert.is(error.message, 'notifications not supported');
});

test('a hash is Keccak-256', async ({ client }) => {
  assert.is(
    await client.request('web3_sha3', ['0x68656c6c6f']),
    '0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8',
  );
});

test('the client tells an error of the node from no answer', async ({ client }) => {
  const error = await errorOf(client.request('eth_mine', []));
  assert.is(error.code, -32601);
  const nobody = createClient({ url: 'http://127.0.0.1:1' });
  const failure = await nobody.request('eth_chainId', []).catch((cause: unknown) => cause);
  assert.instance(failure, RpcTransportError);
  const aborted = client.request('eth_chainId', [], { signal: AbortSignal.abort() });
  assert.instance(await aborted.catch((cause: unknown) => cause), RpcTransportError);
});

test('evidence is shown in bounded pages, and says what it rests on', async ({ client }) => {
  const all = await client.request('ehb_getEvidence', []);
  assert.is(all.total, 2);
  assert.equal(
    all.proofs.map(({ kind, height, restsOnBlock }) => [kind, height, restsOnBlock]),
    [
      ['round-change', '0x1', null],
      ['commit', '0x5', `0x${'00'.repeat(32)}`],
    ],
  );
  assert.equal(
    all.proofs[0]?.statements.map(({ digest, preparedRound }) => [digest, preparedRound]),
    [
      [null, undefined],
      [`0x${'00'.repeat(32)}`, 1],
    ],
  );
  const page = await client.request('ehb_getEvidence', [{ skip: 1, limit: 1 }]);
  assert.equal([page.total, page.proofs.map(({ kind }) => kind)], [2, ['commit']]);
  for (const filter of [{ limit: 101 }, { kind: 'vote' }, { author: '0x1' }, { fromBlock: -1 }]) {
    const refused = await errorOf(client.request<unknown>('ehb_getEvidence', [filter]));
    assert.is(refused.code, -32602, JSON.stringify(filter));
  }
});

test('the status shows head, consensus, peers and pool', async ({ client }) => {
  const status = await client.request('ehb_status', []);
  assert.is(status.head.number, '0x3');
  assert.is(status.consensus.height, '0x4');
  assert.is(status.consensus.voting, true);
  assert.is(status.peers.length, 1);
  assert.equal(status.pool, { pending: 0, queued: 0 });
});

test('blocks of each proposer are counted up to the last one, which is not', async ({ client }) => {
  type Metrics = readonly {
    readonly address: string;
    readonly proposedBlockCount: string;
    readonly lastProposedBlockNumber: string;
  }[];
  const metrics = (...range: readonly string[]): Promise<Metrics> =>
    client.request('qbft_getSignerMetrics', range);
  const head = Number(await client.request('eth_blockNumber', []));
  const proposer = (await metrics('0x1', 'pending')).find(
    (one) => one.lastProposedBlockNumber !== '0x0',
  );
  assert.is(Number(proposer?.proposedBlockCount), head);
  assert.is(Number(proposer?.lastProposedBlockNumber), head);
  const before = await metrics('0x1', 'latest');
  const counts = before.reduce((sum, one) => sum + Number(one.proposedBlockCount), 0);
  assert.is(counts, head - 1);
  assert.is((await errorOf(metrics('latest', 'earliest'))).code, -32602);
  assert.is((await errorOf(metrics('0x0', '0xff'))).code, -32000);
});

test('where a contract names the validators, votes are not enabled', async ({ node, client }) => {
  const verdict = { ok: false, code: 'NODE_VALIDATORS_BY_CONTRACT', message: 'by 0x88' } as const;
  Object.assign(node.ports.governance ?? {}, {
    propose: async () => verdict,
    discard: async () => verdict,
    wanted: () => undefined,
  });
  for (const [method, params] of [
    ['qbft_proposeValidatorVote', [bob, true]],
    ['qbft_discardValidatorVote', [bob]],
    ['qbft_getPendingVotes', []],
  ] as const) {
    const error = await errorOf(client.request(method, params));
    assert.is(error.code, -32604, method);
    assert.is(error.message, 'Method not enabled');
  }
});

test('a vote that would do harm is refused with its reason', async ({ node, client }) => {
  const message = 'the chain would stop';
  Object.assign(node.ports.governance ?? {}, {
    propose: async (_vote: unknown, force: boolean) =>
      force ? { ok: true } : { ok: false, code: 'NODE_VOTE_WITHOUT_QUORUM', message },
  });
  const error = await errorOf(client.request('qbft_proposeValidatorVote', [bob, true]));
  assert.is(error.message, message);
  assert.is(error.data, 'NODE_VOTE_WITHOUT_QUORUM');
  assert.is(await client.request('qbft_proposeValidatorVote', [bob, true, true]), true);
});

test.run();
