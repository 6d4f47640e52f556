/**
 * `npm run sim`: whole nodes on a simulated network and clock, seed by seed, and with `--mutants` the proof
 * that the simulation finds what it is to find. docs/testing/simulation.md says how to read it.
 */
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { type Campaign, profilesNamed, type Report, runCampaign } from '../node/sim/campaign.ts';
import type { Outcome } from '../node/sim/play.ts';
import { PROFILES } from '../node/sim/profiles.ts';

const USAGE = `npm run sim -- [options]

  --seeds N        how many seeds to play (1000)
  --from N         the first one (0)
  --nodes N        validators: 4, 7, ... (4)
  --profile NAMES  kinds of trouble, with commas between (all of them, in turn)
  --trace          print every event; for one seed
  --bail           stop at the first failure
  --json           print the report as JSON

Profiles: ${PROFILES.map(({ name }) => name).join(', ')}`;

type Options = Campaign & { readonly trace: boolean; readonly json: boolean };

/** @throws TypeError, RangeError for arguments that mean nothing */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '0' },
      nodes: { type: 'string', default: '4' },
      profile: { type: 'string' },
      trace: { type: 'boolean', default: false },
      bail: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { trace, bail, json, profile } = values;
  return {
    nodes: whole('--nodes', values.nodes, 1, 100),
    seeds: whole('--seeds', values.seeds, 1, 10_000_000),
    from: whole('--from', values.from, 0, 2 ** 31),
    profiles: profile === undefined ? PROFILES : profilesNamed(profile.split(',')),
    trace,
    bail,
    json,
  };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${text}`);
}

const PROGRESS_EVERY = 50;

function showProgress(campaign: Campaign): (outcome: Outcome, failures: number) => void {
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

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const onNote = options.trace ? print : undefined;
  const report = await runCampaign(options, showProgress(options), onNote);
  if (options.json) print(JSON.stringify(report, undefined, 2));
  else for (const line of describeReport(report)) print(line);
  process.exitCode = report.failures.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exitCode = 2;
  }
}
