/** Runs scenarios one after the other on one network under load, each judged before the next begins. */
import { setTimeout as pause } from 'node:timers/promises';
import type { GenesisTiming } from '../../genesis/index.ts';
import type { Account } from './accounts.ts';
import type { AcknowledgedLedger } from './acknowledged.ts';
import { createAudit } from './audit.ts';
import type { ChaosNetwork } from './chaos-network.ts';
import { type Bounds, boundsOf, judge, type Verdict } from './judge.ts';
import { type Load, startLoad } from './load.ts';
import { measureRecovery, type Recovery } from './recovery.ts';
import type { Scenario, Stage } from './scenario.ts';

export type ScenarioResult = {
  readonly name: string;
  readonly verdict: Verdict;
  readonly recovery: Recovery;
  readonly bounds: Bounds;
  /** Receipts seen while it ran. */
  readonly acknowledged: number;
  readonly notes: readonly string[];
};

export type RehearsalOptions = {
  readonly timing: GenesisTiming;
  readonly perSecond: number;
  readonly senders: readonly Account[];
  /** One for each validator. */
  readonly probes: readonly Account[];
  random(): number;
};

export type Rehearsal = {
  run(scenario: Scenario, signal: AbortSignal): Promise<ScenarioResult>;
  /** Ends the load and compares everything once more, from the first block on. */
  finish(): Promise<readonly string[]>;
  /** Ends the load. */
  close(): Promise<void>;
};

/** The network has to be healthy before a scenario begins. */
const CALM_MS = 2_000;

export function createRehearsal(
  options: RehearsalOptions,
  network: ChaosNetwork,
  ledger: AcknowledgedLedger,
): Rehearsal {
  const { validators } = network;
  const faulty = Math.floor((validators.length - 1) / 3);
  const audit = createAudit(validators, ledger);
  const load: Load = startLoad(
    { accounts: options.senders, perSecond: options.perSecond },
    validators,
    ledger,
  );
  let crashesSeen = 0;

  const newCrashes = (): readonly string[] => {
    const fresh = network.crashes.slice(crashesSeen);
    crashesSeen = network.crashes.length;
    return fresh;
  };

  return {
    run: async (scenario, signal) => {
      const misses: string[] = [];
      const notes: string[] = [];
      const stage = createStage(options, network, misses, notes, signal);
      const before = ledger.size();
      await stage.wait(CALM_MS);
      await scenario.run(stage);
      const bounds = boundsOf(options.timing, faulty, scenario.restarts);
      const { limitMs } = bounds;
      const recovery = await measureRecovery(validators, options.probes, load, { limitMs, signal });
      signal.throwIfAborted();
      const everyone = recovery.allMs !== undefined;
      const faults = everyone ? await audit.look(scenario.restarts ? 'all' : 'new') : [];
      const outcome = { recovery, faults, crashes: newCrashes(), misses };
      return {
        name: scenario.name,
        verdict: judge(outcome, bounds),
        recovery,
        bounds,
        acknowledged: ledger.size() - before,
        notes,
      };
    },
    finish: async () => {
      await load.stop();
      const refusals = [...new Set(load.refusals())].map((text) => `refused a transfer: ${text}`);
      return [...refusals, ...newCrashes(), ...(await audit.look('all'))];
    },
    close: load.stop,
  };
}

function createStage(
  { random }: RehearsalOptions,
  network: ChaosNetwork,
  misses: string[],
  notes: string[],
  signal: AbortSignal,
): Stage {
  const { validators } = network;
  const wait = async (durationMs: number): Promise<void> => {
    await pause(durationMs, undefined, { signal });
  };
  const heights = (among: readonly number[]): Promise<readonly (number | undefined)[]> =>
    Promise.all(
      among.map(async (index) => {
        const head = await validators[index]?.client
          .request('eth_blockNumber', [])
          .catch(() => undefined);
        return head === undefined ? undefined : Number(head);
      }),
    );
  return {
    network,
    victim: Math.floor(random() * validators.length),
    random,
    wait,
    expectBlocks: async (durationMs, among) => {
      const before = await heights(among);
      await wait(durationMs);
      const after = await heights(among);
      const made = among.map((_, i) => (after[i] ?? 0) - (before[i] ?? Number.POSITIVE_INFINITY));
      notes.push(`${Math.max(...made, 0)} blocks meanwhile`);
      if (made.some((blocks) => !(blocks > 0))) {
        misses.push(`no blocks for ${durationMs} ms on validators ${among.join(', ')}: ${made}`);
      }
    },
    expectStandstill: async (durationMs, atMost) => {
      const all = validators.map(({ index }) => index);
      const before = await heights(all);
      await wait(durationMs);
      const after = await heights(all);
      const top = (list: readonly (number | undefined)[]): number =>
        Math.max(...list.map((height) => height ?? 0));
      const made = top(after) - top(before);
      if (made > atMost) misses.push(`${made} blocks without a quorum that was connected`);
    },
    expect: (holds, otherwise) => {
      if (!holds) misses.push(otherwise);
    },
    note: (text) => notes.push(text),
  };
}
