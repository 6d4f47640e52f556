import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CodedError } from '../ledger/model/index.ts';
import { createRpcServer, type RpcServer } from './server.ts';
import { type MemoryNode, serve, silentLogger } from './testkit/memory-node.ts';
import { createScenario, signedRaw } from './testkit/scenario.ts';

const test = suite('rpc/server');
const node: MemoryNode = await createScenario();
const JSON_HEADERS = { 'content-type': 'application/json' };
const BLOCK_NUMBER = '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}';

type Envelope = { id?: unknown; result?: unknown; error?: { code: number; message: string } };

async function withServer(
  options: Parameters<typeof serve>[1],
  use: (server: RpcServer) => Promise<void>,
): Promise<void> {
  const server = await serve(node, options);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

function post(
  server: RpcServer,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = JSON_HEADERS,
): Promise<Response> {
  return fetch(server.url, { method: 'POST', body, headers });
}

/** Headers that `fetch` does not let a caller set go over a socket of their own. */
async function raw(server: RpcServer, request: string): Promise<string> {
  const socket = connect(server.port, server.host);
  socket.end(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function rawPost(host: string, body = BLOCK_NUMBER): string {
  return `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

test('a call is answered as JSON', () =>
  withServer({}, async (server) => {
    const response = await post(server, BLOCK_NUMBER);
    assert.is(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', 'application/json');
    assert.equal(await response.json(), { jsonrpc: '2.0', id: 1, result: '0x3' });
  }));

test('a notification is answered with 204 and no body', () =>
  withServer({}, async (server) => {
    const response = await post(server, '{"jsonrpc":"2.0","method":"eth_blockNumber"}');
    assert.is(response.status, 204);
    assert.is(await response.text(), '');
  }));

test('a body over the limit gets 413 with an error that tells the limit', () =>
  withServer({ limits: { bodyLimitBytes: 1000 } }, async (server) => {
    const response = await post(server, JSON.stringify('x'.repeat(2000)));
    assert.is(response.status, 413);
    const { error } = (await response.json()) as Envelope;
    assert.is(error?.code, -32005);
    assert.match(error?.message ?? '', 'at most 1000 bytes');
  }));

test('the limit of a body is 5 MiB when nothing is set', () =>
  withServer({}, async (server) => {
    const padded = (length: number): string => BLOCK_NUMBER.padEnd(length, ' ');
    assert.is((await post(server, padded(5 * 1024 * 1024))).status, 200);
    assert.is((await post(server, padded(5 * 1024 * 1024 + 1))).status, 413);
  }));

for (const type of [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
]) {
  test(`a body of type ${type} gets 415`, () =>
    withServer({}, async (server) => {
      const response = await post(server, BLOCK_NUMBER, { 'content-type': type });
      assert.is(response.status, 415);
      assert.is(((await response.json()) as Envelope).error?.code, -32600);
    }));
}

for (const type of [
  'application/json',
  'application/json; charset=utf-8',
  'application/json-rpc',
]) {
  test(`a body of type ${type} is taken`, () =>
    withServer({}, async (server) => {
      assert.is((await post(server, BLOCK_NUMBER, { 'content-type': type })).status, 200);
    }));
}

test('bytes that are no UTF-8 are a parse error', () =>
  withServer({}, async (server) => {
    const body = Uint8Array.from([
      ...Buffer.from('{"jsonrpc":"2.0","id":"'),
      0xff,
      0xfe,
      0x22,
      0x7d,
    ]);
    const { error } = (await (await post(server, body)).json()) as Envelope;
    assert.is(error?.code, -32700);
  }));

test('an empty body is a parse error', () =>
  withServer({}, async (server) => {
    const { error } = (await (await post(server, '')).json()) as Envelope;
    assert.is(error?.code, -32700);
  }));

test('other paths and verbs are answered, not served', () =>
  withServer({}, async (server) => {
    assert.is((await fetch(`${server.url}/elsewhere`)).status, 404);
    assert.is((await fetch(server.url)).status, 405);
    assert.is((await fetch(server.url, { method: 'DELETE' })).status, 404);
    const garbage = await raw(server, 'garbage\r\n\r\n');
    assert.not.match(garbage, '200 OK');
  }));

test('liveness and readiness tell supervisors apart what runs and what serves', async () => {
  let ready = true;
  const ports = {
    ...node.ports,
    node: {
      ...node.ports.node,
      readiness: () => (ready ? { ready } : { ready, reason: 'catching up: 5 of 900' }),
    } as MemoryNode['ports']['node'],
  };
  const server = await createRpcServer(
    { host: '127.0.0.1', port: 0 },
    { ports, logger: silentLogger, now: () => 0 },
  );
  try {
    assert.is((await fetch(`${server.url}/liveness`)).status, 200);
    assert.is((await fetch(`${server.url}/readiness`)).status, 200);
    ready = false;
    assert.is((await fetch(`${server.url}/liveness`)).status, 200);
    const response = await fetch(`${server.url}/readiness`);
    assert.is(response.status, 503);
    assert.equal(await response.json(), { status: 'DOWN', reason: 'catching up: 5 of 900' });
  } finally {
    await server.close();
  }
});

test('a name that was rebound to this address is refused by its Host header', () =>
  withServer({}, async (server) => {
    assert.match(await raw(server, rawPost('evil.example')), '403 Forbidden');
    assert.match(await raw(server, rawPost(`localhost:${server.port}`)), '200 OK');
    assert.match(await raw(server, rawPost('10.0.0.1')), '200 OK');
  }));

test('an operator names the hosts that the node answers for', () =>
  withServer({ virtualHosts: ['node.example'] }, async (server) => {
    assert.match(await raw(server, rawPost('node.example')), '200 OK');
    assert.match(await raw(server, rawPost('localhost')), '403 Forbidden');
  }));

test('pages of localhost may call, others may not, unless the operator lets them', () =>
  withServer({}, async (server) => {
    const origin = 'http://localhost:3000';
    const own = await post(server, BLOCK_NUMBER, { ...JSON_HEADERS, origin });
    assert.is(own.headers.get('access-control-allow-origin'), origin);
    const foreign = { ...JSON_HEADERS, origin: 'https://evil.example' };
    assert.is((await post(server, BLOCK_NUMBER, foreign)).status, 403);
  }));

test('a preflight tells a page of an allowed origin what it may send', () =>
  withServer({ corsOrigins: ['https://app.example'] }, async (server) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const response = await fetch(server.url, { method: 'OPTIONS', headers });
    assert.is(response.status, 204);
    assert.is(response.headers.get('access-control-allow-origin'), 'https://app.example');
    assert.match(response.headers.get('access-control-allow-methods') ?? '', 'POST');
    assert.match(response.headers.get('access-control-allow-headers') ?? '', 'content-type');
  }));

test('a namespace that is off does not exist', () =>
  withServer({ namespaces: ['eth', 'rpc'] }, async (server) => {
    const body = JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'txpool_status' },
      { jsonrpc: '2.0', id: 2, method: 'eth_blockNumber' },
      { jsonrpc: '2.0', id: 3, method: 'rpc_modules' },
    ]);
    const replies = (await (await post(server, body)).json()) as Envelope[];
    assert.is(replies[0]?.error?.code, -32601);
    assert.is(replies[1]?.result, '0x3');
    assert.equal(replies[2]?.result, { eth: '1.0', rpc: '1.0' });
  }));

test('a batch of a thousand is answered, one more is refused', () =>
  withServer({}, async (server) => {
    const batch = (length: number): string => `[${Array(length).fill(BLOCK_NUMBER).join()}]`;
    const replies = (await (await post(server, batch(1000))).json()) as Envelope[];
    assert.is(replies.length, 1000);
    const { error } = (await (await post(server, batch(1001))).json()) as Envelope;
    assert.is(error?.code, -32005);
  }));

test('refused transactions have the code and the words that clients know', () =>
  withServer({}, async (server) => {
    const send = async (param: unknown): Promise<Envelope['error']> => {
      const call = { jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [param] };
      return ((await (await post(server, JSON.stringify(call))).json()) as Envelope).error;
    };
    const refused = [
      [await signedRaw({ nonce: 4, chainId: 1 }), -32000, 'invalid chain id'],
      [await signedRaw({ nonce: 0 }), -32000, 'nonce too low'],
      [await signedRaw({ nonce: 4, value: 10n ** 30n }), -32000, 'insufficient funds'],
      ['0x02c0', -32000, ''],
      ['0x', -32000, ''],
      ['02c0', -32602, 'argument 0'],
      [7, -32602, 'argument 0'],
      [null, -32602, 'argument 0'],
    ] as const;
    for (const [param, code, words] of refused) {
      const error = await send(param);
      assert.is(error?.code, code, String(param));
      assert.match(error?.message ?? '', words);
    }
  }));

test('closing answers what is under way and refuses what comes', async () => {
  const local = await createScenario();
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  local.answerCalls(async () => {
    started.resolve();
    await release.promise;
    return { kind: 'success', output: Uint8Array.of(1), gasUsed: 1n };
  });
  const server = await serve(local);
  const call = { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{}] };
  const underWay = post(server, JSON.stringify(call));
  await started.promise;
  const closed = server.close();
  release.resolve();
  assert.is(((await (await underWay).json()) as Envelope).result, '0x01');
  await closed;
  const late = await post(server, BLOCK_NUMBER).then(
    () => 'answered',
    () => 'refused',
  );
  assert.is(late, 'refused');
});

test('what changes the node is for operators, over HTTP and WebSocket', async () => {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'qbft_discardValidatorVote',
    params: [`0x${'11'.repeat(20)}`],
  });
  const codeOf = async (url: string, headers: Record<string, string>): Promise<unknown> => {
    const json = { 'content-type': 'application/json', ...headers };
    const answer = await fetch(url, { method: 'POST', headers: json, body });
    const { error } = (await answer.json()) as { error?: { code: number } };
    return error?.code;
  };
  const overSocket = (url: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.send(body);
      socket.onerror = () => reject(new TypeError('the WebSocket has failed'));
      socket.onmessage = ({ data }) => {
        socket.close();
        resolve((JSON.parse(String(data)) as { error?: { code: number } }).error?.code);
      };
    });
  const local = await serve(node, {});
  const closed = await serve(node, { operatorAccess: 'nobody' });
  try {
    assert.is(await codeOf(local.url, {}), undefined);
    assert.is(await codeOf(local.url, { origin: 'http://localhost:3000' }), -40100);
    assert.is(await codeOf(local.url, { 'x-forwarded-for': '192.0.2.7' }), -40100);
    assert.is(await overSocket(local.webSocketUrl), undefined);
    assert.is(await codeOf(closed.url, {}), -40100);
    assert.is(await overSocket(closed.webSocketUrl), -40100);
  } finally {
    await Promise.all([local.close(), closed.close()]);
  }
});

test('a port in use is named', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  const options = { host: '127.0.0.1', port: address.port };
  try {
    await createRpcServer(options, { ports: node.ports, logger: silentLogger, now: () => 0 });
    assert.unreachable('it must not listen');
  } catch (error) {
    assert.instance(error, CodedError);
    assert.is((error as CodedError<{ code: string }>).code, 'RPC_PORT_IN_USE');
    assert.match(String(error), String(address.port));
  } finally {
    other.close();
  }
});

test('an address that is not ours cannot be listened on, and that is said', async () => {
  const options = { host: '192.0.2.1', port: 0 };
  try {
    await createRpcServer(options, { ports: node.ports, logger: silentLogger, now: () => 0 });
    assert.unreachable('it must not listen');
  } catch (error) {
    assert.is((error as CodedError<{ code: string }>).code, 'RPC_LISTEN_FAILED');
  }
});

const UPGRADE =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** With this grace, a close that waits for it is one that never ends. */
const FOR_EVER = { closeGraceMs: 3_600_000 };

async function connected(server: RpcServer): Promise<Socket> {
  const socket = connect(server.port, server.host);
  socket.on('error', () => {}); // a reset is as good an end as any
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

test('closing waits for no connection that has asked for nothing yet', async () => {
  for (const text of ['', 'POST / HT', rawPost('localhost').slice(0, 40), UPGRADE.slice(0, 60)]) {
    const server = await serve(node, { limits: FOR_EVER });
    const socket = await connected(server);
    socket.write(text);
    // Its answer shows that the server has accepted the connection before.
    assert.is((await post(server, BLOCK_NUMBER)).status, 200);
    await server.close();
    if (!socket.closed) await once(socket, 'close');
  }
});

test('closing waits for no upgrade that comes while it closes', async () => {
  for (const early of [UPGRADE.length, 40, 0]) {
    const server = await serve(node, { limits: FOR_EVER });
    const sockets = await Promise.all([1, 2, 3].map(() => connected(server)));
    assert.is((await post(server, BLOCK_NUMBER)).status, 200);
    for (const socket of sockets) socket.write(UPGRADE.slice(0, early));
    const closed = server.close();
    for (const socket of sockets) socket.write(UPGRADE.slice(early));
    await closed;
    for (const socket of sockets) if (!socket.closed) await once(socket, 'close');
  }
});

test.run();
