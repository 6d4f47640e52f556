/** Traces as JSON: which fields there are, and which are left out, as geth has it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TracerChoice } from '../ledger/model/index.ts';
import { formatTrace } from './format-trace.ts';
import { traceConfigParam } from './methods/debug/trace-config.ts';
import { createScriptedTracing } from './testkit/scripted-tracing.ts';

const test = suite('rpc/tracing');
const word = (byte: string): string => `0x${byte.repeat(32)}`;
const NOBODY = `0x${'00'.repeat(20)}`;
const { signal } = new AbortController();

async function shown(config: object): Promise<unknown> {
  const { tracer, timeoutMs } = traceConfigParam.decode(config, 'argument 1');
  const request = { tracer, timeoutMs, limitBytes: 1_000, signal };
  const verdict = await createScriptedTracing().transaction({ number: 1n, index: 0 }, request);
  if (!verdict.ok) throw new TypeError(verdict.message);
  return JSON.parse(JSON.stringify(await formatTrace(verdict.result)));
}

test('X-33: records have numbers as numbers, words with 0x, and no empty fields but the stack', async () => {
  assert.equal(await shown({}), {
    gas: 21_000,
    failed: false,
    returnValue: '0x0102',
    structLogs: [
      {
        pc: 4,
        op: 'SLOAD',
        gas: 100,
        gasCost: 3,
        depth: 1,
        error: 'out of gas',
        stack: ['0x0', '0xff'],
        returnData: '0x0102',
        memory: [word('07')],
        storage: { [word('07')]: word('07') },
        refund: 5,
      },
      { pc: 4, op: 'SLOAD', gas: 100, gasCost: 3, depth: 1, stack: [] },
    ],
  });
});

test('X-37: many records are written out in turns with other work', async () => {
  const stack = new Array<bigint>(1_000).fill(7n);
  const step = { pc: 0, op: 'STOP', gas: 1n, gasCost: 0n, depth: 1, error: undefined, refund: 0n };
  const none = { memory: undefined, storage: undefined, returnData: undefined };
  const structLogs = new Array(100).fill({ ...step, ...none, stack });
  const common = { kind: 'structLogs', gas: 1n, failed: false } as const;
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await formatTrace({ ...common, returnValue: new Uint8Array(0), structLogs });
  isOver = true;
  assert.ok(turns >= 3, `${turns} turns`);
});

test('X-34: frames have hexadecimal quantities, the reason of a revert in words, and no value where there is none', async () => {
  const frame = (await shown({ tracer: 'callTracer' })) as Record<string, unknown>;
  assert.equal(Object.keys(frame), [
    'from',
    'gas',
    'gasUsed',
    'input',
    'output',
    'error',
    'revertReason',
    'calls',
    'value',
    'type',
  ]);
  assert.is(frame['revertReason'], 'no');
  assert.is(frame['type'], 'CREATE2');
  assert.equal(frame['calls'], [
    {
      from: NOBODY,
      gas: '0x9',
      gasUsed: '0x1',
      to: NOBODY,
      input: '0x0102',
      logs: [
        { address: NOBODY, topics: [word('00')], data: '0x0102', index: '0x0', position: '0x0' },
      ],
      type: 'STATICCALL',
    },
  ]);
});

test('X-35: accounts have a decimal nonce and no fields that are empty or unchanged', async () => {
  const account = {
    balance: '0x1',
    code: '0x0102',
    nonce: 2,
    storage: { [word('07')]: word('07') },
  };
  assert.equal(await shown({ tracer: 'prestateTracer' }), { [NOBODY]: account });
  const difference = { tracer: 'prestateTracer', tracerConfig: { diffMode: true } };
  assert.equal(await shown(difference), { post: { [NOBODY]: {} }, pre: { [NOBODY]: account } });
});

test('X-36: selectors stand with the length of their arguments', async () => {
  assert.equal(await shown({ tracer: '4byteTracer' }), { '0x01020304-32': 2 });
  assert.equal(await shown({ tracer: 'noopTracer' }), {});
});

test('options are those of geth, each with its default', () => {
  const chosen = (config: object): TracerChoice =>
    traceConfigParam.decode(config, 'argument 1').tracer;
  assert.equal(chosen({ tracer: 'callTracer', tracerConfig: { withLog: true, x: [] } }), {
    kind: 'callTracer',
    onlyTopCall: false,
    withLog: true,
  });
  assert.equal(chosen({ tracer: '', limit: '0x2', enableMemory: true, disableStack: null }), {
    kind: 'structLogs',
    disableStack: false,
    disableStorage: false,
    enableMemory: true,
    enableReturnData: false,
    limit: 2,
  });
});

test('durations are those of Go', () => {
  const ms = (timeout: string): number => traceConfigParam.decode({ timeout }, '').timeoutMs;
  assert.equal(
    ['5s', '1m30s', '1.5h', '250ms', '2us'].map(ms),
    [5_000, 90_000, 5_400_000, 250, 0.002],
  );
  assert.is(traceConfigParam.decode({}, '').timeoutMs, 5_000);
  for (const bad of ['', '5', 's', '-1s', '1 s', '0s', `${'1'.repeat(50)}s`]) {
    assert.throws(() => ms(bad), /want a duration/);
  }
});

test.run();
