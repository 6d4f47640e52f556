/**
 * What a request costs: the dispatcher alone, and over one kept-alive connection of HTTP, beside a bare
 * `node:http` server that answers the same text, which is the floor. Client and server share the thread,
 * so the round trips hold the client's share as well. The budget is 40 us a request (docs: cost budget).
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Bench } from 'tinybench';
import { createFilterRegistry } from './filter-registry.ts';
import { DEFAULT_RPC_LIMITS } from './index.ts';
import { createDispatcher, type Dispatcher } from './json-rpc.ts';
import { METHODS } from './method-table.ts';
import type { RpcPorts } from './ports.ts';
import { createRpcServer } from './server.ts';
import { silentLogger } from './testkit/memory-node.ts';
import { createScenario, signed } from './testkit/scenario.ts';

const MODULES = { logger: silentLogger, now: () => 0 };

export async function run(): Promise<Bench> {
  const { hash, raw } = await signed({ nonce: 4 });
  const { ports: all } = await createScenario();
  // A pool that answers at once: what the server adds is measured, not the pool.
  const ports: RpcPorts = { ...all, pool: { ...all.pool, add: async () => ({ ok: true, hash }) } };
  const send = request('eth_sendRawTransaction', [`0x${Buffer.from(raw).toString('hex')}`]);
  const head = request('eth_blockNumber', []);
  const dispatcher = dispatcherOf(ports);
  const server = await createRpcServer({ host: '127.0.0.1', port: 0 }, { ports, ...MODULES });
  const floor = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => outgoing.end(head));
  });
  floor.listen(0, '127.0.0.1');
  await once(floor, 'listening');
  const floorPort = (floor.address() as AddressInfo).port; // a TCP server has no other address
  const ours = await openClient(server.port);
  const bare = await openClient(floorPort);

  const bench = new Bench({ time: 1_000, warmupTime: 300 });
  bench
    .add('dispatch eth_blockNumber', () => dispatcher.answer(head, undefined))
    .add('dispatch eth_sendRawTransaction', () => dispatcher.answer(send, undefined))
    .add('round trip, bare node:http', () => bare.post(send))
    .add('round trip, eth_blockNumber', () => ours.post(head))
    .add('round trip, eth_sendRawTransaction', () => ours.post(send));
  await bench.run();
  ours.close();
  bare.close();
  floor.close();
  await server.close();
  return bench;
}

function request(method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

function dispatcherOf(ports: RpcPorts): Dispatcher {
  const limits = DEFAULT_RPC_LIMITS;
  const filters = createFilterRegistry(limits, { events: ports.events, now: MODULES.now });
  return createDispatcher(limits, {
    methods: new Map(METHODS.map((method) => [method.name, method])),
    context: { ...ports, limits, filters, offered: METHODS },
    logger: silentLogger,
  });
}

/** A client that does as little as possible: an answer ends with the chunk that it comes in. */
async function openClient(
  port: number,
): Promise<{ readonly post: (body: string) => Promise<unknown>; readonly close: () => void }> {
  const socket: Socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  return {
    post: (body) => {
      const answered = Promise.withResolvers<unknown>();
      socket.once('data', answered.resolve);
      socket.write(
        `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}
