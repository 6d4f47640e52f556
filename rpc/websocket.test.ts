import { on, once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { bytesToHex } from '../ledger/model/index.ts';
import type { RpcLimits } from './options.ts';
import type { RpcServer } from './server.ts';
import { type MemoryNode, serve } from './testkit/memory-node.ts';
import { BOB, createScenario, signed, signedRaw, TOKEN, transferLog } from './testkit/scenario.ts';

const test = suite('rpc/websocket');

type Message = {
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
  method?: string;
  params?: { subscription: string; result: unknown };
};

type Peer = {
  readonly socket: WebSocket;
  next(): Promise<Message>;
  request(method: string, params?: readonly unknown[]): Promise<Message>;
};

/** Messages are taken one at a time, in the order in which they came. */
async function open(server: RpcServer, options: object = {}): Promise<Peer> {
  const socket = new WebSocket(server.webSocketUrl, options);
  const messages = on(socket, 'message')[Symbol.asyncIterator]();
  await once(socket, 'open');
  const next = async (): Promise<Message> => {
    const { value } = await messages.next();
    return JSON.parse(String(value?.[0]));
  };
  let lastId = 0;
  return {
    socket,
    next,
    request: (method, params = []) => {
      lastId += 1;
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params }));
      return next();
    },
  };
}

async function withNode(
  limits: Partial<RpcLimits>,
  use: (node: MemoryNode, server: RpcServer) => Promise<void>,
  options: Parameters<typeof serve>[1] = {},
): Promise<void> {
  const node = await createScenario();
  const server = await serve(node, { ...options, limits });
  try {
    await use(node, server);
  } finally {
    await server.close();
  }
}

test('requests and batches are answered on the port of HTTP', () =>
  withNode({}, async (_node, server) => {
    const peer = await open(server);
    assert.equal(await peer.request('eth_blockNumber'), { jsonrpc: '2.0', id: 1, result: '0x3' });
    peer.socket.send('[{"jsonrpc":"2.0","id":1,"method":"net_version"}]');
    assert.equal(await peer.next(), [{ jsonrpc: '2.0', id: 1, result: '20260' }]);
  }));

test('bad messages are answered and the connection stays', () =>
  withNode({}, async (_node, server) => {
    const peer = await open(server);
    peer.socket.send('{');
    assert.is((await peer.next()).error?.code, -32700);
    peer.socket.send(Buffer.from('{}'), { binary: true });
    assert.is((await peer.next()).error?.code, -32600);
    assert.is((await peer.request('eth_subscribe', ['newThings'])).error?.code, -32602);
    assert.is((await peer.request('eth_subscribe', [])).error?.code, -32602);
    assert.is((await peer.request('eth_subscribe', ['logs', { topics: 5 }])).error?.code, -32602);
    assert.is((await peer.request('eth_unsubscribe', ['0x1'])).result, false);
    assert.is((await peer.request('eth_chainId')).result, '0x4f24');
  }));

test('new heads, logs and pending transactions are pushed until unsubscribed', () =>
  withNode({}, async (node, server) => {
    const peer = await open(server);
    const heads = (await peer.request('eth_subscribe', ['newHeads'])).result;
    const filter = { address: bytesToHex(TOKEN), topics: [null, null] };
    const logs = (await peer.request('eth_subscribe', ['logs', filter])).result;
    const pending = (await peer.request('eth_subscribe', ['newPendingTransactions'])).result;
    const full = (await peer.request('eth_subscribe', ['newPendingTransactions', true])).result;

    const raw = await signedRaw({ nonce: 4, to: BOB });
    const { hash } = await signed({ nonce: 4, to: BOB });
    const sent = await peer.request('eth_sendRawTransaction', [raw]);
    assert.is(sent.result, bytesToHex(hash));
    assert.equal((await peer.next()).params, { subscription: pending, result: sent.result });
    const body = (await peer.next()).params;
    assert.is(body?.subscription, full);
    assert.is((body?.result as { hash: string } | undefined)?.hash, sent.result);

    node.chain.append([
      { transaction: await signed({ nonce: 4, to: TOKEN }), logs: [transferLog(BOB, BOB, 1)] },
    ]);
    const head = await peer.next();
    assert.is(head.method, 'eth_subscription');
    assert.is(head.params?.subscription, heads);
    assert.is((head.params?.result as { number: string } | undefined)?.number, '0x4');
    assert.is(
      (head.params?.result as { transactions?: unknown } | undefined)?.transactions,
      undefined,
    );
    const log = await peer.next();
    assert.is(log.params?.subscription, logs);
    assert.is((log.params?.result as { address: string } | undefined)?.address, bytesToHex(TOKEN));

    assert.is((await peer.request('eth_unsubscribe', [heads])).result, true);
    assert.is((await peer.request('eth_unsubscribe', [heads])).result, false);
    node.chain.append([]);
    assert.is((await peer.request('eth_blockNumber')).result, '0x5');
  }));

test('the id of a subscription is known before its first push', () =>
  withNode({}, async (node, server) => {
    const peer = await open(server);
    const answered = peer.request('eth_subscribe', ['newHeads']);
    // Blocks become final while the request is on its way and being worked on.
    const blocks = setInterval(() => node.chain.append([]), 0);
    const first = await answered;
    clearInterval(blocks);
    assert.is(first.id, 1);
    assert.type(first.result, 'string');
  }));

test('subscriptions of one connection are bounded', () =>
  withNode({ subscriptionsPerConnection: 2 }, async (_node, server) => {
    const peer = await open(server);
    const { result } = await peer.request('eth_subscribe', ['newHeads']);
    await peer.request('eth_subscribe', ['newHeads']);
    assert.is((await peer.request('eth_subscribe', ['newHeads'])).error?.code, -32005);
    await peer.request('eth_unsubscribe', [result]);
    assert.is((await peer.request('eth_subscribe', ['newHeads'])).error, undefined);
  }));

test('connections are bounded, and a closed one makes room', () =>
  withNode({ webSocketConnections: 1 }, async (_node, server) => {
    const first = await open(server);
    const [refusal] = await once(new WebSocket(server.webSocketUrl), 'error');
    assert.match(String(refusal), '503');
    first.socket.close();
    await once(first.socket, 'close');
    const retry = async (): Promise<Peer> => {
      try {
        return await open(server);
      } catch {
        return retry(); // the server may see the close a moment after we do
      }
    };
    assert.is((await (await retry()).request('eth_chainId')).result, '0x4f24');
  }));

test('a page of a foreign origin cannot connect', () =>
  withNode({}, async (_node, server) => {
    const socket = new WebSocket(server.webSocketUrl, { origin: 'https://evil.example' });
    const [refusal] = await once(socket, 'error');
    assert.match(String(refusal), '403');
    const local = await open(server, { origin: 'http://localhost:5173' });
    assert.is((await local.request('net_listening')).result, true);
  }));

test('a message over the limit closes the connection', () =>
  withNode({ bodyLimitBytes: 1000 }, async (_node, server) => {
    const peer = await open(server);
    peer.socket.send('x'.repeat(1001));
    const [code] = await once(peer.socket, 'close');
    assert.is(code, 1009);
  }));

test('a burst larger than what is worked on at once is answered whole', () =>
  withNode({ requestsPerConnection: 4 }, async (_node, server) => {
    const peer = await open(server);
    const burst = 500;
    for (let id = 0; id < burst; id += 1) {
      peer.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_call', params: [{}] }));
    }
    const ids = new Set<unknown>();
    while (ids.size < burst) ids.add((await peer.next()).id);
    assert.is(ids.size, burst);
  }));

test('a client that does not read what it is sent is dropped, others go on', () =>
  withNode({ sendQueueBytes: 100_000 }, async (node, server) => {
    const slow = await open(server);
    const other = await open(server);
    await slow.request('eth_subscribe', ['logs', {}]);
    slow.socket.pause();
    const gone = once(slow.socket, 'close');
    const log = { ...transferLog(BOB, BOB, 1), data: new Uint8Array(1_000_000) };
    const transaction = await signed({ nonce: 4, to: TOKEN });
    for (let i = 0; i < 20; i += 1) {
      node.chain.append([{ transaction, logs: [log] }]);
      await other.request('eth_blockNumber');
    }
    slow.socket.resume();
    await gone;
    assert.is((await other.request('eth_blockNumber')).result, '0x17');
  }));

test('closing the server closes its sockets, after what was under way is answered', async () => {
  const node = await createScenario();
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  node.answerCalls(async () => {
    started.resolve();
    await release.promise;
    return { kind: 'success', output: Uint8Array.of(1), gasUsed: 1n };
  });
  const server = await serve(node);
  const busy = await open(server);
  const idle = await open(server);
  const underWay = busy.request('eth_call', [{}]);
  await started.promise;
  const codes = Promise.all([once(busy.socket, 'close'), once(idle.socket, 'close')]);
  const closed = server.close();
  release.resolve();
  assert.is((await underWay).result, '0x01');
  assert.equal(
    (await codes).map(([code]) => code),
    [1001, 1001],
  );
  await closed;
});

test.run();
