/**
 * `npm run chaos`: four validators as real processes on real sockets, faults of all kinds under load,
 * and a comparison of what they hold afterwards. docs/operations/failure-tests.md tells how to read it.
 *
 * Where the machine allows it the validators get hosts of their own, network namespaces; this process
 * then makes them, runs itself again inside and takes them away at the end, however that came.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { CodedError } from '../../ledger/model/index.ts';
import { canMakeNamespaces, hubOf, makeNamespaces, removeNamespaces } from './namespaces.ts';
import { type ChaosOptions, HELP, parseOptions } from './options.ts';
import { runKills } from './run-kills.ts';
import { runOneDead } from './run-one-dead.ts';
import { runPowerLoss } from './run-power-loss.ts';
import { runScenarios } from './run-scenarios.ts';
import { SCENARIOS } from './scenarios.ts';
import { VALIDATORS } from './stage-network.ts';

const INTERRUPTED = 130;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const names = SCENARIOS.map(({ name }) => name);
  const options = parseOptions(args, names, Math.floor(Math.random() * 2 ** 31));
  if (options.command === 'help') print(HELP);
  if (options.command === 'list') printList(options.json);
  if (options.command === 'help' || options.command === 'list') return 0;
  if (options.inside !== undefined || options.loopback || !(await canMakeNamespaces())) {
    return await runHere(options);
  }
  return await runInside(args);
}

function printList(json: boolean): void {
  if (json) print(JSON.stringify(SCENARIOS.map(({ name, title }) => ({ name, title }))));
  else for (const { name, title } of SCENARIOS) print(`${name.padEnd(20)} ${title}`);
}

async function runHere(options: ChaosOptions): Promise<number> {
  const stop = new AbortController();
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop.abort());
  try {
    return (await runnerOf(options)(options, stop.signal, print)) ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    throw error;
  }
}

function runnerOf({ command }: ChaosOptions): typeof runScenarios {
  if (command === 'one-dead') return runOneDead;
  if (command === 'power-loss') return runPowerLoss;
  return command === 'kills' ? runKills : runScenarios;
}

/** Runs this program again in a network of its own; Ctrl-C reaches both, and this one waits. */
async function runInside(args: readonly string[]): Promise<number> {
  const id = String(process.pid);
  await makeNamespaces(id, VALIDATORS);
  try {
    const program = [process.execPath, fileURLToPath(import.meta.url), ...args, '--inside', id];
    const child = spawn('ip', ['netns', 'exec', hubOf(id), ...program], { stdio: 'inherit' });
    for (const signal of STOP_SIGNALS) process.on(signal, () => child.kill('SIGTERM'));
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    await removeNamespaces(id);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  process.stderr.write(`${pc.red('error')} ${error.message}\n`);
  process.exitCode = error.code === 'CHAOS_USAGE' ? 2 : 1;
}
