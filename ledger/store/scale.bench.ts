/**
 * What the ledger costs as it grows: ERC-20 transfers among a thousand, a hundred thousand and a million
 * accounts, opening, and reading what is long past. On the disk of the temporary directory.
 *
 * Of a transfer, what counts is processor time, since other programs may share the machine: `trie` and `batch` are
 * that of the main thread, `all threads` adds LevelDB's writing and compaction and the garbage collector. What a
 * block changes is read before, as its execution reads it, and told apart.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { Bench } from 'tinybench';
import type { ExecutedBlock } from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import type { ChainStore } from './chain-store.ts';
import { openStore } from './open-store.ts';
import { fillStore } from './testkit/bulk-fill.ts';
import { next, optionsAt } from './testkit/small-chain.ts';
import { createToken, type Token, type TokenBlock } from './testkit/token-chain.ts';

const SIZES: readonly number[] = [1_000, 100_000, 1_000_000];
const TRANSFERS_A_BLOCK = 500;
const MEASURED_BLOCKS = 40;
const WARM_BLOCKS = 20;
/** Above it, compacting the store to see its size takes longer than all the rest. */
const LARGEST_COMPACTED = 100_000;

/** A figure that is no latency. */
export type Fact = { readonly name: string; readonly value: number; readonly unit: string };

const measured: Fact[] = [];

/** Asked after `run`. */
export function facts(): readonly Fact[] {
  return measured;
}

export async function run(): Promise<Bench> {
  measured.length = 0;
  const bench = new Bench({ time: 500 });
  const directory = await mkdtemp(join(tmpdir(), 'ehb-bench-'));
  const opened: ChainStore[] = [];
  const costs: number[] = [];
  try {
    for (const accounts of SIZES) {
      const { store, microseconds } = await measureSize(
        bench,
        join(directory, String(accounts)),
        accounts,
      );
      opened.push(store);
      costs.push(microseconds);
    }
    const [smallest, largest] = [costs[0] as number, costs.at(-1) as number];
    measured.push({
      name: 'trie and batch, the most accounts to the fewest',
      value: largest / smallest,
      unit: 'times',
    });
    await bench.run();
  } finally {
    for (const store of opened) await store.close();
    await rm(directory, { recursive: true });
  }
  return bench;
}

async function measureSize(
  bench: Bench,
  path: string,
  accounts: number,
): Promise<{ readonly store: ChainStore; readonly microseconds: number }> {
  const of = `among ${accounts} accounts`;
  const note = (name: string, value: number, unit: string): void => {
    measured.push({ name: `${name}, ${of}`, value, unit });
  };
  const token = createToken(seededRandom('ledger/store/scale.bench'), accounts);
  await fillStore(path, token.issue(), (number) => progress(`${of}: block ${number} filled`));
  let store = await openStore(optionsAt(path));
  await transfer(store, token, WARM_BLOCKS);
  await store.close();
  const isCompacted = accounts <= LARGEST_COMPACTED;
  const bytesBefore = isCompacted ? await compactedBytes(path) : 0;
  const opening = performance.now();
  const openingCpu = process.cpuUsage();
  store = await openStore(optionsAt(path));
  note('open', performance.now() - opening, 'ms');
  note('open, all threads', microsecondsOf(process.cpuUsage(openingCpu)) / 1_000, 'ms of CPU');
  await transfer(store, token, WARM_BLOCKS);
  progress(`${of}: measuring`);
  const { read, commit, write, all, elapsed } = await transfer(store, token, MEASURED_BLOCKS);
  note('state reads of a transfer', read, 'us of CPU');
  note('trie of a transfer', commit, 'us of CPU');
  note('batch of a transfer', write, 'us of CPU');
  note('trie and batch, all threads', all, 'us of CPU');
  note('trie and batch, median block', elapsed, 'us elapsed');
  await store.close();
  if (isCompacted) {
    const grown = (await compactedBytes(path)) - bytesBefore;
    const transfers = (MEASURED_BLOCKS + WARM_BLOCKS) * TRANSFERS_A_BLOCK;
    note('on disk for a transfer, compacted', grown / transfers, 'bytes');
  }
  store = await openStore(optionsAt(path));
  addReads(bench, store, token, of);
  return { store, microseconds: commit + write };
}

/** Microseconds a transfer. */
type Costs = {
  /** Reading what the block will change, as its execution does. */
  readonly read: number;
  readonly commit: number;
  readonly write: number;
  /** `commit` and `write` on all threads. */
  readonly all: number;
  /** `commit` and `write` by the clock. */
  readonly elapsed: number;
};

async function transfer(store: ChainStore, token: Token, blocks: number): Promise<Costs> {
  const sums = { read: 0, commit: 0, write: 0, all: 0 };
  const elapsed: number[] = [];
  for (let i = 0; i < blocks; i += 1) {
    const block = token.transfers(TRANSFERS_A_BLOCK);
    const reading = process.threadCpuUsage();
    readState(store, block);
    sums.read += microsecondsOf(process.threadCpuUsage(reading));
    const all = process.cpuUsage();
    const start = performance.now();
    const committing = process.threadCpuUsage();
    const executed = executedFrom(store, block);
    sums.commit += microsecondsOf(process.threadCpuUsage(committing));
    const writing = process.threadCpuUsage();
    await store.write(executed);
    sums.write += microsecondsOf(process.threadCpuUsage(writing));
    elapsed.push(1_000 * (performance.now() - start));
    sums.all += microsecondsOf(process.cpuUsage(all));
  }
  const transfers = blocks * TRANSFERS_A_BLOCK;
  return {
    read: sums.read / transfers,
    commit: sums.commit / transfers,
    write: sums.write / transfers,
    all: sums.all / transfers,
    elapsed: median(elapsed) / TRANSFERS_A_BLOCK,
  };
}

function readState(store: ChainStore, { changes }: TokenBlock): void {
  const state = store.state();
  for (const { address, storage } of changes) {
    state.account(address);
    for (const { slot } of storage) state.storage(address, slot);
  }
}

function addReads(bench: Bench, store: ChainStore, token: Token, of: string): void {
  const { number } = store.head().header;
  const past = store.stateAt(number - BigInt(WARM_BLOCKS + MEASURED_BLOCKS));
  bench
    .add(`balance of an account, ${of}`, () => {
      store.state().account(token.anyone());
    })
    .add(`balance ${WARM_BLOCKS + MEASURED_BLOCKS} blocks ago, ${of}`, () => {
      past?.account(token.anyone());
    });
}

function executedFrom(store: ChainStore, block: TokenBlock): ExecutedBlock {
  const { changes, transactions, receipts, senders } = block;
  const executed = next(store, changes);
  return { ...executed, block: { ...executed.block, transactions }, senders, receipts };
}

type ClassicLevel = { compactRange(start: Uint8Array, end: Uint8Array): Promise<void> };

/** What the files hold once LevelDB has dropped all that was overwritten. */
async function compactedBytes(path: string): Promise<number> {
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
  });
  // In Node `Level` is a ClassicLevel; its types name what it shares with the browser's.
  await (level as unknown as ClassicLevel).compactRange(Uint8Array.of(0), Uint8Array.of(0xff));
  await level.close();
  let bytes = 0;
  for (const name of await readdir(path)) bytes += (await stat(join(path, name))).size;
  return bytes;
}

function microsecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
