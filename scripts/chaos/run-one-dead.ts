/** `npm run chaos -- one-dead`: block intervals with one of four validators dead, against healthy ones. */
import { setTimeout as pause } from 'node:timers/promises';
import { createAcknowledgedLedger } from './acknowledged.ts';
import { createAudit } from './audit.ts';
import { watchBlocks } from './block-arrivals.ts';
import {
  type Intervals,
  intervalsOf,
  judgePace,
  milliseconds,
  type PaceVerdict,
} from './intervals.ts';
import { startLoad } from './load.ts';
import type { ChaosOptions } from './options.ts';
import { createRandom } from './random.ts';
import { faultLines } from './report.ts';
import { stageNetwork } from './stage-network.ts';

const DEFAULT_MINUTES = 10;
/** Of the healthy network; a tenth of the run, within these. */
const SHORTEST_BASELINE_MS = 20_000;
const LONGEST_BASELINE_MS = 60_000;
/** Connections and code are warm after this. */
const WARM_UP_MS = 8_000;

export type OneDeadResult = {
  readonly dead: number;
  readonly minutes: number;
  readonly healthy: Intervals;
  readonly oneDead: Intervals;
  readonly verdict: PaceVerdict;
  /** Lost transactions and differing blocks among the living. */
  readonly faults: readonly string[];
  readonly acknowledged: number;
};

/** Resolves with whether the figures hold. */
export async function runOneDead(
  options: ChaosOptions,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  const { seed, perSecond, keep, json, minutes = DEFAULT_MINUTES } = options;
  const say = json ? () => {} : print;
  const staged = await stageNetwork(seed, options.inside);
  const { network, senders, timing } = staged;
  const dead = Math.floor(createRandom(seed)() * network.validators.length);
  const living = network.validators.filter(({ index }) => index !== dead);
  const ledger = createAcknowledgedLedger();
  // Through the living alone from the start, so that both parts of the run have the same load.
  const load = startLoad({ accounts: senders, perSecond }, living, ledger);
  let good = false;
  try {
    const watched = living[0] as (typeof living)[number];
    const blocks = await watchBlocks(watched.url);
    const measure = async (durationMs: number): Promise<Intervals> => {
      blocks.take();
      await pause(durationMs, undefined, { signal });
      return intervalsOf(blocks.take());
    };
    await measure(WARM_UP_MS);
    const baselineMs = Math.min(
      LONGEST_BASELINE_MS,
      Math.max(SHORTEST_BASELINE_MS, minutes * 6_000),
    );
    const healthy = await measure(baselineMs);
    say(`Four validators on ${network.fabric}, seed ${seed}`);
    say(lineOf('four alive', healthy));
    await network.validators[dead]?.kill();
    const oneDead = await measure(minutes * 60_000);
    say(lineOf('one dead', oneDead));
    blocks.close();
    await load.stop();
    const faults = [...network.crashes, ...(await createAudit(living, ledger).look('all'))];
    const verdict = judgePace(healthy, oneDead, timing);
    good = verdict.misses.length === 0 && faults.length === 0;
    const result = { dead, minutes, healthy, oneDead, verdict, faults };
    report({ ...result, acknowledged: ledger.size() }, json, print);
    const directory = keep || !good ? staged.directory : undefined;
    for (const line of faultLines([...verdict.misses, ...faults], directory)) say(line);
    say(good ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return good;
  } finally {
    await load.stop();
    await staged.close(keep || (!good && !signal.aborted));
  }
}

function lineOf(name: string, { blocks, medianMs, p95Ms, maxMs }: Intervals): string {
  const figures = `median ${milliseconds(medianMs)}, p95 ${milliseconds(p95Ms)}, longest ${milliseconds(maxMs)}`;
  return `${name.padEnd(12)} ${String(blocks).padStart(6)} blocks, ${figures}`;
}

function report(result: OneDeadResult, json: boolean, print: (line: string) => void): void {
  const { verdict, healthy, oneDead, acknowledged } = result;
  if (json) {
    print(JSON.stringify(result));
    return;
  }
  const ratio = (oneDead.medianMs / healthy.medianMs).toFixed(2);
  print(
    `The median is ${ratio} times the healthy one (below 1.5 wanted); the longest interval is ${milliseconds(oneDead.maxMs)} (at most ${milliseconds(verdict.maxBoundMs)} wanted).`,
  );
  print(`${acknowledged} acknowledged transactions, all compared on the living validators`);
}
