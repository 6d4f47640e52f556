/**
 * The traces of ethereum/execution-apis, field for field. Its first blocks are older than the forks that the
 * engine runs: here they run at Byzantium, where of all they do only SLOAD costs more, so that gas is
 * compared up to the first one.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  type Block,
  bigintToBytes,
  bytesToHex,
  decodeBlock,
  hexToBytes,
  recoverSender,
  type StructLog,
  type StructLoggerOptions,
  type TraceResult,
} from '../../ledger/model/index.ts';
import { createFastEngine } from '../fast-engine.ts';
import { environmentOf } from '../header-rules.ts';
import { testRules } from '../testkit/chain.ts';
import { createMemoryState } from '../testkit/memory-state.ts';
import { createTracer } from './create-tracer.ts';
import { createTraceBudget } from './trace-budget.ts';

const test = suite('vm/tracers/public-traces');
const declared = process.env['EHB_FIXTURES'];
const root = join(
  declared ?? join(import.meta.dirname, '../../../shared/fixtures'),
  'execution-apis',
);

type Step = Readonly<Record<string, unknown>> & { readonly op: string };
type Trace = {
  readonly gas: number;
  readonly failed: boolean;
  readonly returnValue: string;
  readonly structLogs: readonly Step[];
};
type Exchange = {
  readonly params: readonly [string, Partial<StructLoggerOptions>?];
  readonly traces: readonly { readonly txHash?: string; readonly result: Trace }[];
};

const FOLDERS = ['debug_traceBlockByNumber', 'debug_traceBlockByHash', 'debug_traceTransaction'];

function exchangesOf(file: string): readonly Exchange[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const requests = lines.filter((line) => line.startsWith('>> '));
  const answers = lines.filter((line) => line.startsWith('<< '));
  return requests.flatMap((request, i) => {
    const { params } = JSON.parse(request.slice(3));
    const { result } = JSON.parse(answers[i]?.slice(3) ?? '{}');
    if (result === undefined) return [];
    const [name] = params as [string];
    return [{ params, traces: Array.isArray(result) ? result : [{ txHash: name, result }] }];
  });
}

/** The blocks of the file, as far as they are asked for. */
function readBlocks(count: number): readonly Block[] {
  let rest = new Uint8Array(readFileSync(join(root, 'chain.rlp')));
  const blocks: Block[] = [];
  while (blocks.length < count) {
    const width = (rest[0] as number) - 0xf7;
    const length = rest.subarray(1, 1 + width).reduce((sum, byte) => sum * 256 + byte, 0);
    const decoded = decodeBlock(rest.subarray(0, 1 + width + length));
    if (!decoded.ok) throw new TypeError(decoded.message);
    blocks.push(decoded.block);
    rest = rest.subarray(1 + width + length);
  }
  return blocks;
}

/** What each transaction of a block does, by its hash. */
async function traceBlock(
  blocks: readonly Block[],
  at: number,
  options: Partial<StructLoggerOptions>,
): Promise<ReadonlyMap<string, TraceResult>> {
  const { alloc, config } = JSON.parse(readFileSync(join(root, 'genesis.json'), 'utf8'));
  const accounts = Object.entries(alloc as Record<string, Record<string, string>>);
  const state = createMemoryState(
    accounts.map(([address, { balance = '0', nonce = '0', code = '0x', storage = {} }]) => ({
      address: asAddress(hexToBytes(address.replace(/^0x/, ''))),
      balance: BigInt(balance),
      nonce: BigInt(nonce),
      code: hexToBytes(code),
      storage: Object.entries(storage).map(([slot, value]) => ({
        slot: hexToBytes(slot),
        value: bigintToBytes(BigInt(value)),
      })),
    })),
  );
  const engine = createFastEngine(
    testRules('byzantium', { chainId: BigInt(config.chainId), hashRule: 'plain' }),
  );
  const results = new Map<string, TraceResult>();
  for (const [index, { header, transactions }] of blocks.slice(0, at).entries()) {
    const readers: [string, () => TraceResult][] = [];
    const outcome = await engine.executeBlock(
      {
        environment: environmentOf(header),
        transactions: transactions.map((transaction) => ({
          transaction,
          sender: recoverSender(transaction) as Address,
        })),
        mode: 'validate',
        tracerFor: (place) => {
          if (index !== at - 1) return undefined;
          const choice = { ...PLAIN, ...options, kind: 'structLogs' } as const;
          const { tracer, result } = createTracer(choice, createTraceBudget(10_000_000));
          readers.push([bytesToHex(transactions[place]?.hash ?? new Uint8Array()), result]);
          return tracer;
        },
      },
      state,
    );
    if (!outcome.ok) throw new TypeError(outcome.message);
    state.apply(outcome.execution.changes);
    for (const [hash, read] of readers) results.set(hash, read());
  }
  return results;
}

const PLAIN: StructLoggerOptions = {
  disableStack: false,
  disableStorage: false,
  enableMemory: false,
  enableReturnData: false,
  limit: 0,
};

const hex = (word: bigint): string => `0x${word.toString(16)}`;

/** A record in the shape of the fixture, gas left out after the first SLOAD. */
function shown(log: StructLog, isSamePrice: boolean): unknown {
  const { pc, op, gas, gasCost, depth, error, stack, memory, storage, returnData, refund } = log;
  const words = Array.from({ length: (memory?.length ?? 0) / 32 }, (_, i) =>
    bytesToHex(memory?.slice(32 * i, 32 * i + 32) ?? new Uint8Array()),
  );
  return {
    pc,
    op,
    ...(isSamePrice && { gas: Number(gas) }),
    ...(op !== 'SLOAD' && { gasCost: Number(gasCost) }),
    depth,
    ...(error !== undefined && { error }),
    ...(stack !== undefined && { stack: stack.map(hex) }),
    ...(returnData !== undefined &&
      returnData.length > 0 && { returnData: bytesToHex(returnData) }),
    ...(words.length > 0 && { memory: words }),
    ...(storage !== undefined && {
      storage: Object.fromEntries(
        storage.map(({ slot, value }) => [bytesToHex(slot), bytesToHex(value)]),
      ),
    }),
    ...(refund > 0n && { refund: Number(refund) }),
  };
}

function compare(expected: Trace, actual: TraceResult | undefined): number {
  if (actual?.kind !== 'structLogs') throw new TypeError('a trace of that transaction');
  assert.is(bytesToHex(actual.returnValue), expected.returnValue);
  assert.is(actual.failed, expected.failed);
  assert.is(actual.structLogs.length, expected.structLogs.length);
  let isSamePrice = true;
  for (const [i, step] of expected.structLogs.entries()) {
    const { gas, gasCost, ...rest } = step;
    const wanted = {
      ...rest,
      ...(isSamePrice && { gas }),
      ...(step.op !== 'SLOAD' && { gasCost }),
    };
    const got = shown(actual.structLogs[i] as StructLog, isSamePrice) as Record<string, unknown>;
    assert.equal(got, wanted, `step ${i}`);
    if (step.op === 'SLOAD') isSamePrice = false;
  }
  if (isSamePrice) assert.is(Number(actual.gas), expected.gas);
  return expected.structLogs.length;
}

if (existsSync(root)) {
  test('X-33: the published traces come out, step for step', async () => {
    const blocks = readBlocks(3);
    let steps = 0;
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => join(folder, file)),
    );
    for (const { params, traces } of files.flatMap(exchangesOf)) {
      const hashes = traces.map(({ txHash }) => txHash);
      const at = blocks.findIndex(({ transactions }) =>
        transactions.some(({ hash }) => hashes.includes(bytesToHex(hash))),
      );
      assert.ok(at >= 0, 'one of the first blocks');
      const results = await traceBlock(blocks, at + 1, params[1] ?? {});
      for (const { txHash = '', result } of traces) steps += compare(result, results.get(txHash));
    }
    assert.ok(steps > 1_500, `${steps} steps`);
  });
} else if (declared === undefined) {
  console.log('fixtures absent');
} else {
  test('the fixtures that EHB_FIXTURES names are there', () => void statSync(root));
}

test.run();
