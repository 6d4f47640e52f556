/**
 * Runs the benchmarks: `npm run bench -- [words] [--write] [--json]`.
 *
 * A bench is `x.bench.ts` beside its source; it exports `run(): Promise<Bench>`, a tinybench that
 * has run over fixed inputs, and may export `facts()`, figures of that run that are no latencies.
 * `network` and `consensus` measure four validators as real processes instead (bench-network.ts,
 * bench-consensus.ts). Words filter by path; `--write` keeps the tables in docs/benchmarks.md.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Bench } from 'tinybench';
import { cryptoBackend } from '#crypto';
import { benchConsensus, consensusTable } from './bench-consensus.ts';
import { benchEvm, evmTables } from './bench-evm.ts';
import { benchNetwork, networkTable } from './bench-network.ts';
import { HOUSE } from './house.ts';

type Row = {
  readonly name: string;
  readonly medianUs: number;
  /** Median absolute deviation, in percent of the median. */
  readonly spreadPercent: number;
  readonly samples: number;
};

type Fact = { readonly name: string; readonly value: number; readonly unit: string };

type Section = {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly facts: readonly Fact[];
};

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
/** Benches that run whole nodes: only when they are named. */
const PROCESSES: readonly string[] = ['evm', 'network', 'consensus'];
const PAGE: string = resolve(ROOT, 'docs/benchmarks.md');

async function runFile(file: string): Promise<Section> {
  const module: unknown = await import(pathToFileURL(resolve(ROOT, file)).href);
  if (typeof module !== 'object' || module === null || !('run' in module)) {
    throw new TypeError(`${file} exports no \`run\``);
  }
  const bench = await (module.run as () => Promise<Bench>)();
  const facts = 'facts' in module ? (module.facts as () => readonly Fact[])() : [];
  return { title: file.replace(/\.bench\.ts$/, ''), rows: bench.tasks.map(rowOf), facts };
}

function rowOf(task: Bench['tasks'][number]): Row {
  const { result, name } = task;
  if (!('latency' in result)) throw new TypeError(`${name} did not complete: ${result.state}`);
  const { p50, mad, samplesCount } = result.latency;
  return {
    name,
    medianUs: p50 * 1_000,
    spreadPercent: p50 === 0 ? 0 : (100 * mad) / p50,
    samples: samplesCount,
  };
}

function sectionTable({ title, rows, facts }: Section): string {
  const lines = rows.map(
    ({ name, medianUs, spreadPercent, samples }) =>
      `| ${name} | ${significant(medianUs)} | ${significant(1e6 / medianUs)} | ${spreadPercent.toFixed(1)} % | ${samples} |`,
  );
  return [
    `### ${title}`,
    '',
    '| what | median us | a second | spread | samples |',
    '|---|---:|---:|---:|---:|',
    ...lines,
    '',
    ...factLines(facts),
  ].join('\n');
}

function factLines(facts: readonly Fact[]): readonly string[] {
  if (facts.length === 0) return [];
  const lines = facts.map(
    ({ name, value, unit }) => `| ${name} | ${significant(value)} | ${unit} |`,
  );
  return ['| figure | value | unit |', '|---|---:|---|', ...lines, ''];
}

function significant(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : value.toPrecision(3);
}

/** Where the figures come from: they mean nothing without it. */
function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT });
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} x ${model}, ${memoryGib} GiB, ${process.platform}-${process.arch};`,
    `Node ${process.version}; curve ${cryptoBackend.curve}, keccak ${cryptoBackend.keccak};`,
    `commit ${commit.toString().trim()}`,
  ].join(' ');
}

/** Replaces the part of the page under each heading that was measured, keeps the others. */
function writePage(parts: readonly string[]): void {
  const old = readPage();
  const kept = old
    .split(/^(?=### )/m)
    .slice(1)
    .filter((part) => !parts.some((fresh) => headingOf(fresh) === headingOf(part)));
  const fresh = parts.map((part) => `${part.trimEnd()}\n\n${machine()}\n\n`);
  const body = [...kept, ...fresh].sort((a, b) => (headingOf(a) < headingOf(b) ? -1 : 1));
  const head =
    '# Benchmarks\n\nWritten by `npm run bench -- --write`; each part names its machine.\n\n';
  writeFileSync(PAGE, `${head}${body.join('').trimEnd()}\n`);
  process.stdout.write(`wrote ${PAGE}\n`);
}

function headingOf(part: string): string {
  return part.split('\n')[0] ?? '';
}

function readPage(): string {
  try {
    return readFileSync(PAGE, 'utf8');
  } catch {
    return '';
  }
}

async function main(args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith('-') && !/^\d+$/.test(arg));
  const wants = (name: string): boolean =>
    words.length === 0 || words.some((word) => !PROCESSES.includes(word) && name.includes(word));
  const json = args.includes('--json');
  const files = globSync(
    HOUSE.map((folder) => `${folder}/**/*.bench.ts`),
    { cwd: ROOT },
  );
  const sections: Section[] = [];
  for (const file of files.filter(wants).sort()) sections.push(await runFile(file));
  const network = words.includes('network') ? await benchNetwork(args) : undefined;
  const consensus = words.includes('consensus') ? await benchConsensus(args) : undefined;
  const evm = words.includes('evm') ? await benchEvm() : undefined;
  if (sections.length === 0 && !(network ?? consensus ?? evm)) {
    const known = [...PROCESSES, ...files].join(' ');
    throw new RangeError(`no bench matches ${words.join(' ')}; there are: ${known}`);
  }
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ machine: machine(), sections, evm, network, consensus }, undefined, 2)}\n`,
    );
    return;
  }
  const parts = [
    ...sections.map(sectionTable),
    ...(evm === undefined ? [] : evmTables(evm)),
    ...(network === undefined ? [] : [networkTable(network)]),
    ...(consensus === undefined ? [] : [consensusTable(consensus)]),
  ];
  process.stdout.write(`${machine()}\n\n${parts.join('\n')}\n`);
  if (args.includes('--write')) writePage(parts);
}

await main(process.argv.slice(2));
