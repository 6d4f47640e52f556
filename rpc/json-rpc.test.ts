import { Type } from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { booleanParam } from './codec.ts';
import { RPC_ERRORS, RpcRefusal } from './errors.ts';
import { type BaseContext, createDispatcher, type Dispatcher } from './json-rpc.ts';
import { defineMethod, type Method } from './method.ts';
import { bytesParam } from './values.ts';

const test = suite('rpc/json-rpc');

let calls = 0;
let logged = 0;
const methods: readonly Method[] = [
  defineMethod({
    name: 'rpc_echo',
    summary: '',
    params: [
      { name: 'flag', codec: booleanParam },
      { name: 'data', codec: bytesParam('data'), optional: true },
    ],
    result: Type.Any(),
    handler: (_context, flag, data) => {
      calls += 1;
      return data === undefined ? flag : 'x'.repeat(data.length);
    },
  }),
  defineMethod({
    name: 'rpc_fault',
    summary: '',
    params: [],
    result: Type.Any(),
    handler: () => {
      throw new RangeError('a secret of the inside');
    },
  }),
  defineMethod({
    name: 'rpc_bigint',
    summary: '',
    params: [],
    result: Type.Any(),
    handler: () => 1n,
  }),
  defineMethod({
    name: 'rpc_revert',
    summary: '',
    params: [],
    result: Type.Any(),
    handler: async () => {
      throw new RpcRefusal('RPC_EXECUTION_REVERTED', 'execution reverted: why', '0x08');
    },
  }),
  ...[1, 10].map((timeoutFactor) =>
    defineMethod({
      name: timeoutFactor === 1 ? 'rpc_never' : 'rpc_neverLong',
      summary: '',
      params: [],
      result: Type.Any(),
      timeoutFactor,
      handler: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new RangeError('aborted')));
        }),
    }),
  ),
];

function dispatcher(limits: Partial<Parameters<typeof createDispatcher>[0]> = {}): Dispatcher {
  return createDispatcher(
    { batchLimit: 4, responseLimitBytes: 1000, requestTimeoutMs: 1000, ...limits },
    {
      methods: new Map(methods.map((method) => [method.name, method])),
      context: {} as BaseContext, // none of the methods above uses it
      logger: {
        error: () => {
          logged += 1;
        },
        warn: () => {},
        info: () => {},
        debug: () => {},
      },
    },
  );
}

async function answer(text: string, use: Dispatcher = dispatcher()): Promise<unknown> {
  const reply = await use.answer(text, undefined);
  return reply === undefined ? undefined : JSON.parse(reply);
}

const echo = (id: unknown, ...params: unknown[]): object => ({
  jsonrpc: '2.0',
  id,
  method: 'rpc_echo',
  params,
});

test('ids of every allowed type come back as they were', async () => {
  for (const id of [1, 0, -1, 1.5, 'a', '', 'ü"\\', null]) {
    const reply = await answer(JSON.stringify(echo(id, true)));
    assert.equal(reply, { jsonrpc: '2.0', id, result: true });
  }
});

const NESTED = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
const refused: readonly [what: string, text: string, code: number, id: unknown][] = [
  ['nothing', '', -32700, null],
  ['half an object', '{"jsonrpc":"2.0"', -32700, null],
  ['a byte order mark', '\ufeff{}', -32700, null],
  ['a number', '1', -32600, null],
  ['null', 'null', -32600, null],
  ['a string', '"x"', -32600, null],
  ['an empty object', '{}', -32600, undefined],
  ['an empty batch', '[]', -32600, null],
  ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"rpc_echo"}', -32600, null],
  ['an infinite id', '{"jsonrpc":"2.0","id":1e999,"method":"rpc_echo"}', -32600, null],
  ['an old version', '{"jsonrpc":"1.0","id":5,"method":"rpc_echo"}', -32600, 5],
  ['no version', '{"id":5,"method":"rpc_echo"}', -32600, 5],
  ['no method', '{"jsonrpc":"2.0","id":5}', -32600, 5],
  ['a number as method', '{"jsonrpc":"2.0","id":5,"method":1}', -32600, 5],
  ['an unknown method', '{"jsonrpc":"2.0","id":5,"method":"eth_mine"}', -32601, 5],
  ['an inherited name', '{"jsonrpc":"2.0","id":5,"method":"constructor"}', -32601, 5],
  [
    'params by name',
    '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":{"flag":true}}',
    -32602,
    5,
  ],
  ['a string as params', '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":"x"}', -32602, 5],
  ['too few params', '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":[]}', -32602, 5],
  [
    'too many params',
    '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":[true,"0x",1]}',
    -32602,
    5,
  ],
  [
    'a null for a required param',
    '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":[null]}',
    -32602,
    5,
  ],
  [
    'a param of the wrong type',
    '{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":["yes"]}',
    -32602,
    5,
  ],
  ['too large a batch', JSON.stringify(Array(5).fill(echo(1, true))), -32005, null],
  [
    'a deeply nested param',
    `{"jsonrpc":"2.0","id":5,"method":"rpc_echo","params":[${NESTED}]}`,
    -32602,
    5,
  ],
  ['a deeply nested id', `{"jsonrpc":"2.0","id":${NESTED},"method":"rpc_echo"}`, -32600, null],
];
for (const [what, text, code, id] of refused) {
  test(`${what} is refused with ${code}`, async () => {
    const reply = (await answer(text)) as {
      id?: unknown;
      error: { code: number; message: string };
    };
    assert.is(reply.error.code, code);
    assert.type(reply.error.message, 'string');
    assert.is(reply.id, id ?? null);
  });
}

test('what is unknown is named, but not at any length', async () => {
  const reply = await answer('{"jsonrpc":"2.0","id":1,"method":"eth_mine"}');
  assert.equal(reply, {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32601, message: 'the method eth_mine does not exist/is not available' },
  });
  const long = await dispatcher().answer(
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'm'.repeat(1e6) }),
    undefined,
  );
  assert.ok((long?.length ?? 0) < 300);
});

test('a notification runs and is not answered', async () => {
  const before = calls;
  assert.is(await answer('{"jsonrpc":"2.0","method":"rpc_echo","params":[true]}'), undefined);
  assert.is(await answer('[{"jsonrpc":"2.0","method":"rpc_echo","params":[true]}]'), undefined);
  assert.is(calls, before + 2);
});

test('a batch is answered in order, duplicate ids and notifications included', async () => {
  const batch = [echo(7, true), echo(7, false), { ...echo(0, true), id: undefined }, 5];
  const reply = (await answer(JSON.stringify(batch))) as { id: unknown }[];
  assert.equal(reply.slice(0, 2), [
    { jsonrpc: '2.0', id: 7, result: true },
    { jsonrpc: '2.0', id: 7, result: false },
  ]);
  assert.is(reply.length, 3);
  assert.is(reply[2]?.id, null);
});

test('a revert carries its data', async () => {
  const reply = await answer('{"jsonrpc":"2.0","id":1,"method":"rpc_revert"}');
  const error = { code: 3, message: 'execution reverted: why', data: '0x08' };
  assert.equal(reply, { jsonrpc: '2.0', id: 1, error });
});

test('a fault of ours is logged and says nothing of the inside', async () => {
  const before = logged;
  for (const method of ['rpc_fault', 'rpc_bigint']) {
    const reply = await answer(JSON.stringify({ jsonrpc: '2.0', id: 1, method }));
    const error = { code: RPC_ERRORS.RPC_INTERNAL_ERROR.number, message: 'internal error' };
    assert.equal(reply, { jsonrpc: '2.0', id: 1, error });
  }
  assert.is(logged, before + 2);
});

test('an answer over the size limit is replaced by an error', async () => {
  const text = JSON.stringify(echo(1, true, `0x${'00'.repeat(2000)}`));
  const reply = (await answer(text)) as { error: { code: number } };
  assert.is(reply.error.code, -32003);
});

test('what comes after the size limit in a batch is refused and not run', async () => {
  const before = calls;
  const data = `0x${'00'.repeat(600)}`;
  const batch = Array.from({ length: 40 }, (_, id) => echo(id, true, data));
  const use = dispatcher({ batchLimit: 40 });
  const reply = (await answer(JSON.stringify(batch), use)) as { error?: { code: number } }[];
  assert.is(reply.length, 40);
  assert.is(reply[0]?.error, undefined);
  for (const { error } of reply.slice(1)) assert.is(error?.code, -32003);
  assert.is(calls, before + 32);
});

test('a call that never ends is answered and aborted', async () => {
  const use = dispatcher({ requestTimeoutMs: 1 });
  const reply = await answer('{"jsonrpc":"2.0","id":1,"method":"rpc_never"}', use);
  const error = { code: -32002, message: 'request timed out after 1 ms' };
  assert.equal(reply, { jsonrpc: '2.0', id: 1, error });
  const long = await answer('{"jsonrpc":"2.0","id":1,"method":"rpc_neverLong"}', use);
  assert.equal(long, {
    jsonrpc: '2.0',
    id: 1,
    error: { ...error, message: 'request timed out after 10 ms' },
  });
});

test.run();
