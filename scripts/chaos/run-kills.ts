/**
 * `npm run chaos -- kills`: `kill -9` of one, several or all validators at random moments under load, so
 * many times; after each start the validators' heads, receipts and roots are those of a replay from the genesis.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Height } from '../../ledger/model/index.ts';
import type { Account } from './accounts.ts';
import {
  type AcknowledgedLedger,
  compareReceipts,
  createAcknowledgedLedger,
} from './acknowledged.ts';
import { createAudit, places } from './audit.ts';
import type { ChaosNetwork } from './chaos-network.ts';
import { boundsOf } from './judge.ts';
import { placeBeside, replayLedger, verifyFault } from './ledgers.ts';
import { startLoad } from './load.ts';
import type { ChaosOptions } from './options.ts';
import { createRandom } from './random.ts';
import { openReplay, type Replay, untilAnswered } from './replay.ts';
import { faultLines } from './report.ts';
import { type StagedNetwork, stageNetwork } from './stage-network.ts';
import type { ValidatorProcess } from './validator-process.ts';

const DEFAULT_TIMES = 200;
/** Of a kill: what of a block's life it may hit. */
const LONGEST_UP_MS = 1_000;
const LONGEST_APART_MS = 60;
const LONGEST_DOWN_MS = 300;
const POLL_MS = 50;
/** Faults that are printed; the rest is only counted. */
const MOST_SHOWN = 20;

type Counts = { kills: number; processes: number; all: number; receipts: number };

/** Resolves with whether nothing was lost. */
export async function runKills(
  options: ChaosOptions,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  const { seed, perSecond, keep, json, times = DEFAULT_TIMES } = options;
  const say = json ? () => {} : print;
  const staged = await stageNetwork(seed, options.inside);
  const { network } = staged;
  const { replay, senders, end } = await startReplay(staged);
  const ledger = createAcknowledgedLedger();
  const load = startLoad({ accounts: senders, perSecond }, network.validators, ledger);
  let good = false;
  try {
    say(`Four validators on ${network.fabric}, seed ${seed}, ${times} times kill -9`);
    const killer = createKiller(staged, replay, ledger, createRandom(seed), signal);
    const faults: string[] = [];
    for (let kill = 1; kill <= times && faults.length === 0; kill += 1) {
      faults.push(...(await killer.strike()), ...network.crashes);
      if (kill % 10 === 0 || faults.length > 0) say(progress(killer.counts, ledger, replay));
    }
    await load.stop();
    const refusals = [...new Set(load.refusals())].map((text) => `refused a transfer: ${text}`);
    faults.push(...refusals);
    if (faults.length === 0) faults.push(...(await atTheEnd(staged, replay, ledger, say)));
    good = faults.length === 0;
    const result = { ...killer.counts, acknowledged: ledger.size(), blocks: Number(replay.head()) };
    if (json) print(JSON.stringify({ seed, ...result, faults }));
    const directory = keep || !good ? staged.directory : undefined;
    for (const line of faultLines(faults.slice(0, MOST_SHOWN), directory)) say(line);
    const { kills, processes } = killer.counts;
    say(
      `${kills} kills of ${processes} processes, ${ledger.size()} acknowledged transactions in ${replay.head()} blocks, ${faults.length} faults; seed ${seed}`,
    );
    return good;
  } finally {
    await load.stop();
    await end();
    await staged.close(keep || (!good && !signal.aborted));
  }
}

function progress(counts: Counts, ledger: AcknowledgedLedger, replay: Replay): string {
  return `${String(counts.kills).padStart(4)} kills, ${counts.processes} processes, ${counts.all} times all; ${replay.head()} blocks, ${counts.receipts} receipts compared, ${ledger.size()} acknowledged`;
}

/** A replay that knows all that is sent, and the senders that tell it. */
async function startReplay({ network, directory, senders }: StagedNetwork): Promise<{
  readonly replay: Replay;
  readonly senders: readonly Account[];
  end(): Promise<void>;
}> {
  const raws = new Map<string, string>();
  const first = network.validators[0] as ValidatorProcess;
  const replay = await openReplay({
    place: await placeBeside(first.directory, join(directory, 'replay')),
    raws,
    accounts: senders.map(({ address }) => address),
  });
  const telling = senders.map((account) => ({
    ...account,
    sign: () => {
      const transfer = account.sign();
      raws.set(transfer.hash, transfer.raw);
      return transfer;
    },
  }));
  return { replay, senders: telling, end: replay.close };
}

type Killer = {
  readonly counts: Counts;
  /** One kill, the starts after it and the comparisons; one sentence for each fault. */
  strike(): Promise<readonly string[]>;
};

function createKiller(
  { network, timing }: StagedNetwork,
  replay: Replay,
  ledger: AcknowledgedLedger,
  random: () => number,
  signal: AbortSignal,
): Killer {
  const { validators } = network;
  const counts: Counts = { kills: 0, processes: 0, all: 0, receipts: 0 };
  const compared = validators.map((): Height => 0n);
  const checkedEntries = validators.map(() => 0);
  const { limitMs } = boundsOf(timing, Math.floor((validators.length - 1) / 3), true);
  const wait = async (longestMs: number): Promise<void> => {
    await pause(random() * longestMs, undefined, { signal });
  };

  const check = async (validator: ValidatorProcess, own: number): Promise<readonly string[]> => {
    const { index, url } = validator;
    const { faults, head, receipts } = await replay.compare(validator, compared[index] ?? 0n);
    compared[index] = head + 1n;
    counts.receipts += receipts;
    // It has shown these itself, so they do not wait for any peer.
    const entries = ledger.from(checkedEntries[index] ?? 0);
    const shown = entries.slice(0, own).filter(({ by }) => by === index);
    const found = await untilAnswered(() =>
      places(
        url,
        shown.map(({ hash }) => hash),
      ),
    );
    checkedEntries[index] = (checkedEntries[index] ?? 0) + own;
    return [...faults, ...compareReceipts(index, shown, found)];
  };

  const strike = async (): Promise<readonly string[]> => {
    await wait(LONGEST_UP_MS);
    const victims = victimsOf(network, random);
    await Promise.all(
      victims.map(async (victim) => {
        await wait(LONGEST_APART_MS);
        await victim.kill();
      }),
    );
    counts.kills += 1;
    counts.processes += victims.length;
    if (victims.length === validators.length) counts.all += 1;
    const own = validators.map((_, index) => ledger.size() - (checkedEntries[index] ?? 0));
    await wait(LONGEST_DOWN_MS);
    await Promise.all(victims.map((victim) => victim.start()));
    const faults: string[] = [];
    for (const victim of victims) faults.push(...(await check(victim, own[victim.index] ?? 0)));
    if (!(await allMakeAnother())) {
      faults.push(`not all validators made another block within ${limitMs} ms`);
    }
    return faults.map((fault) => `kill ${counts.kills}: ${fault}`);
  };

  const headOf = async ({ client }: ValidatorProcess): Promise<number> =>
    Number(await client.request('eth_blockNumber', []).catch(() => '0x0'));

  /** The next kill is to hit a network that works. */
  const allMakeAnother = async (): Promise<boolean> => {
    const deadlineMs = performance.now() + limitMs;
    const next = Math.max(...(await Promise.all(validators.map(headOf)))) + 1;
    for (const validator of validators) {
      while ((await headOf(validator)) < next) {
        if (performance.now() > deadlineMs) return false;
        await pause(POLL_MS, undefined, { signal });
      }
    }
    return true;
  };
  return { counts, strike };
}

/** One in half of the cases, all in a quarter. */
function victimsOf({ validators }: ChaosNetwork, random: () => number): ValidatorProcess[] {
  const drawn = random();
  const some = 2 + Math.floor(random() * (validators.length - 2));
  const count = drawn < 0.5 ? 1 : drawn < 0.75 ? some : validators.length;
  const ranked = validators.map((validator) => ({ validator, rank: random() }));
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ validator }) => validator);
}

/** Everything from block 0 on, on every validator; then all are killed and their ledgers verified and replayed. */
async function atTheEnd(
  { network, directory }: StagedNetwork,
  replay: Replay,
  ledger: AcknowledgedLedger,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const { validators } = network;
  const faults: string[] = [];
  for (const validator of validators) faults.push(...(await replay.compare(validator, 0n)).faults);
  faults.push(...(await createAudit(validators, ledger).look('all')), ...network.crashes);
  await Promise.all(validators.map((validator) => validator.kill()));
  for (const { directory: own, index } of validators) {
    const fault = await verifyFault(own);
    if (fault !== undefined) faults.push(fault);
    const replayed = await replayLedger(own, join(directory, `replay-${index}`));
    faults.push(...replayed.faults);
    say(
      `validator ${index}: ${fault === undefined ? 'sound' : 'NOT SOUND'} (ehb verify); a replay of its ${replayed.blocks} blocks from genesis compared in ${replayed.records} records`,
    );
  }
  return faults;
}
