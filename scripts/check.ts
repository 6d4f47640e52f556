/**
 * The fast gate: `npm run check`. Format, lint, types, layers, dead code, reference pages and the
 * trace between specification and code, side by side, in under a minute.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';

type Check = { readonly name: string; readonly command: readonly [string, ...string[]] };

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc'] },
  {
    name: 'format and lint',
    command: ['biome', 'ci', '--colors=off', '--diagnostic-level=error', '.'],
  },
  { name: 'layers', command: ['node', 'scripts/check-layers.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'reference pages', command: ['node', 'scripts/generate-reference.ts', '--check'] },
  { name: 'compiled contracts', command: ['node', 'scripts/build-contracts.ts', '--check'] },
  { name: 'compiled engine', command: ['node', 'scripts/build-engine.ts', '--check'] },
  { name: 'specification trace', command: ['node', 'scripts/check-spec-trace.ts'] },
];

/** Runs every check, prints a line each and the whole output of those that fail; returns how many. */
export async function runChecks(): Promise<number> {
  const results = await Promise.all(CHECKS.map(runCheck));
  for (const { name, seconds, good, output } of results) {
    const mark = good ? pc.green('ok  ') : pc.red('FAIL');
    process.stdout.write(`${mark} ${name}  ${pc.dim(`${seconds.toFixed(1)} s`)}\n`);
    if (!good) process.stdout.write(`${output.trimEnd()}\n\n`);
  }
  return results.filter((result) => !result.good).length;
}

async function runCheck({ name, command: [program, ...args] }: Check): Promise<{
  name: string;
  seconds: number;
  good: boolean;
  output: string;
}> {
  const startedMs = performance.now();
  const bin = resolve(ROOT, 'node_modules/.bin');
  const path = existsSync(bin)
    ? `${bin}${delimiter}${process.env['PATH'] ?? ''}`
    : process.env['PATH'];
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const good = await new Promise<boolean>((done) => {
    child.on('error', (error) => {
      output += String(error);
      done(false);
    });
    child.on('close', (code) => done(code === 0));
  });
  return { name, seconds: (performance.now() - startedMs) / 1_000, good, output };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const failed = await runChecks();
  process.stdout.write(failed === 0 ? 'all checks passed\n' : `${failed} checks failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
