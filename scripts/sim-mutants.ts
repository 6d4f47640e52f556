/**
 * The proof that the simulation finds what it is to find: each patch of a folder is one deliberate bug,
 * applied to a copy of the sources, where the simulation must break a rule. Seeds that catch a bug mean
 * nothing if they break without it, so the sources as they are must pass the same seeds.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import pc from 'picocolors';
import type { Report } from '../node/sim/campaign.ts';
import { HOUSE } from './house.ts';
import { applyHunks, type Patch, parsePatch } from './unified-diff.ts';

export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly patch: Patch;
  /** The seeds that are to catch it. */
  readonly profiles: string;
  readonly nodes: number;
};

export type Verdict =
  | {
      readonly kind: 'caught';
      readonly rule: string;
      readonly profile: string;
      readonly seed: number;
      readonly again: string;
    }
  | { readonly kind: 'survived'; readonly seeds: number }
  | { readonly kind: 'stale'; readonly path: string }
  | { readonly kind: 'broken'; readonly output: string };

export type MutantResult = { readonly mutant: Mutant; readonly verdict: Verdict };

export type MutantOptions = {
  /** A folder of patches, or one of them. */
  readonly path: string;
  readonly from: number;
  /** Seeds for each mutant. */
  readonly seeds: number;
  /** In place of those that the patches name. */
  readonly profiles: string | undefined;
  /** Where the sources are; a copy of them is changed. */
  readonly root: string;
};

const MINUTES = 60_000;
/** No mutant takes longer: one that hangs is no better than one that survives. */
const LIMIT_MS: number = 4 * MINUTES;
const CONCURRENCY = 2;

/** @throws SyntaxError, RangeError for a patch that is none or names no profiles */
export async function readMutants(path: string): Promise<readonly Mutant[]> {
  const isFolder = (await stat(path)).isDirectory();
  const names = isFolder ? (await readdir(path)).filter((name) => name.endsWith('.patch')) : [];
  const files = isFolder ? names.sort().map((name) => join(path, name)) : [path];
  if (files.length === 0) throw new RangeError(`there is no .patch in ${path}`);
  return await Promise.all(files.map(readMutant));
}

async function readMutant(file: string): Promise<Mutant> {
  const patch = parsePatch(await readFile(file, 'utf8'));
  const profiles = /^profiles: (.+)$/m.exec(patch.preamble)?.[1]?.replaceAll(' ', '');
  if (profiles === undefined) throw new RangeError(`${file} has no line "profiles: ..."`);
  const nodes = Number(/^nodes: (\d+)$/m.exec(patch.preamble)?.[1] ?? 4);
  return { name: basename(file, '.patch'), file, patch, profiles, nodes };
}

/** Tries every mutant; `onResult` sees each as it ends. */
async function tryMutants(
  options: MutantOptions,
  onResult: (result: MutantResult) => void,
): Promise<readonly MutantResult[]> {
  const mutants = await readMutants(options.path);
  const results = new Map<Mutant, MutantResult>();
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = { mutant, verdict: await tryMutant(mutant, options) };
      results.set(mutant, result);
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return mutants.map((mutant) => results.get(mutant) as MutantResult);
}

async function tryMutant(mutant: Mutant, options: MutantOptions): Promise<Verdict> {
  const copy = await copySources(options.root);
  try {
    for (const { path, hunks } of mutant.patch.files) {
      const file = join(copy, path);
      const text = await readFile(file, 'utf8').catch(() => '');
      const changed = applyHunks(text, hunks);
      if (changed === undefined) return { kind: 'stale', path };
      await writeFile(file, changed);
    }
    const profiles = options.profiles ?? mutant.profiles;
    const { nodes, file } = mutant;
    const { from, seeds } = options;
    const report = await simulate(copy, { nodes, profiles, from, seeds });
    if (typeof report === 'string') return { kind: 'broken', output: report };
    const [failure] = report.failures;
    if (failure === undefined) return { kind: 'survived', seeds: report.seeds };
    const { rule, profile, seed } = failure;
    const inside = relative(options.root, file);
    const shown = inside.startsWith('..') ? file : inside;
    const again = `npm run sim -- --mutants ${shown} --profile ${profile} --from ${seed} --seeds 1`;
    return { kind: 'caught', rule, profile, seed, again };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The sources without what only this machine needs; packages are shared with the original. */
async function copySources(root: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'ehb-mutant-'));
  for (const name of [...HOUSE, 'package.json', 'tsconfig.json']) {
    await cp(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  return copy;
}

type Seeds = {
  readonly nodes: number;
  readonly profiles: string;
  readonly from: number;
  readonly seeds: number;
};

/** The report of the simulation in that folder up to its first failure, or what it printed instead. */
async function simulate(folder: string, seeds: Seeds): Promise<Report | string> {
  const { nodes, profiles, from } = seeds;
  const args = ['--json', '--bail', '--nodes', `${nodes}`, '--profile', profiles];
  args.push('--from', `${from}`, '--seeds', `${seeds.seeds}`);
  const child = spawn(process.execPath, [join(folder, 'scripts/sim.ts'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  await new Promise((done) => child.on('close', done));
  clearTimeout(timer);
  try {
    return JSON.parse(output) as Report;
  } catch {
    return `${output.slice(-1_000)}${errors}` || 'killed: it did not end in time';
  }
}

/** The sources as they are, on every seed that was played on a mutant: what fails there proves nothing. */
async function tryUnchanged(
  results: readonly MutantResult[],
  options: MutantOptions,
): Promise<readonly (Report | string)[]> {
  const played = new Map<string, Seeds>();
  for (const { mutant, verdict } of results) {
    const profiles = options.profiles ?? mutant.profiles;
    const { nodes } = mutant;
    const last = verdict.kind === 'caught' ? verdict.seed - options.from + 1 : options.seeds;
    const key = `${nodes} ${profiles}`;
    const seeds = Math.max(last, played.get(key)?.seeds ?? 0);
    played.set(key, { nodes, profiles, from: options.from, seeds });
  }
  const reports: (Report | string)[] = [];
  for (const seeds of played.values()) reports.push(await simulate(options.root, seeds));
  return reports;
}

export type Proof = {
  readonly mutants: readonly MutantResult[];
  /** Seeds that the sources as they are were to pass, and what failed there. */
  readonly unchanged: { readonly seeds: number; readonly failures: readonly string[] };
  /** Every mutant is caught, and nothing fails without one. */
  readonly isGood: boolean;
};

/** Tries every mutant, then the unchanged sources on the same seeds. */
export async function prove(
  options: MutantOptions,
  onResult: (result: MutantResult) => void,
): Promise<Proof> {
  const mutants = await tryMutants(options, onResult);
  const reports = await tryUnchanged(mutants, options);
  const failures = reports.flatMap((report) =>
    typeof report === 'string' ? [report] : report.failures.map(({ again }) => again),
  );
  const seeds = reports.reduce(
    (sum, report) => sum + (typeof report === 'string' ? 0 : report.seeds),
    0,
  );
  const areCaught = mutants.every(({ verdict }) => verdict.kind === 'caught');
  return {
    mutants,
    unchanged: { seeds, failures },
    isGood: areCaught && failures.length === 0,
  };
}

export function describeResult({ mutant, verdict }: MutantResult): string {
  const name = mutant.name.padEnd(42);
  switch (verdict.kind) {
    case 'caught':
      return `${pc.green('caught')}   ${name} ${verdict.rule}, ${verdict.profile}, seed ${verdict.seed}`;
    case 'survived':
      return `${pc.red('SURVIVED')} ${name} ${verdict.seeds} seeds of ${mutant.profiles}`;
    case 'stale':
      return `${pc.red('STALE')}    ${name} does not apply to ${verdict.path} any more: bring it up to date`;
    case 'broken':
      return `${pc.red('BROKEN')}   ${name} the simulation itself failed\n${verdict.output}`;
  }
}

export function describeProof({ mutants, unchanged, isGood }: Proof): readonly string[] {
  const caught = mutants.filter(({ verdict }) => verdict.kind === 'caught').length;
  return [
    ...mutants.flatMap((result) => [
      describeResult(result),
      ...(result.verdict.kind === 'caught' ? [`         ${result.verdict.again}`] : []),
    ]),
    ...unchanged.failures.map((failure) => `${pc.red('FAIL')} without a mutant: ${failure}`),
    `${caught} of ${mutants.length} mutants caught; unchanged, ${unchanged.seeds} seeds, ${unchanged.failures.length} failed`,
    isGood ? pc.green('the simulation finds them all') : pc.red('the proof does not hold'),
  ];
}
