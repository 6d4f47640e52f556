/** calls end in time, and when nobody waits for them any more. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { createClient, RpcError } from './client.ts';
import type { RpcServer } from './server.ts';
import type { MemoryNode } from './testkit/memory-node.ts';
import { serve } from './testkit/memory-node.ts';
import { createScenario } from './testkit/scenario.ts';

const test = suite('rpc/call-time');

type Endless = {
  /** Resolves when a call has begun. */
  readonly begun: Promise<void>;
  /** Resolves when it was told to stop. */
  readonly stopped: Promise<void>;
};

/** Calls that only end when they are told to. */
function answerNever(node: MemoryNode): Endless {
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  node.answerCalls((_request, signal) => {
    begun.resolve();
    return new Promise((_, reject) => {
      const stop = (): void => {
        stopped.resolve();
        reject(signal.reason);
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });
  });
  return { begun: begun.promise, stopped: stopped.promise };
}

async function withServer(
  callTimeoutMs: number,
  use: (server: RpcServer, endless: Endless) => Promise<void>,
): Promise<void> {
  const node = await createScenario();
  const server = await serve(node, { limits: { callTimeoutMs } });
  try {
    await use(server, answerNever(node));
  } finally {
    await server.close();
  }
}

const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{}] });

for (const method of ['eth_call', 'eth_estimateGas', 'eth_createAccessList']) {
  test(`X-21: ${method} beyond its time is stopped and says how long that is`, () =>
    withServer(20, async (server, { stopped }) => {
      const client = createClient({ url: server.url });
      try {
        await client.request(method, [{}]);
        assert.unreachable();
      } catch (error) {
        assert.ok(error instanceof RpcError);
        assert.is(error.code, -32000);
        assert.is(error.message, 'execution aborted (timeout = 0.02s)');
      }
      await stopped;
    }));
}

test('X-21: a call over HTTP stops when the client hangs up', () =>
  withServer(0, async (server, { begun, stopped }) => {
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(server.url, {
      method: 'POST',
      body: BODY,
      headers,
      signal: leaving.signal,
    });
    const refused = answer.then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.name, 'AbortError'),
    );
    await begun;
    leaving.abort();
    await Promise.all([refused, stopped]);
  }));

test('X-21: a call over a WebSocket stops when the connection closes', () =>
  withServer(0, async (server, { begun, stopped }) => {
    const socket = new WebSocket(server.webSocketUrl);
    socket.once('open', () => socket.send(BODY));
    await begun;
    socket.terminate();
    await stopped;
  }));

test.run();
