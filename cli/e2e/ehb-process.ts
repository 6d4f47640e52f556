/** The `ehb` command, or another program of this repository, as a process that tests start, await or kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

/** The `ehb` command for a process to run. */
export const MAIN: string = fileURLToPath(new URL('../main.ts', import.meta.url));

export type RunningProgram = {
  readonly child: ChildProcess;
  /** All that it printed so far: its standard output, then its standard error. */
  output(): string;
  /** Its exit code, once it has ended and its output is complete; undefined after a signal. */
  readonly ended: Promise<number | undefined>;
};

/** What a command printed as JSON, and how it ended. */
export type Printed = Readonly<Record<string, unknown>> & {
  readonly exitCode: number | undefined;
  readonly output: string;
};

/** Starts a module of this repository, with more in its environment than this process has. */
export function startProgram(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): RunningProgram {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  const ended = new Promise<number | undefined>((done) => {
    child.once('close', (code) => done(code ?? undefined));
  });
  return { child, output: () => printed.stdout + printed.stderr, ended };
}

export function startEhb(args: readonly string[], environment?: NodeJS.ProcessEnv): RunningProgram {
  return startProgram(MAIN, args, environment);
}

/** Runs a command to its end. */
export async function runEhb(...args: readonly string[]): Promise<Printed> {
  const { output, ended } = startEhb([...args, '--json']);
  const exitCode = await ended;
  const line = output()
    .split('\n')
    .find((each) => each.startsWith('{'));
  return { ...(JSON.parse(line ?? '{}') as object), exitCode, output: output() };
}

/** Kills a command once `isDue`; false if it was done before. */
export async function killEhb(args: readonly string[], isDue: () => boolean): Promise<boolean> {
  const { child, ended } = startEhb([...args, '--json']);
  await until('the command is at work', () => isDue() || child.exitCode !== null, 60_000);
  const wasRunning = child.exitCode === null;
  child.kill('SIGKILL');
  await ended;
  return wasRunning;
}
