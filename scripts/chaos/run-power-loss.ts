/**
 * `npm run chaos -- power-loss`: a network under load is recorded by strace, then the power fails at random
 * moments: of each validator's disk only what had been synced by then is left. Nothing acknowledged may be
 * missing in the ledgers, no vote that others hold in the logs; and now and then the network starts from it.
 */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Address, bytesToHex } from '../../ledger/model/index.ts';
import { decodeLogHeader } from '../../ledger/store/log-format.ts';
import type { Account } from './accounts.ts';
import { type Acknowledged, createAcknowledgedLedger } from './acknowledged.ts';
import { createAudit } from './audit.ts';
import { chaosError } from './chaos-error.ts';
import { type DiskHistory, type NameFate, readHistory, STRACE_ARGS } from './disk-trace.ts';
import { boundsOf } from './judge.ts';
import { placeBeside, verifyFault } from './ledgers.ts';
import { startLoad } from './load.ts';
import type { ChaosOptions } from './options.ts';
import { keepFiles, lookAt, type Recorded, type Remains, restoreImage } from './power-cut.ts';
import { createRandom } from './random.ts';
import { faultLines } from './report.ts';
import { type StagedNetwork, stageNetwork } from './stage-network.ts';
import type { ValidatorProcess } from './validator-process.ts';

const DEFAULT_TIMES = 200;
/** Of load under record, before and after all are killed and started again. */
const RECORD_MS = 15_000;
const KEEP_EVERY_MS = 40;
/** Each so manieth cut the network is started from what is left. */
const START_EVERY = 20;
const POLL_MS = 100;

type Shown = Acknowledged & { readonly atMs: number };

type Recording = {
  readonly recorded: readonly Recorded[];
  readonly histories: readonly DiskHistory[];
  readonly validators: readonly Address[];
  readonly shown: readonly Shown[];
};

/** Resolves with whether nothing was lost. */
export async function runPowerLoss(
  options: ChaosOptions,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  const { seed, keep, json, times = DEFAULT_TIMES } = options;
  const say = json ? () => {} : print;
  const random = createRandom(seed);
  const recorder = createRecorder();
  const staged = await stageNetwork(seed, options.inside, recorder.wrap);
  let good = false;
  try {
    say(`Four validators on ${staged.network.fabric}, seed ${seed}, power lost ${times} times`);
    const shown = await record(staged, options.perSecond, signal);
    const tape = await readTape(staged, recorder.stop(), shown);
    const syncs = tape.histories.reduce((sum, history) => sum + history.syncs, 0);
    say(`Recorded ${shown.length} acknowledged transactions and ${syncs} syncs`);
    const faults: string[] = [];
    let started = 0;
    for (let cut = 1; cut <= times && faults.length === 0; cut += 1) {
      signal.throwIfAborted();
      const atMs = momentOf(tape, random);
      const fate: NameFate = random() < 0.5 ? 'lost' : 'kept';
      const found = await cutAt(staged, tape, atMs, fate);
      faults.push(...found.map((fault) => `cut ${cut} at ${atMs}, new names ${fate}: ${fault}`));
      if (cut % START_EVERY === 0 && faults.length === 0) {
        faults.push(...(await startFrom(staged, tape, atMs, signal)));
        started += 1;
        say(`${String(cut).padStart(4)} cuts, ${started} of them verified and started again`);
      }
    }
    faults.push(...staged.network.crashes);
    good = faults.length === 0;
    if (json)
      print(
        JSON.stringify({ seed, cuts: times, started, acknowledged: shown.length, syncs, faults }),
      );
    const directory = keep || !good ? staged.directory : undefined;
    for (const line of faultLines(faults, directory)) say(line);
    say(
      `${times} losses of power, ${started} networks started again, ${shown.length} acknowledged transactions, ${faults.length} faults; seed ${seed}`,
    );
    return good;
  } finally {
    await staged.close(keep || (!good && !signal.aborted));
  }
}

type Recorder = {
  /** The program under record, as long as that goes on. */
  readonly wrap: (directory: string, program: readonly string[]) => readonly string[];
  /** The traces by the directory of the validator, in the order of its starts. */
  stop(): ReadonlyMap<string, readonly string[]>;
};

function createRecorder(): Recorder {
  const traces = new Map<string, readonly string[]>();
  let records = true;
  return {
    wrap: (directory, program) => {
      if (!records) return program;
      const earlier = traces.get(directory) ?? [];
      const trace = `${directory}.trace-${earlier.length}`;
      traces.set(directory, [...earlier, trace]);
      return ['strace', ...STRACE_ARGS, '-o', trace, ...program];
    },
    stop: () => {
      records = false;
      return traces;
    },
  };
}

/** Load, all killed and started in the middle, all killed at the end. */
async function record(
  { network, senders }: StagedNetwork,
  perSecond: number,
  signal: AbortSignal,
): Promise<readonly Shown[]> {
  const { validators } = network;
  const shown: Shown[] = [];
  const ledger = createAcknowledgedLedger();
  const timed = {
    ...ledger,
    // The clock floors: later than the answer, never before it.
    add: (entry: Acknowledged) => {
      ledger.add(entry);
      shown.push({ ...entry, atMs: Date.now() + 1 });
    },
  };
  const keeper = setInterval(() => {
    for (const { directory } of validators) keepFiles(directory, `${directory}.kept`);
  }, KEEP_EVERY_MS);
  const load = startLoad({ accounts: senders, perSecond }, validators, timed);
  try {
    await pause(RECORD_MS, undefined, { signal });
    await Promise.all(validators.map((validator) => validator.kill()));
    await Promise.all(validators.map((validator) => validator.start()));
    await pause(RECORD_MS, undefined, { signal });
    await Promise.all(validators.map((validator) => validator.kill()));
  } finally {
    await load.stop();
    clearInterval(keeper);
  }
  if (shown.length === 0) throw chaosError('CHAOS_NODE', 'nothing was acknowledged');
  return shown;
}

/** Moves what was recorded aside: the validators' own directories are for what is left of it. */
async function readTape(
  { network }: StagedNetwork,
  traces: ReadonlyMap<string, readonly string[]>,
  shown: readonly Shown[],
): Promise<Recording> {
  const histories: DiskHistory[] = [];
  const recorded: Recorded[] = [];
  const validators: Address[] = [];
  for (const { directory: root } of network.validators) {
    const files = traces.get(root) ?? [];
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    histories.push(readHistory(texts, root));
    const directory = `${root}.recorded`;
    await rename(root, directory);
    recorded.push({ root, directory, kept: `${root}.kept` });
    validators.push(await validatorOf(directory));
  }
  return { recorded, histories, validators, shown };
}

/** Its log is bound to it. */
async function validatorOf(directory: string): Promise<Address> {
  const header = decodeLogHeader(await readFile(join(directory, 'consensus.log')));
  if (header.kind === 'header') return header.binding.validator;
  throw chaosError('CHAOS_NODE', `${directory} has no consensus log`);
}

/** Half of them anywhere, half right after something was shown. */
function momentOf({ histories, shown }: Recording, random: () => number): number {
  const first = Math.max(...histories.map(({ from }) => from));
  const last = Math.min(...histories.map(({ to }) => to));
  if (random() < 0.5) return first + random() * (last - first);
  return shown[Math.floor(random() * shown.length)]?.atMs ?? last;
}

/** All lose their power at the same moment. */
async function cutAt(
  { network }: StagedNetwork,
  { recorded, histories, validators, shown }: Recording,
  atMs: number,
  fate: NameFate,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const remains: (Remains | undefined)[] = [];
  for (const [index, each] of recorded.entries()) {
    const image = histories[index]?.imageAt(atMs, fate);
    const own = shown.filter(({ by, atMs: shownAtMs }) => by === index && shownAtMs <= atMs);
    try {
      await restoreImage(each, image ?? new Map(), each.root);
      const place = await placeBeside(each.directory, each.root);
      remains.push(await lookAt(place, validators[index] as Address, own));
    } catch (error) {
      faults.push(`validator ${index}: ${String(error)}`);
      remains.push(undefined);
    }
  }
  for (const { index } of network.validators) {
    for (const fault of remains[index]?.faults ?? []) faults.push(`validator ${index}: ${fault}`);
  }
  return [...faults, ...contradictions(remains, validators)];
}

/** One chain; and whoever sealed a block that anyone has stored has it as well, or its Commit in the log. */
function contradictions(
  remains: readonly (Remains | undefined)[],
  validators: readonly Address[],
): readonly string[] {
  const faults: string[] = [];
  const byAddress = new Map<string, number>(
    validators.map((address, index) => [bytesToHex(address), index]),
  );
  const longest = remains.toSorted((a, b) => Number((b?.head ?? 0n) - (a?.head ?? 0n)))[0];
  for (const [index, each] of remains.entries()) {
    const at = each?.hashes.findIndex((hash, number) => hash !== longest?.hashes[number]) ?? -1;
    if (at >= 0) faults.push(`validator ${index} has another block ${at}`);
    const signed = (each?.seals ?? []).flatMap(({ by, ...seal }) =>
      by.map((address) => ({ ...seal, signer: byAddress.get(address) })),
    );
    for (const { height, digest, signer } of signed) {
      const own = signer === undefined ? undefined : remains[signer];
      if (own === undefined || own.head >= height || own.commits.has(digest)) continue;
      faults.push(`validator ${index} has block ${height} sealed by ${signer}, which forgot it`);
    }
  }
  return faults;
}

/** From what the cut has left in the validators' own directories. */
async function startFrom(
  { network, timing, senders }: StagedNetwork,
  { recorded, shown }: Recording,
  atMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { validators } = network;
  const faults: string[] = [];
  for (const { root } of recorded) {
    const fault = await verifyFault(root);
    if (fault !== undefined) faults.push(fault);
  }
  await Promise.all(validators.map((validator) => validator.start()));
  const { limitMs } = boundsOf(timing, Math.floor((validators.length - 1) / 3), true);
  const ledger = createAcknowledgedLedger();
  for (const entry of shown) if (entry.atMs <= atMs) ledger.add(entry);
  const heads = async (): Promise<readonly number[]> =>
    Promise.all(
      validators.map(async ({ client }) =>
        Number(await client.request('eth_blockNumber', []).catch(() => '0x0')),
      ),
    );
  const next = Math.max(...(await heads())) + 1;
  const deadlineMs = performance.now() + limitMs;
  let isAwake = false;
  while (Math.min(...(await heads())) < next) {
    if (!isAwake) isAwake = await wake(validators[0] as ValidatorProcess, senders[0] as Account);
    if (performance.now() > deadlineMs) {
      faults.push(`no new block on all validators within ${limitMs} ms`);
      break;
    }
    await pause(POLL_MS, undefined, { signal });
  }
  faults.push(...(await createAudit(validators, ledger).look('all')));
  await Promise.all(validators.map((validator) => validator.kill()));
  return faults.map((fault) => `started again after the cut at ${atMs}: ${fault}`);
}

/** A transaction, so that there is a block to make; whether the validator could be asked, busy as it may be. */
async function wake({ client }: ValidatorProcess, sender: Account): Promise<boolean> {
  const address = bytesToHex(sender.address);
  const count = await client
    .request('eth_getTransactionCount', [address, 'latest'])
    .catch(() => undefined);
  if (count === undefined) return false;
  // What the logs held may have become final meanwhile, with this nonce: that is a block as well.
  await client
    .request('eth_sendRawTransaction', [sender.signAt(BigInt(count)).raw])
    .catch(() => undefined);
  return true;
}
