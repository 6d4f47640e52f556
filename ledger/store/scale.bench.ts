/**
 * What the ledger costs as it grows: ERC-20 transfers among a thousand, a hundred thousand and a million
 * accounts, opening, and reading what is long past. On the disk of the temporary directory.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from 'tinybench';
import type { ExecutedBlock } from '../model/index.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import type { ChainStore } from './chain-store.ts';
import { openStore } from './open-store.ts';
import { next, optionsAt } from './testkit/small-chain.ts';
import { createToken, type Token, type TokenBlock } from './testkit/token-chain.ts';

const SIZES: readonly number[] = [1_000, 100_000, 1_000_000];
const TRANSFERS_A_BLOCK = 500;
const MEASURED_BLOCKS = 40;
const WARM_BLOCKS = 20;

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
  try {
    for (const accounts of SIZES) {
      opened.push(await measureSize(bench, join(directory, String(accounts)), accounts));
    }
    await bench.run();
  } finally {
    for (const store of opened) await store.close();
    await rm(directory, { recursive: true });
  }
  return bench;
}

async function measureSize(bench: Bench, path: string, accounts: number): Promise<ChainStore> {
  const random = seededRandom('ledger/store/scale.bench');
  let store = await openStore(optionsAt(path));
  const token = createToken(random, accounts);
  for (const changes of token.issue()) await store.write(next(store, changes));
  for (let i = 0; i < WARM_BLOCKS; i += 1)
    await store.write(executedFrom(store, token.transfers(TRANSFERS_A_BLOCK)));
  await store.close();
  const bytesBefore = await bytesIn(path);
  const opening = performance.now();
  store = await openStore(optionsAt(path));
  const of = `among ${accounts} accounts`;
  measured.push({ name: `open, ${of}`, value: performance.now() - opening, unit: 'ms' });
  for (let i = 0; i < WARM_BLOCKS; i += 1)
    await store.write(executedFrom(store, token.transfers(TRANSFERS_A_BLOCK)));
  const commits: number[] = [];
  const writes: number[] = [];
  let cpu = 0;
  for (let i = 0; i < MEASURED_BLOCKS; i += 1) {
    const block = token.transfers(TRANSFERS_A_BLOCK);
    const before = process.cpuUsage();
    const start = performance.now();
    const executed = executedFrom(store, block);
    const committed = performance.now();
    await store.write(executed);
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    commits.push(committed - start);
    writes.push(performance.now() - committed);
  }
  const each = (ms: number): number => (1_000 * ms) / TRANSFERS_A_BLOCK;
  const transferred = TRANSFERS_A_BLOCK * MEASURED_BLOCKS;
  await store.close();
  const written = (await bytesIn(path)) - bytesBefore;
  measured.push(
    { name: `trie of a transfer, ${of}`, value: each(median(commits)), unit: 'us' },
    { name: `batch of a transfer, ${of}`, value: each(median(writes)), unit: 'us' },
    { name: `both, all threads, ${of}`, value: cpu / transferred, unit: 'us of CPU' },
    {
      name: `on disk for a transfer, ${of}`,
      value: written / (transferred + WARM_BLOCKS * TRANSFERS_A_BLOCK),
      unit: 'bytes',
    },
  );
  store = await openStore(optionsAt(path));
  addReads(bench, store, token, of);
  return store;
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

async function bytesIn(path: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(path)) bytes += (await stat(join(path, name))).size;
  return bytes;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
