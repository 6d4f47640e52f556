/**
 * Both engines on the same blocks, in turns, and the precompiled contracts at their worst:
 * `npm run bench -- evm`.
 *
 * A transaction is whole: checked, paid for, executed over a state in memory and its journal, with the
 * block's changes read out at the end; without signature recovery and roots, which are measured elsewhere.
 * The reference engine gets shorter blocks, since it is some hundred times slower.
 */

import { BOUNDED_PRECOMPILE_GAS, precompileName } from '../genesis/index.ts';
import type { ChainRules } from '../vm/chain-rules.ts';
import type { Engine } from '../vm/engine.ts';
import { precompilesAt } from '../vm/precompiles/index.ts';
import { testRules } from '../vm/testkit/chain.ts';
import { type EngineLoad, engineLoads } from '../vm/testkit/engine-loads.ts';
import { createEngineCache } from '../vm/testkit/engines.ts';
import {
  callsInARow,
  type PrecompileLoad,
  precompileLoads,
} from '../vm/testkit/precompile-loads.ts';

type LoadRow = {
  readonly name: string;
  readonly unit: EngineLoad['unit'];
  /** Median and best of the rounds. */
  readonly fast: Figure;
  readonly reference: Figure;
  /** How many times the fast engine is faster. */
  readonly times: number;
};

type Figure = { readonly median: number; readonly best: number };

type PrecompileRow = {
  readonly name: string;
  /** Ethereum's price. */
  readonly gas: number;
  /** At Ethereum's price, and at that of a new network, which begins with Osaka. */
  readonly msPerMegagas: number;
  readonly boundedMsPerMegagas: number | undefined;
};

export type EvmResult = {
  readonly loads: readonly LoadRow[];
  readonly precompiles: readonly PrecompileRow[];
};

const ROUNDS = { fast: 9, reference: 3 } as const;
const COUNTS = {
  'us a transaction': { fast: 2_000, reference: 120 },
  'Mgas/s': { fast: 5, reference: 1 },
} as const;
const PRECOMPILE_MS = 40;
const PRECOMPILE_ROUNDS = 5;

export async function benchEvm(): Promise<EvmResult> {
  const rules = testRules('osaka', { contractSizeLimit: 24_576 });
  const fast = createEngineCache('fast')(rules);
  const reference = createEngineCache('reference')(rules);
  const loads: LoadRow[] = [];
  for (const load of engineLoads()) loads.push(await measureLoad(load, fast, reference));
  const precompiles: PrecompileRow[] = [];
  for (const load of precompileLoads()) precompiles.push(await measurePrecompile(load));
  return { loads, precompiles };
}

async function measureLoad(load: EngineLoad, fast: Engine, reference: Engine): Promise<LoadRow> {
  const [onFast, onReference]: [number[], number[]] = [[], []];
  const counts = COUNTS[load.unit];
  const blocks = {
    fast: load.transactions(counts.fast),
    reference: load.transactions(counts.reference),
  };
  for (let round = 0; round < ROUNDS.fast; round += 1) {
    onFast.push(await measureBlock(load, fast, blocks.fast));
    if (round < ROUNDS.reference) {
      onReference.push(await measureBlock(load, reference, blocks.reference));
    }
  }
  const [a, b] = [figureOf(onFast, load.unit), figureOf(onReference, load.unit)];
  const times = load.unit === 'Mgas/s' ? a.median / b.median : b.median / a.median;
  return { name: load.name, unit: load.unit, fast: a, reference: b, times };
}

/** Microseconds a transaction, or Mgas a second. */
async function measureBlock(
  { name, unit, environment, state }: EngineLoad,
  engine: Engine,
  transactions: ReturnType<EngineLoad['transactions']>,
): Promise<number> {
  const startedMs = performance.now();
  const block = await engine.executeBlock({ environment, transactions, mode: 'validate' }, state);
  const tookMs = performance.now() - startedMs;
  if (!block.ok) throw new RangeError(`${name}: ${block.code} ${block.message}`);
  const failed = block.execution.receipts.findIndex(({ status }) => status !== 1);
  if (failed >= 0) throw new RangeError(`${name}: transaction ${failed} failed`);
  if (unit === 'us a transaction') return (tookMs * 1_000) / transactions.length;
  return Number(block.execution.gasUsed) / 1_000 / tookMs;
}

function figureOf(samples: readonly number[], unit: EngineLoad['unit']): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const best = unit === 'Mgas/s' ? sorted.at(-1) : sorted[0];
  return { median: medianOf(sorted), best: best as number };
}

function medianOf(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] as number;
}

async function measurePrecompile(load: PrecompileLoad): Promise<PrecompileRow> {
  const { name, address, fork, input } = load;
  const contract = precompilesAt(fork).get(address);
  if (contract?.run(input) === undefined) {
    throw new RangeError(`${name} gives no result at ${fork}`);
  }
  const gas = Number(contract.gas(input));
  const plain = await measureCalls(load, testRules(fork), gas);
  const factor = BOUNDED_PRECOMPILE_GAS[precompileName(address)] ?? 1;
  const precompileGasFactors = [{ address, factor }];
  const row = { name, gas, msPerMegagas: plain };
  if (fork !== 'osaka') return { ...row, boundedMsPerMegagas: undefined };
  if (factor === 1) return { ...row, boundedMsPerMegagas: plain };
  const rules = testRules(fork, { precompileGasFactors });
  return { ...row, boundedMsPerMegagas: await measureCalls(load, rules, gas * factor) };
}

/**
 * Milliseconds of processor time, which a busy machine does not stretch, for a million gas of a program that does
 * nothing but call the contract: all that a call costs and takes is in it. The median of some rounds.
 */
async function measureCalls(
  { name, address, input }: PrecompileLoad,
  rules: ChainRules,
  price: number,
): Promise<number> {
  const engine = createEngineCache('fast')(rules);
  const { state, environment, request } = callsInARow(address, input, price);
  const samples: number[] = [];
  for (let round = 0; round <= PRECOMPILE_ROUNDS; round += 1) {
    const before = process.cpuUsage();
    let gasUsed = 0;
    for (const startedMs = performance.now(); gasUsed === 0 || isWithin(startedMs); ) {
      const result = await engine.call(request, environment, state);
      if (result.kind !== 'returned') throw new RangeError(`${name}: ${result.kind}`);
      gasUsed += Number(result.gasUsed);
    }
    const { user, system } = process.cpuUsage(before);
    // The first round is for the compilers.
    if (round > 0) samples.push(((user + system) * 1_000) / gasUsed);
  }
  return medianOf(samples.toSorted((a, b) => a - b));
}

function isWithin(startedMs: number): boolean {
  return performance.now() - startedMs < PRECOMPILE_MS;
}

export function evmTables({ loads, precompiles }: EvmResult): readonly string[] {
  const worst = precompiles.reduce((a, b) => (a.msPerMegagas > b.msPerMegagas ? a : b));
  const bounded = precompiles.reduce((a, b) =>
    (a.boundedMsPerMegagas ?? 0) > (b.boundedMsPerMegagas ?? 0) ? a : b,
  );
  return [
    [
      '### evm',
      '',
      '| what | unit | fast (best) | reference (best) | times |',
      '|---|---|---:|---:|---:|',
      ...loads.map(
        ({ name, unit, fast, reference, times }) =>
          `| ${name} | ${unit} | ${pair(fast)} | ${pair(reference)} | ${times.toFixed(0)} |`,
      ),
      '',
    ].join('\n'),
    [
      '### evm, precompiled contracts at their worst',
      '',
      "Processor time for a million gas of calls, at Ethereum's prices and at those of a new network (X-40).",
      '',
      "| contract and input | gas | ms, Ethereum's | ms, new network's |",
      '|---|---:|---:|---:|',
      ...precompiles.map(
        ({ name, gas, msPerMegagas, boundedMsPerMegagas }) =>
          `| ${name} | ${gas} | ${short(msPerMegagas)} | ${shortOrNone(boundedMsPerMegagas)} |`,
      ),
      '',
      `Worst at Ethereum's prices: ${worst.name}, ${short(worst.msPerMegagas)} ms per million gas;`,
      `at a new network's: ${bounded.name}, ${shortOrNone(bounded.boundedMsPerMegagas)} ms.`,
      '',
    ].join('\n'),
  ];
}

function pair({ median, best }: Figure): string {
  return `${short(median)} (${short(best)})`;
}

function shortOrNone(value: number | undefined): string {
  return value === undefined ? '' : short(value);
}

function short(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : value.toPrecision(3);
}
