/**
 * Runs the tests: `node scripts/test.ts [words]`; `npm test` runs `npm run check` first.
 *
 * Each `*.test.ts` is a process of its own under the pinned Node, with a time limit, because uvu is
 * green for a file that forgets `test.run()` and waits for ever on an open socket. A file without
 * tests, one that crashes and one that hangs count as one failure each. Words filter by path and
 * leave the check out.
 *
 * A file may say `// time-limit: 300 s`; else it has 120 s. The last line is `N passed, N failed`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { runChecks } from './check.ts';
import { HOUSE } from './house.ts';

type FileResult = {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly fixturesAbsent: boolean;
  /** Why the file itself failed, beside its tests. */
  readonly fault: string | undefined;
  readonly output: string;
};

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const CONCURRENCY = 2;
const DEFAULT_LIMIT_SECONDS = 120;
const PIPE_GRACE_MS = 2_000;
/** A file that prints more than this is cut at the front: the end holds the failure. */
const OUTPUT_LIMIT_CHARS = 4_000_000;

/** The counts uvu printed last, or undefined if it did not finish. */
export function parseCounts(output: string): { total: number; passed: number } | undefined {
  const total = output.match(/^\s*Total:\s+(\d+)/gm)?.at(-1);
  const passed = output.match(/^\s*Passed:\s+(\d+)/gm)?.at(-1);
  if (total === undefined || passed === undefined) return undefined;
  return { total: Number(total.match(/\d+/)?.[0]), passed: Number(passed.match(/\d+/)?.[0]) };
}

/** What one finished test process says: counts, and a fault if the file as a whole failed. */
export function judge(
  output: string,
  exitCode: number | undefined,
  limitSeconds: number,
): { passed: number; failed: number; fault: string | undefined } {
  const counts = parseCounts(output);
  const passed = counts?.passed ?? 0;
  const failed = counts === undefined ? 0 : counts.total - counts.passed;
  const fault = faultOf(output, exitCode, limitSeconds, counts?.total, failed);
  return { passed, failed: failed + (fault === undefined ? 0 : 1), fault };
}

function faultOf(
  output: string,
  exitCode: number | undefined,
  limitSeconds: number,
  total: number | undefined,
  failed: number,
): string | undefined {
  if (exitCode === undefined) return `killed after ${limitSeconds} s`;
  if (total === undefined && exitCode !== 0) return `crashed with exit code ${exitCode}`;
  if ((total ?? 0) === 0 && !/fixtures absent/i.test(output)) return 'ran no tests';
  if (exitCode !== 0 && failed === 0) return `exit code ${exitCode} though its tests passed`;
  return undefined;
}

/** Runs one file and kills whatever it leaves behind in its process group. */
async function runFile(file: string, live: Set<ChildProcess>): Promise<FileResult> {
  const declared = /^\/\/ time-limit: (\d+) s$/m.exec(readFileSync(resolve(ROOT, file), 'utf8'));
  const limitSeconds = Number(declared?.[1] ?? DEFAULT_LIMIT_SECONDS);
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0' },
  });
  live.add(child);
  let output = '';
  const take = (text: string): void => {
    output = (output + text).slice(-OUTPUT_LIMIT_CHARS);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, limitSeconds * 1_000);
  const exitCode = await new Promise<number>((done) => {
    child.on('error', (error) => take(`${error}\n`));
    child.on('close', (code) => done(code ?? 1));
    // The process's own end decides: whatever it left behind may hold the pipes open.
    child.on('exit', (code) => {
      killGroup(child);
      setTimeout(() => done(code ?? 1), PIPE_GRACE_MS).unref();
    });
  });
  clearTimeout(timer);
  live.delete(child);
  const verdict = judge(output, timedOut ? undefined : exitCode, limitSeconds);
  return {
    file,
    ...verdict,
    seconds: (performance.now() - startedMs) / 1_000,
    fixturesAbsent: /fixtures absent/i.test(output),
    output,
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing is left of the group.
  }
}

function report(result: FileResult): void {
  const good = result.failed === 0;
  const count = `${result.passed} passed${good ? '' : `, ${result.failed} failed`}`;
  const mark = good ? pc.green('ok  ') : pc.red('FAIL');
  const note = result.fault ?? (result.fixturesAbsent ? 'fixtures absent' : '');
  process.stdout.write(
    `${mark} ${result.file}  ${pc.dim(`${count}, ${result.seconds.toFixed(1)} s`)} ${note}\n`,
  );
  if (!good) process.stdout.write(`${result.output.trimEnd()}\n\n`);
}

async function runAll(files: readonly string[]): Promise<readonly FileResult[]> {
  const live = new Set<ChildProcess>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      for (const child of live) killGroup(child);
      process.exit(130);
    });
  }
  const waiting = [...files];
  const results: FileResult[] = [];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file, live);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

function findFiles(words: readonly string[]): readonly string[] {
  const files = globSync(
    HOUSE.map((folder) => `${folder}/**/*.test.ts`),
    { cwd: ROOT },
  );
  return files
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
}

/** The public test vectors that several suites read; 1 failure if they were promised and are absent. */
function fixturesState(): { absent: boolean; failures: number } {
  const declared = process.env['EHB_FIXTURES'];
  const absent = !existsSync(declared ?? resolve(ROOT, '../shared/fixtures'));
  if (absent && declared !== undefined) {
    process.stdout.write(`${pc.red('FAIL')} EHB_FIXTURES is set, but ${declared} does not exist\n`);
  }
  return { absent, failures: absent && declared !== undefined ? 1 : 0 };
}

/** How many public vectors a file says to have run: part of the summary, since absence is no failure. */
export function vectorLines(output: string): readonly string[] {
  return output.match(/^(state tests: \d+ run|public vectors: \d+ read).*$/gm) ?? [];
}

async function main(args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const whole = words.length === 0 && !args.includes('--no-check');
  const checkFailures = whole ? await runChecks() : 0;
  const fixtures = fixturesState();
  const files = findFiles(words);
  const results = await runAll(files);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed =
    results.reduce((sum, result) => sum + result.failed, 0) +
    checkFailures +
    fixtures.failures +
    (files.length === 0 ? 1 : 0);
  if (files.length === 0) process.stdout.write('no test file matches\n');
  for (const result of results.filter((each) => each.failed > 0)) {
    process.stdout.write(`${pc.red('FAIL')} ${result.file} ${result.fault ?? ''}\n`);
  }
  if (fixtures.absent || results.some((result) => result.fixturesAbsent)) {
    process.stdout.write('fixtures absent\n');
  }
  for (const line of results.flatMap(({ output }) => vectorLines(output))) {
    process.stdout.write(`${line}\n`);
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.chdir(ROOT);
  await main(process.argv.slice(2));
}
