/** Random JSON against the real table: never a fault, always JSON-RPC. `FUZZ_SEED` runs one again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { METHODS } from './method-table.ts';
import { createRpcServer } from './server.ts';
import { silentLogger } from './testkit/memory-node.ts';
import { ALICE, createScenario } from './testkit/scenario.ts';

const test = suite('rpc/fuzz');
const ROUNDS = 3_000;
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);

/** mulberry32: small, seeded, good enough to choose inputs. */
function createRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = createRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const hex = (bytes: number): string =>
  `0x${Array.from({ length: bytes }, () => pick(['00', '01', '7f', 'ff', 'aB'])).join('')}`;

const scalars: readonly (() => unknown)[] = [
  () => pick([null, true, false, 0, -1, 1e308, 0.1, '', '0x', '0x0', '0x00', 'latest', 'pending']),
  () => pick(['\u0000', '\ud800', '__proto__', 'constructor', 'newHeads', 'logs', '0xzz', '💥']),
  () => hex(pick([1, 8, 20, 32, 33, 64, 256])),
  () => `0x${Math.floor(random() * 2 ** 40).toString(16)}`,
  () => `0x${Buffer.from(ALICE).toString('hex')}`,
];
const KEYS =
  'to from data input value gas topics address fromBlock toBlock blockHash blockNumber accessList authorizationList storageKeys type __proto__ toString'.split(
    ' ',
  );

function anyJson(depth: number): unknown {
  const roll = random();
  if (depth === 0 || roll < 0.6) return pick(scalars)();
  const size = Math.floor(random() * 4);
  if (roll < 0.8) return Array.from({ length: size }, () => anyJson(depth - 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(KEYS), anyJson(depth - 1)]));
}

function anyRequest(): unknown {
  if (random() < 0.1) return anyJson(3);
  const request: Record<string, unknown> = { jsonrpc: '2.0', id: 1, method: pick(METHODS).name };
  if (random() < 0.95)
    request['params'] = Array.from({ length: Math.floor(random() * 4) }, () => anyJson(3));
  if (random() < 0.1) request[pick(['jsonrpc', 'id', 'method', 'params'])] = anyJson(2);
  return request;
}

/** Text that is nearly JSON: cut, or with a byte changed. */
function damaged(text: string): string {
  const at = Math.floor(random() * text.length);
  return random() < 0.5
    ? text.slice(0, at)
    : text.slice(0, at) + pick(['"', '{', '\\', 'x']) + text.slice(at + 1);
}

function checkAnswer(answer: unknown, sent: string): void {
  const { jsonrpc, error, ...rest } = answer as Record<string, unknown>;
  assert.is(jsonrpc, '2.0', sent);
  assert.ok('id' in rest, sent);
  assert.ok('result' in rest !== (error !== undefined), sent);
  if (error === undefined) return;
  const { code, message } = error as { code: unknown; message: unknown };
  assert.ok(Number.isInteger(code), sent);
  assert.type(message, 'string', sent);
}

test(`random requests get JSON-RPC answers and cause no fault (FUZZ_SEED=${seed})`, async () => {
  const faults: unknown[] = [];
  const node = await createScenario();
  const logger = { ...silentLogger, error: (...what: unknown[]) => faults.push(what) };
  const server = await createRpcServer(
    { host: '127.0.0.1', port: 0 },
    { ports: node.ports, logger, now: () => 0 },
  );
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const value = random() < 0.2 ? [anyRequest(), anyRequest()] : anyRequest();
      const text = JSON.stringify(value) ?? 'null';
      const body = random() < 0.1 ? damaged(text) : text;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(server.url, { method: 'POST', body, headers });
      const answer = await response.text();
      assert.ok([200, 204].includes(response.status), `${response.status} for ${body}`);
      if (answer === '') continue;
      const parsed: unknown = JSON.parse(answer);
      for (const one of Array.isArray(parsed) ? parsed : [parsed]) checkAnswer(one, body);
      assert.equal(faults, [], body);
    }
  } finally {
    await server.close();
  }
});

test.run();
