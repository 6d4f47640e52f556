/**
 * `npm run sim`: whole nodes on a simulated network and clock, seed by seed, and with `--mutants` the proof
 * that the simulation finds what it is to find. docs/testing/simulation.md says how to read it.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { type Campaign, profilesNamed, type Report, runCampaign } from '../node/sim/campaign.ts';
import type { Outcome } from '../node/sim/play.ts';
import { PROFILES } from '../node/sim/profiles.ts';
import { describeProof, describeResult, type MutantOptions, prove } from './sim-mutants.ts';

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const MUTANTS = 'node/sim/mutants';

const USAGE = `npm run sim -- [options]

  --seeds N        how many seeds to play (1000)
  --from N         the first one (0)
  --nodes N        validators: 4, 7, ... (4)
  --profile NAMES  kinds of trouble, with commas between (all of them, in turn)
  --trace          print every event; for one seed
  --bail           stop at the first failure
  --json           print the report as JSON
  --mutants [PATH] a folder of patches, or one: each is a bug that the seeds must find (node/sim/mutants)

Profiles: ${PROFILES.map(({ name }) => name).join(', ')}`;

type Options =
  | { readonly kind: 'help' }
  | (Campaign & { readonly kind: 'seeds'; readonly trace: boolean; readonly json: boolean })
  | (MutantOptions & { readonly kind: 'mutants'; readonly json: boolean });

const SEEDS = 1_000;
const SEEDS_OF_MUTANTS = 60;

/** @throws TypeError, RangeError for arguments that mean nothing */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: withFolder(args),
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '0' },
      nodes: { type: 'string', default: '4' },
      profile: { type: 'string' },
      mutants: { type: 'string' },
      trace: { type: 'boolean', default: false },
      bail: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { trace, bail, json, profile, mutants } = values;
  if (values.help) return { kind: 'help' };
  const from = whole('--from', values.from, 0, 2 ** 31);
  const few = mutants === undefined ? SEEDS : SEEDS_OF_MUTANTS;
  const seeds = whole('--seeds', values.seeds ?? `${few}`, 1, 10_000_000);
  const profiles = profile === undefined ? PROFILES : profilesNamed(profile.split(','));
  if (mutants !== undefined) {
    const path = resolve(mutants);
    return { kind: 'mutants', path, from, seeds, profiles: profile, root: ROOT, json };
  }
  const nodes = whole('--nodes', values.nodes, 1, 100);
  return { kind: 'seeds', nodes, seeds, from, profiles, trace, bail, json };
}

/** The folder after `--mutants` may be left out. */
function withFolder(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    const isBare = arg === '--mutants' && (next === undefined || next.startsWith('-'));
    return isBare ? [`--mutants=${resolve(ROOT, MUTANTS)}`] : [arg];
  });
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${text}`);
}

const PROGRESS_EVERY = 50;

function showProgress(
  campaign: Pick<Campaign, 'from' | 'seeds'>,
): (outcome: Outcome, failures: number) => void {
  const startedMs = performance.now();
  return ({ seed }, failures) => {
    const done = seed - campaign.from + 1;
    if (done % PROGRESS_EVERY !== 0 || done === campaign.seeds) return;
    const rate = (1_000 * done) / (performance.now() - startedMs);
    const text = `${done} of ${campaign.seeds} seeds, ${rate.toFixed(1)} a second, ${failures} failed`;
    process.stderr.write(`${pc.dim(text)}\n`);
  };
}

function tallyLines(title: string, tally: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(tally).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? []
    : [`${title}: ${entries.map(([name, times]) => `${name} ${times}`).join(', ')}`];
}

/** The report as people read it. */
export function describeReport(report: Report): readonly string[] {
  const { seeds, nodes, failures, realMs, virtualMs } = report;
  const seconds = realMs / 1_000;
  const verdict =
    failures.length === 0 ? pc.green('all passed') : pc.red(`${failures.length} failed`);
  return [
    ...failures.flatMap(({ seed, profile, fact, again }) => [
      `${pc.red('FAIL')} seed ${seed}, ${profile}: ${fact}`,
      `     ${again}`,
    ]),
    `${seeds} seeds, ${nodes} validators: ${verdict} in ${seconds.toFixed(0)} s, ${(seeds / seconds).toFixed(1)} a second`,
    `heights ${report.heights}, later rounds ${report.laterRounds}, transactions ${report.transactions}, ` +
      `simulated ${(virtualMs / 3_600_000).toFixed(1)} h, slowest recovery ${report.slowestRecoveryMs} ms`,
    ...tallyLines('profiles', report.profiles),
    ...tallyLines('faults', report.faults),
    ...tallyLines('Byzantine messages', report.misdeeds),
  ];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  switch (options.kind) {
    case 'help':
      print(USAGE);
      return true;
    case 'seeds': {
      const report = await runCampaign(
        options,
        showProgress(options),
        options.trace ? print : undefined,
      );
      if (options.json) print(JSON.stringify(report, undefined, 2));
      else describeReport(report).forEach(print);
      return report.failures.length === 0;
    }
    case 'mutants':
      return await proveMutants(options);
  }
}

async function proveMutants(options: MutantOptions & { readonly json: boolean }): Promise<boolean> {
  const proof = await prove(options, (result) => {
    process.stderr.write(`${describeResult(result)}\n`);
  });
  if (options.json) print(JSON.stringify(proof, undefined, 2));
  else describeProof(proof).forEach(print);
  return proof.isGood;
}

if (import.meta.main) {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough: `npm run sim | head`.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    const isOurs = [TypeError, RangeError, SyntaxError].some((kind) => error instanceof kind);
    if (!isOurs || !(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exitCode = 2;
  }
}
