/** Many seeds one after the other, and what they amounted to. */
import { MISDEEDS } from './byzantine.ts';
import type { Tally } from './cluster.ts';
import { type Outcome, play } from './play.ts';
import type { Profile } from './profile.ts';
import { PROFILES } from './profiles.ts';
import { createSimChain } from './sim-chain.ts';

export type Campaign = {
  readonly nodes: number;
  /** Seed s plays the profile at s modulo their number. */
  readonly profiles: readonly Profile[];
  readonly from: number;
  readonly seeds: number;
  /** The first failure ends it. */
  readonly bail: boolean;
};

export type Report = {
  readonly nodes: number;
  readonly from: number;
  readonly seeds: number;
  readonly heights: number;
  /** Rounds above 0 that correct validators entered, counted for each of them. */
  readonly laterRounds: number;
  readonly transactions: number;
  readonly virtualMs: number;
  readonly realMs: number;
  /** What went wrong on purpose, and how often. */
  readonly faults: Tally;
  /** What Byzantine validators did, in messages. */
  readonly misdeeds: Tally;
  /** Longest time from healing to the first new block. */
  readonly slowestRecoveryMs: number;
  readonly profiles: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
};

export type Failure = {
  readonly seed: number;
  readonly profile: string;
  readonly rule: string;
  readonly fact: string;
  /** Plays exactly this seed again. */
  readonly again: string;
};

/** Timeouts of the simulated chains: short enough for many rounds, long enough for slow disks. */
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 1_000, maxRequestTimeoutMs: 4_000 };

/** @throws RangeError for a name that no profile has */
export function profilesNamed(names: readonly string[]): readonly Profile[] {
  return names.map((name) => {
    const found = PROFILES.find((profile) => profile.name === name);
    if (found !== undefined) return found;
    const known = PROFILES.map((profile) => profile.name).join(', ');
    throw new RangeError(`no profile is called ${name}; there are ${known}`);
  });
}

/** `onOutcome` is called after each seed, `onNote` for each event of it. */
export async function runCampaign(
  campaign: Campaign,
  onOutcome: (outcome: Outcome, failures: number) => void,
  onNote?: (line: string) => void,
): Promise<Report> {
  const { nodes, profiles, from, seeds, bail } = campaign;
  const chain = await createSimChain(nodes, TIMING);
  const startedMs = performance.now();
  const outcomes: Outcome[] = [];
  const failures: Failure[] = [];
  for (let seed = from; seed < from + seeds; seed += 1) {
    const profile = profiles[seed % profiles.length] as Profile;
    const outcome = await play(chain, profile, seed, onNote);
    outcomes.push(outcome);
    if (outcome.violation !== undefined) failures.push(failureOf(nodes, outcome));
    onOutcome(outcome, failures.length);
    if (bail && failures.length > 0) break;
  }
  return { nodes, from, ...sumOf(outcomes), realMs: performance.now() - startedMs, failures };
}

function failureOf(nodes: number, { seed, profile, violation }: Outcome): Failure {
  const again = `npm run sim -- --nodes ${nodes} --profile ${profile} --from ${seed} --seeds 1 --trace`;
  return { seed, profile, rule: violation?.rule ?? '', fact: violation?.fact ?? '', again };
}

function sumOf(
  outcomes: readonly Outcome[],
): Omit<Report, 'nodes' | 'from' | 'realMs' | 'failures'> {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const faults: Record<string, number> = {};
  const misdeeds: Record<string, number> = {};
  const profiles: Record<string, number> = {};
  const known: ReadonlySet<string> = new Set(MISDEEDS);
  for (const { tally, profile } of outcomes) {
    profiles[profile] = (profiles[profile] ?? 0) + 1;
    for (const [name, times] of Object.entries(tally)) {
      const into = known.has(name) ? misdeeds : faults;
      into[name] = (into[name] ?? 0) + times;
    }
  }
  return {
    seeds: outcomes.length,
    heights: sum(({ heights }) => heights),
    laterRounds: sum(({ laterRounds }) => laterRounds),
    transactions: sum(({ transactions }) => transactions),
    virtualMs: sum(({ virtualMs }) => virtualMs),
    slowestRecoveryMs: outcomes.reduce((most, { recoveryMs }) => Math.max(most, recoveryMs), 0),
    faults,
    misdeeds,
    profiles,
  };
}
