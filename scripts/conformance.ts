/**
 * Runs whole suites of others: `npm run conformance -- state-tests FILE` and `-- rpc DIRECTORY`.
 *
 * FILE is `.ndjson` or `.ndjson.zst`, one Ethereum state test a line. Its lines are dealt to one process a
 * core. DIRECTORY is laid out like the tests of ethereum/execution-apis. Prints each case that fails and what
 * differs, and at last `N passed, N failed`, which together are the cases that were asked for. Exit code 1 if
 * one failed, 2 if the command or the file is no good.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../vm/testkit/engines.ts';
import type { StateTestResult } from '../vm/testkit/state-test.ts';
import type { StateTestRun } from '../vm/testkit/state-test-run.ts';
import { type FixtureResult, fixtureFiles, playFixture } from './rpc-fixtures.ts';
import { type ServedChain, serveChain } from './served-chain.ts';
import type { WorkerMessage } from './state-test-worker.ts';

const USAGE = `npm run conformance -- state-tests FILE [options]

  --engine ${ENGINE_NAMES.join('|')}  default ${DEFAULT_ENGINE}
  --only WORDS   cases whose file or name contains one of the comma-separated words
  --fork FORK    cases of one fork
  --shard I/N    the I-th of N parts of the file, from 1
  --json         one object with the failures and the counts

npm run conformance -- rpc DIRECTORY [options]

DIRECTORY has METHOD/NAME.io files (lines >> request, << answer), genesis.json and chain.rlp. The chain is
imported as \`ehb import --reference\` does and served as \`ehb serve\` does, on a free port.

  --only WORDS   files whose METHOD/NAME.io contains one of the comma-separated words
  --url URL      ask this node, which serves the chain already
  --json         one object with the failures and the counts
`;
const PROGRESS_MS = 2_000;

type Command = StateTestsCommand | RpcCommand;

type RpcCommand = {
  readonly suite: 'rpc';
  readonly directory: string;
  readonly url: string | undefined;
  readonly only: readonly string[];
  readonly json: boolean;
};

type StateTestsCommand = {
  readonly suite: 'state-tests';
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
  if (suite === 'rpc') return parseRpcCommand(values, file, rest);
  if (suite !== 'state-tests') {
    return `a suite is one of state-tests, rpc; got ${suite ?? 'none'}`;
  }
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
    suite,
    run: {
      file,
      engine,
      only: wordsOf(values.only),
      ...(values.fork !== undefined && { fork: values.fork }),
    },
    shard: { index: index - 1, count },
    json: values.json === true,
  };
}

type Values = Exclude<ReturnType<typeof parse>, string>['values'];

function parseRpcCommand(
  values: Values,
  directory: string | undefined,
  rest: readonly string[],
): RpcCommand | string {
  if (directory === undefined || rest.length > 0) return 'name one DIRECTORY';
  if (!existsSync(join(directory, 'genesis.json'))) return `there is no ${directory}/genesis.json`;
  const { url, only, json } = values;
  if (url !== undefined && !URL.canParse(url)) return `--url takes a URL; got ${url}`;
  return { suite: 'rpc', directory, url, only: wordsOf(only), json: json === true };
}

function wordsOf(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').filter((words) => words !== '');
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
        url: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The lines of each process: those of the shard, dealt in turn. */
export function dealLines(
  { index, count }: StateTestsCommand['shard'],
  processes: number,
): readonly StateTestRun['lines'][] {
  return Array.from({ length: processes }, (_, process) => ({
    remainders: [index + count * process],
    divisor: count * processes,
  }));
}

async function runStateTests({ run, shard, json }: StateTestsCommand): Promise<number> {
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

async function runRpc({ directory, url, only, json }: RpcCommand): Promise<number> {
  const files = fixtureFiles(directory, only);
  if (files.length === 0) {
    process.stderr.write('no file was asked for\n');
    return 2;
  }
  const served = url === undefined ? await serveChain(directory) : undefined;
  try {
    const failures: FixtureResult[] = [];
    for (const file of files) {
      const result = await playFixture(directory, file, url ?? (served as ServedChain).url);
      if (result.fault !== undefined) failures.push(result);
    }
    const passed = files.length - failures.length;
    process.stdout.write(
      json
        ? `${JSON.stringify({ passed, failed: failures.length, failures })}\n`
        : `${failures.map(({ file, fault }) => `FAIL ${file}\n     ${fault}\n`).join('')}${byMethod(failures)}${passed} passed, ${failures.length} failed\n`,
    );
    return failures.length === 0 ? 0 : 1;
  } finally {
    await served?.close();
  }
}

function byMethod(failures: readonly FixtureResult[]): string {
  const counts = new Map<string, number>();
  for (const { method } of failures) counts.set(method, (counts.get(method) ?? 0) + 1);
  return [...counts].map(([method, count]) => `${method}: ${count} failed\n`).join('');
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
  process.exitCode = await (command.suite === 'rpc' ? runRpc(command) : runStateTests(command));
}

if (import.meta.main) await main(process.argv.slice(2));
