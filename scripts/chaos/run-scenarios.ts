/** `npm run chaos`: every scenario once, or the chosen ones for so many minutes. */
import { createAcknowledgedLedger } from './acknowledged.ts';
import type { ChaosOptions } from './options.ts';
import { createRandom } from './random.ts';
import { createRehearsal, type Rehearsal, type ScenarioResult } from './rehearsal.ts';
import { countsOf, scenarioLines, summaryLines } from './report.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { stageNetwork } from './stage-network.ts';

const DEFAULT_MINUTES = 10;
/** Calm before, recovery and comparison after a scenario, as they mostly are. */
const AROUND_SECONDS = 10;
/** The comparison of everything, and the end of the processes. */
const END_SECONDS = 25;

/** Resolves with whether all is well. */
export async function runScenarios(
  options: ChaosOptions,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  const { seed, perSecond, keep, json } = options;
  const endsAtMs = performance.now() + (options.minutes ?? DEFAULT_MINUTES) * 60_000;
  const random = createRandom(seed);
  const staged = await stageNetwork(seed, options.inside);
  const { network } = staged;
  const ledger = createAcknowledgedLedger();
  const rehearsal = createRehearsal({ ...staged, perSecond, random }, network, ledger);
  let good = false;
  try {
    const say = json ? () => {} : print;
    say(`Four validators on ${network.fabric}, seed ${seed}`);
    const schedule = createSchedule(options, random, endsAtMs);
    const results = await playAll(schedule, rehearsal, signal, say);
    const finalFaults = await rehearsal.finish();
    const run = { fabric: network.fabric, seed, results, finalFaults, acknowledged: ledger.size() };
    good = countsOf(run).failed === 0;
    const directory = keep || !good ? staged.directory : undefined;
    if (json) print(JSON.stringify({ ...run, directory, ...countsOf(run) }));
    else for (const line of summaryLines(run, directory)) print(line);
    return good;
  } finally {
    await rehearsal.close();
    await staged.close(keep || (!good && !signal.aborted));
  }
}

async function playAll(
  next: () => Scenario | undefined,
  rehearsal: Rehearsal,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (let scenario = next(); scenario !== undefined; scenario = next()) {
    const result = await rehearsal.run(scenario, signal);
    results.push(result);
    for (const line of scenarioLines(result)) say(line);
    // What follows would only tell of the same failure.
    if (result.recovery.allMs === undefined) break;
  }
  return results;
}

/** Each in order; then at random, where a time was asked for. Undefined when the time is over. */
function createSchedule(
  { only, minutes }: ChaosOptions,
  random: () => number,
  endsAtMs: number,
): () => Scenario | undefined {
  const chosen = SCENARIOS.filter(({ name }) => only.length === 0 || only.includes(name));
  const waiting = [...chosen];
  return () => {
    const secondsLeft = (endsAtMs - performance.now()) / 1_000;
    const fits = ({ seconds }: Scenario): boolean =>
      seconds + AROUND_SECONDS + END_SECONDS < secondsLeft;
    const next = waiting.find(fits);
    if (next !== undefined) {
      waiting.splice(waiting.indexOf(next), 1);
      return next;
    }
    if (minutes === undefined) return undefined;
    const again = chosen.filter(fits);
    return again[Math.floor(random() * again.length)];
  };
}
