// time-limit: 120 s
/** Traces over the JSON-RPC of a running node: final transactions, blocks and calls, their bounds and refusals. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { developmentAccounts } from '../genesis/index.ts';
import {
  type Address,
  bytesToHex,
  contractAddress,
  hexToBytes,
  signTransaction,
} from '../ledger/model/index.ts';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
} from './testkit/test-network.ts';

const test = suite('node/tracing');

type Account = (typeof developmentAccounts)[number];
type Frame = Readonly<Record<'type' | 'from' | 'gas' | 'gasUsed' | 'error' | 'to', string>>;
type Steps = {
  readonly gas: number;
  readonly structLogs: readonly Readonly<Record<string, unknown>>[];
};
type Traces = readonly { readonly txHash: string; readonly result: Frame }[];

const [alice, bob] = developmentAccounts as readonly [Account, Account];
/** Adds one to slot 0. */
const COUNTING = '600160005401600055';
/** Loops for ever. */
const LOOPING = '5b600056';
/** Reads slot 0 again and again: what watches reads stops each time and has nothing more to tell. */
const READING = '5b60005450600056';
const CALL_TRACER = { tracer: 'callTracer' };

let network: TestNetwork;
let node: TestNode;
let nonce = 0n;
let counter: Address;
let looper: Address;
let reader: Address;
/** Three transactions to the counter, in the order of their nonces. */
let hashes: readonly string[];

function signed(
  to: Address | undefined,
  data: string,
  gasLimit = 100_000n,
): { raw: string; hash: string } {
  const transaction = signTransaction(
    {
      type: 0,
      chainId: 20_260n,
      nonce,
      gasLimit,
      gasPrice: 0n,
      to,
      value: 0n,
      data: hexToBytes(data),
    },
    alice.privateKey,
  );
  nonce += 1n;
  return { raw: bytesToHex(transaction.raw), hash: bytesToHex(transaction.hash) };
}

/** Deploys code of less than 256 bytes. */
async function deploy(code: string): Promise<Address> {
  const address = contractAddress(alice.address, nonce);
  const length = (code.length / 2).toString(16).padStart(2, '0');
  // PUSH1 length, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN
  const { raw, hash } = signed(undefined, `0x60${length}8060095f395ff3${code}`, 200_000n);
  await send(node, raw);
  await receiptOf(node, hash);
  return address;
}

const ask = <T>(method: string, ...params: unknown[]): Promise<T> =>
  node.client.request<T>(method, params);

async function refusal(method: string, ...params: unknown[]): Promise<string> {
  return await ask(method, ...params).then(
    () => assert.unreachable(`${method} is refused`) as never,
    (error: unknown) => (error as Error).message,
  );
}

test.before(async () => {
  network = await createTestNetwork(1, {});
  node = await network.start(0);
  counter = await deploy(COUNTING);
  looper = await deploy(LOOPING);
  reader = await deploy(READING);
  const sent = [0, 1, 2].map(() => signed(counter, '0x'));
  await Promise.all(sent.map(({ raw }) => send(node, raw)));
  hashes = sent.map(({ hash }) => hash);
  for (const hash of hashes) await receiptOf(node, hash);
});

test.after(() => network.close());

test('X-30: a transaction runs again behind those that came before it in its block', async () => {
  for (const [i, hash] of hashes.entries()) {
    const { gas, structLogs } = await ask<Steps>('debug_traceTransaction', hash);
    const receipt = await ask<{ gasUsed: string }>('eth_getTransactionReceipt', hash);
    assert.is(gas, Number(receipt.gasUsed));
    const added = structLogs.find(({ op }) => op === 'ADD');
    assert.equal(added?.['stack'], ['0x1', `0x${i}`]);
  }
});

test('X-30: a block is traced alike by number, by hash and as RLP', async () => {
  const { blockNumber, blockHash } = await ask<Record<string, string>>(
    'eth_getTransactionReceipt',
    hashes[0],
  );
  const traces = await ask<Traces>('debug_traceBlockByNumber', blockNumber, CALL_TRACER);
  assert.equal(await ask('debug_traceBlockByHash', blockHash, CALL_TRACER), traces);
  const raw = await ask<string>('debug_getRawBlock', blockNumber);
  assert.equal(await ask('debug_traceBlock', raw, CALL_TRACER), traces);
  const [first] = traces;
  assert.is(first?.txHash, hashes[0]);
  assert.equal(first?.result, await ask('debug_traceTransaction', hashes[0], CALL_TRACER));
  const { type, from, to, gas } = (traces[0] as Traces[number]).result;
  assert.equal(
    [type, from, to, gas],
    ['CALL', bytesToHex(alice.address), bytesToHex(counter), '0x186a0'],
  );
});

test('a call is traced with what it may suppose', async () => {
  const to = bytesToHex(counter);
  const stateDiff = { [`0x${'00'.repeat(32)}`]: `0x${'00'.repeat(31)}2a` };
  const { structLogs } = await ask<Steps>('debug_traceCall', { to }, 'latest', {
    stateOverrides: { [to]: { stateDiff } },
  });
  assert.equal(structLogs.find(({ op }) => op === 'ADD')?.['stack'], ['0x1', '0x2a']);
  const changes = await ask<Record<'pre' | 'post', Record<string, object>>>(
    'debug_traceCall',
    { to, from: bytesToHex(bob.address) },
    'latest',
    { tracer: 'prestateTracer', tracerConfig: { diffMode: true } },
  );
  assert.equal(Object.keys(changes.post).sort(), [to, bytesToHex(bob.address)].sort());
  assert.match(
    await refusal('debug_traceCall', { to, from: to, value: '0x1' }, 'latest', {}),
    'tracing failed: ',
  );
  assert.match(await refusal('debug_traceCall', { to }, 'latest', { txIndex: '0x0' }), 'txIndex');
});

test('a tracer that does not exist is refused with the names of those that do', async () => {
  for (const tracer of ['muxTracer', '{ data: [], step: function() {} }', 'x'.repeat(100_000)]) {
    const message = await refusal('debug_traceTransaction', hashes[0], { tracer });
    assert.match(message, 'callTracer, prestateTracer, 4byteTracer, noopTracer');
    assert.match(message, 'JavaScript');
    assert.ok(message.length < 400);
  }
});

test('X-37: a trace that is too large or takes too long is refused with what to do', async () => {
  const message = { to: bytesToHex(looper), gas: '0x1c9c380' };
  const large = await refusal('debug_traceCall', message, 'latest', { timeout: '25s' });
  assert.match(large, 'larger than');
  assert.match(large, 'set `limit`');
  const late = await refusal('debug_traceCall', message, 'latest', {
    ...CALL_TRACER,
    timeout: '1ms',
  });
  const watched = await refusal(
    'debug_traceCall',
    { ...message, to: bytesToHex(reader) },
    'latest',
    {
      tracer: 'prestateTracer',
      timeout: '5ms',
    },
  );
  for (const text of [late, watched]) assert.match(text, 'ask for a longer `timeout`');
});

test('X-37: the node answers others while a trace runs', async () => {
  const order: string[] = [];
  const message = { to: bytesToHex(reader), gas: '0x1c9c380' };
  const config = { tracer: 'prestateTracer', timeout: '25s' };
  const slow = ask('debug_traceCall', message, 'latest', config).then(() => order.push('trace'));
  for (let i = 0; i < 5; i += 1) {
    await ask('eth_blockNumber');
    order.push('number');
  }
  await slow;
  assert.equal(order, ['number', 'number', 'number', 'number', 'number', 'trace']);
});

test('what is not there, or has no state before it, is refused in the words of geth', async () => {
  const nothing = `0x${'00'.repeat(31)}01`;
  assert.match(await refusal('debug_traceTransaction', nothing), 'transaction not found');
  assert.match(await refusal('debug_traceBlockByHash', nothing), `block ${nothing} not found`);
  assert.match(await refusal('debug_traceBlockByNumber', '0xffff'), 'block #65535 not found');
  assert.match(await refusal('debug_traceBlockByNumber', '0x0'), 'genesis is not traceable');
  assert.match(await refusal('debug_traceBlock', '0xc0'), 'tracing failed');
  const genesis = await ask<string>('debug_getRawBlock', '0x0');
  assert.match(await refusal('debug_traceBlock', genesis), 'parent');
});

test('options are checked', async () => {
  const bad: readonly object[] = [
    { timeout: 'soon' },
    { timeout: '0s' },
    { timeout: 5 },
    { limit: -1 },
    { limit: 1.5 },
    { tracer: 7 },
    { tracer: 'callTracer', tracerConfig: [] },
    { tracer: 'callTracer', tracerConfig: { withLog: 'yes' } },
    { enableMemory: 1 },
  ];
  for (const config of bad) {
    assert.match(await refusal('debug_traceTransaction', hashes[0], config), 'invalid argument 1');
  }
  const fine = { timeout: '1m30.5s', limit: 2, reexec: 128, enableMemory: true, tracer: '' };
  assert.is((await ask<Steps>('debug_traceTransaction', hashes[0], fine)).structLogs.length, 2);
});

test('blocks, headers, receipts and transactions are had in their encodings', async () => {
  const receipt = await ask<Record<string, string>>('eth_getTransactionReceipt', hashes[0]);
  const number = receipt['blockNumber'];
  const block = await ask<string>('debug_getRawBlock', number);
  const header = await ask<string>('debug_getRawHeader', number);
  assert.ok(block.includes(header.slice(2)));
  assert.ok(block.includes((await ask<string>('debug_getRawTransaction', hashes[0])).slice(2)));
  const receipts = await ask<string[]>('debug_getRawReceipts', number);
  assert.ok(receipts.every((encoded) => encoded.startsWith('0xf9')));
  assert.is(await ask('debug_getRawTransaction', `0x${'11'.repeat(32)}`), '0x');
});

test('X-30: the fast engine traces where the reference one executes blocks', async () => {
  const traced = await ask('debug_traceTransaction', hashes[0]);
  await node.running.close();
  node = await network.start(0, { engine: 'reference' });
  assert.equal(await ask('debug_traceTransaction', hashes[0]), traced);
});

test('an operator says which methods there are', async () => {
  await node.running.close();
  const file = join(network.directoryOf(0), 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8'));
  const write = (namespaces: readonly string[]): Promise<void> =>
    writeFile(file, JSON.stringify({ ...config, rpc: { ...config.rpc, namespaces } }));
  await write(['eth', 'traces']);
  await network.start(0).then(
    () => assert.unreachable('no such namespace'),
    (error: unknown) => assert.match((error as Error).message, 'rpc.namespaces'),
  );
  await write(['eth', 'net']);
  node = await network.start(0);
  assert.ok(await ask('eth_blockNumber'));
  assert.match(await refusal('debug_traceTransaction', hashes[0]), 'does not exist');
});

test.run();
