/**
 * Runs whole suites of others: `npm run conformance -- state-tests FILE [options]`.
 *
 * FILE is `.ndjson` or `.ndjson.zst`, one Ethereum state test a line. Its lines are dealt to one process a
 * core. Prints each case that fails and what differs, and at last `N passed, N failed`, which together are the
 * cases that were asked for. Exit code 1 if one failed, 2 if the command or the file is no good.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../vm/testkit/engines.ts';
import type { StateTestResult } from '../vm/testkit/state-test.ts';
import type { StateTestRun } from '../vm/testkit/state-test-run.ts';
import type { WorkerMessage } from './state-test-worker.ts';

const USAGE = `npm run conformance -- state-tests FILE [options]

  --engine ${ENGINE_NAMES.join('|')}  default ${DEFAULT_ENGINE}
  --only WORDS   cases whose file or name contains one of the comma-separated words
  --fork FORK    cases of one fork
  --shard I/N    the I-th of N parts of the file, from 1
  --json         one object with the failures and the counts
`;
const PROGRESS_MS = 2_000;

type Command = {
  readonly run: Omit<StateTestRun, 'lines'>;
  readonly shard: { readonly index: number; readonly count: number };
  readonly json: boolean;
};

/** The command, or what is wrong with it. */
export function parseCommand(args: readonly string[]): Command | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const [suite, file, ...rest] = positionals;
  if (suite !== 'state-tests') return `a suite is one of state-tests; got ${suite ?? 'none'}`;
  if (file === undefined || rest.length > 0) return 'name one FILE';
  if (!/\.ndjson(\.zst)?$/.test(file)) return `a file ends in .ndjson or .ndjson.zst; got ${file}`;
  if (!existsSync(file)) return `there is no file ${file}`;
  const engine = values.engine ?? DEFAULT_ENGINE;
  if (!ENGINE_NAMES.includes(engine)) {
    return `an engine is one of ${ENGINE_NAMES.join(', ')}; got ${engine}`;
  }
  const [index = 0, count = 0] = (values.shard ?? '1/1').split('/').map(Number);
  if (!(Number.isInteger(index) && Number.isInteger(count) && index >= 1 && index <= count)) {
    return `a shard is I/N with I from 1 to N; got ${values.shard}`;
  }
  return {
    run: {
      file,
      engine,
      only: (values.only ?? '').split(',').filter((words) => words !== ''),
      ...(values.fork !== undefined && { fork: values.fork }),
    },
    shard: { index: index - 1, count },
    json: values.json === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        engine: { type: 'string' },
        only: { type: 'string' },
        fork: { type: 'string' },
        shard: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The lines of each process: those of the shard, dealt in turn. */
export function dealLines(
  { index, count }: Command['shard'],
  processes: number,
): readonly StateTestRun['lines'][] {
  return Array.from({ length: processes }, (_, process) => ({
    remainders: [index + count * process],
    divisor: count * processes,
  }));
}

async function runStateTests({ run, shard, json }: Command): Promise<number> {
  const failures: StateTestResult[] = [];
  let passed = 0;
  const take = (message: WorkerMessage): void => {
    passed += message.passed;
    failures.push(...message.failed);
    if (!json) for (const failure of message.failed) process.stdout.write(describe(failure));
  };
  const progress = setInterval(() => {
    if (process.stderr.isTTY) process.stderr.write(`\r${passed} passed, ${failures.length} failed`);
  }, PROGRESS_MS);
  const deals = dealLines(shard, availableParallelism());
  const faults = await Promise.all(deals.map((lines) => runWorker({ ...run, lines }, take)));
  clearInterval(progress);
  if (json)
    process.stdout.write(`${JSON.stringify({ passed, failed: failures.length, failures })}\n`);
  for (const fault of faults.filter((each) => each !== undefined)) {
    process.stdout.write(`${fault}\n`);
  }
  if (!json) process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  if (faults.some((fault) => fault !== undefined)) return 2;
  return failures.length === 0 ? 0 : 1;
}

/** Runs one process to its end; says what went wrong with the process itself. */
function runWorker(
  run: StateTestRun,
  take: (message: WorkerMessage) => void,
): Promise<string | undefined> {
  const file = fileURLToPath(new URL('state-test-worker.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--enable-source-maps'] });
  child.send(run);
  child.on('message', (message) => take(message as WorkerMessage));
  return new Promise((done) => {
    child.on('exit', (code, signal) =>
      done(code === 0 ? undefined : `a process ended with ${signal ?? `exit code ${code}`}`),
    );
  });
}

function describe({ file, name, fork: at, indexes, faults }: StateTestResult): string {
  const where = [name, at, indexes].filter((part) => part !== '').join(' | ');
  return `FAIL ${file} ${where}\n${faults.map((fault) => `     ${fault}\n`).join('')}`;
}

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  if (typeof command === 'string') {
    process.stderr.write(`${command}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runStateTests(command);
}

if (import.meta.main) await main(process.argv.slice(2));
