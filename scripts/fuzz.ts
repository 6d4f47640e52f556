/**
 * Runs random blocks and calls through two engines and compares all that they leave behind:
 * `npm run fuzz -- evm [options]`.
 *
 * A case is made from the seed and its number alone, whatever process runs it. A difference is printed with the
 * smallest case found and the line that runs it again; progress goes to standard error.
 * Ends with `N cases, N differences`; exit code 1 if there is one, 2 if the command is no good or a process
 * died or hung.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENGINE_NAMES } from '../vm/testkit/engines.ts';
import type { Finding } from '../vm/testkit/fuzz/fuzz-run.ts';
import { compileContracts } from '../vm/testkit/solidity.ts';
import type { FuzzMessage, FuzzOrder } from './fuzz-worker.ts';

const USAGE = `npm run fuzz -- evm [options]

  --cases N       how many; default 10000
  --seed N        default 1; the same seed gives the same cases
  --case N        one case alone
  --jobs N        processes; default one a core
  --engine-a E    ${ENGINE_NAMES.join('|')}; default reference
  --engine-b E    default fast
  --most N        stop after so many differences; default 10
`;

/** A process that says nothing for so long hangs, also one that gets only some hundredths of a core. */
const SILENCE_MS = 900_000;
const PROGRESS_MS = 10_000;
const MEMORY_MIB = 1_500;
const SHOWN_CHARS = 600;
const MOST_JOBS = 256;

type Command = {
  readonly cases: number;
  readonly seed: number;
  readonly only: number | undefined;
  readonly jobs: number;
  readonly engineA: string;
  readonly engineB: string;
  readonly most: number;
};

/** The command, or what is wrong with it. */
export function parseCommand(args: readonly string[]): Command | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  if (positionals.join(' ') !== 'evm')
    return `a target is one of evm; got ${positionals.join(' ')}`;
  const numbers = [
    values.cases ?? '10000',
    values.seed ?? '1',
    values.case ?? '0',
    values.most ?? '10',
    values.jobs ?? String(availableParallelism()),
  ];
  const bad = numbers.find((text) => !/^\d{1,9}$/.test(text));
  if (bad !== undefined) return `a number has up to nine digits; got ${bad}`;
  const [cases = 0, seed = 0, only = 0, most = 0, jobs = 0] = numbers.map(Number);
  if (jobs < 1 || jobs > MOST_JOBS) return `there are 1 to ${MOST_JOBS} jobs; got ${jobs}`;
  const engines = [values['engine-a'] ?? 'reference', values['engine-b'] ?? 'fast'];
  const unknown = engines.find((name) => !ENGINE_NAMES.includes(name));
  if (unknown !== undefined)
    return `an engine is one of ${ENGINE_NAMES.join(', ')}; got ${unknown}`;
  const [engineA = '', engineB = ''] = engines;
  return {
    cases,
    seed,
    only: values.case === undefined ? undefined : only,
    jobs,
    engineA,
    engineB,
    most,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        cases: { type: 'string' },
        seed: { type: 'string' },
        case: { type: 'string' },
        most: { type: 'string' },
        jobs: { type: 'string' },
        'engine-a': { type: 'string' },
        'engine-b': { type: 'string' },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function fuzz(command: Command): Promise<number> {
  const { seed, cases, only, jobs, engineA, engineB, most } = command;
  const corpus = [...compileContracts()].map(([name, { runtime, selectors }]) => ({
    name,
    runtime: Buffer.from(runtime).toString('hex'),
    selectors: [...selectors.values()].map((bytes) => Buffer.from(bytes).toString('hex')),
  }));
  const processes = only === undefined ? jobs : 1;
  const orders: FuzzOrder[] = Array.from({ length: processes }, (_, i) => ({
    ...(only === undefined
      ? { first: i, end: cases, step: processes }
      : { first: only, end: only + 1, step: 1 }),
    seed,
    engineA,
    engineB,
    corpus,
  }));
  let done = 0;
  let found = 0;
  const children: ChildProcess[] = [];
  const startedMs = performance.now();
  const progress = setInterval(() => {
    const rate = (done * 1_000) / (performance.now() - startedMs);
    process.stderr.write(`${done} of ${cases} cases, ${rate.toFixed(0)} a second\n`);
  }, PROGRESS_MS);
  const ends = orders.map((order) => {
    const child = fork(fileURLToPath(new URL('fuzz-worker.ts', import.meta.url)), {
      execArgv: ['--enable-source-maps', `--max-old-space-size=${MEMORY_MIB}`],
    });
    children.push(child);
    return runProcess(child, order, (message) => {
      done += message.done;
      for (const finding of message.findings) {
        found += 1;
        process.stdout.write(describe(finding, command));
      }
      if (found >= most) for (const each of children) each.kill();
    });
  });
  const faults = await Promise.all(ends);
  clearInterval(progress);
  const real = found >= most ? [] : faults.filter((fault) => fault !== undefined);
  for (const fault of real) process.stdout.write(`${fault}\n`);
  process.stdout.write(`${done} cases, ${found} differences\n`);
  if (real.length > 0) return 2;
  return found === 0 ? 0 : 1;
}

/** Resolves with what went wrong with the process itself. */
function runProcess(
  child: ChildProcess,
  order: FuzzOrder,
  take: (message: FuzzMessage) => void,
): Promise<string | undefined> {
  const where = `cases ${order.first}, ${order.first + order.step}, ... of seed ${order.seed}`;
  return new Promise((done) => {
    const silence = setTimeout(() => {
      child.kill('SIGKILL');
      done(`no word for ${SILENCE_MS / 1_000} s in ${where}`);
    }, SILENCE_MS);
    child.on('message', (message) => {
      silence.refresh();
      take(message as FuzzMessage);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(silence);
      done(code === 0 ? undefined : `${signal ?? `exit code ${code}`} in ${where}`);
    });
    child.send(order);
  });
}

function describe({ index, fork: at, differences, minimised }: Finding, command: Command): string {
  const { seed, engineA, engineB } = command;
  const again = `npm run fuzz -- evm --seed ${seed} --case ${index} --engine-a ${engineA} --engine-b ${engineB}`;
  const parts = differences.map(
    ({ part, a, b }) => `  ${part}\n    ${engineA}: ${cut(a, b)}\n    ${engineB}: ${cut(b, a)}\n`,
  );
  return `DIFFERENCE in case ${index} at ${at}\n${parts.join('')}${minimised}\nagain: ${again}\n\n`;
}

/** From a little before where the two part. */
function cut(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  const from = Math.max(0, at - 80);
  return `${from > 0 ? '...' : ''}${text.slice(from, from + SHOWN_CHARS)}`;
}

if (import.meta.main) {
  const command = parseCommand(process.argv.slice(2));
  if (typeof command === 'string') {
    process.stderr.write(`${command}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    process.exitCode = await fuzz(command);
  }
}
