/** The ledgers that a run leaves, each whole: `ehb verify`, and a replay from genesis record by record. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runEhb } from '../../cli/e2e/ehb-process.ts';
import { parseGenesis } from '../../genesis/index.ts';
import { bytesToHex, equalBytes } from '../../ledger/model/index.ts';
import { type Database, type Entry, openDatabase } from '../../ledger/store/database.ts';
import { openStore } from '../../ledger/store/index.ts';
import { keysFrom, TABLES, type TableName } from '../../ledger/store/keyspace.ts';
import {
  chainPath,
  type LedgerPlace,
  storeOptionsOf,
} from '../../node/maintenance/ledger-files.ts';
import { createLoneChain } from '../../node/maintenance/lone-chain.ts';
import { chaosError } from './chaos-error.ts';

/** Evidence is each node's own. */
const CHAIN_TABLES = (Object.keys(TABLES) as TableName[]).filter((name) => name !== 'evidence');
const PAGE = 10_000;

/** A directory with the genesis of a node, for a ledger of one's own. */
export async function placeBeside(nodeDirectory: string, directory: string): Promise<LedgerPlace> {
  await mkdir(directory, { recursive: true });
  const text = await readFile(join(nodeDirectory, 'genesis.json'), 'utf8');
  await writeFile(join(directory, 'genesis.json'), text);
  const parsed = parseGenesis(JSON.parse(text));
  if (!parsed.ok) throw chaosError('CHAOS_NODE', `${nodeDirectory}: ${parsed.message}`);
  return { dataDir: directory, genesis: parsed.genesis };
}

/** What `ehb verify` says of a directory, with its exit code; undefined: it is sound. */
export async function verifyFault(directory: string): Promise<string | undefined> {
  const { exitCode, output } = await runEhb('verify', '--data-dir', directory);
  return exitCode === 0
    ? undefined
    : `ehb verify of ${directory} ended with ${exitCode}: ${output}`;
}

export type ReplayedLedger = {
  readonly faults: readonly string[];
  readonly blocks: number;
  readonly records: number;
};

/** Executes every block of a ledger from its genesis on a fresh one; then both hold the same bytes. */
export async function replayLedger(
  nodeDirectory: string,
  directory: string,
): Promise<ReplayedLedger> {
  const place = await placeBeside(nodeDirectory, directory);
  const original = await openStore(storeOptionsOf({ ...place, dataDir: nodeDirectory }));
  const fresh = await openStore(storeOptionsOf(place));
  const { number: last } = original.head().header;
  try {
    const chain = await createLoneChain(
      { genesis: place.genesis, engine: 'fast', keepsRevertReasons: true },
      fresh,
    );
    for (let number = 1n; number <= last; number += 1n) {
      const encoded = original.encodedBlock(number) ?? new Uint8Array(0);
      const verdict = await chain.import(encoded);
      if (verdict.ok) continue;
      const fault = `${nodeDirectory}: a replay refuses block ${number}: ${verdict.message}`;
      return { faults: [fault], blocks: Number(number), records: 0 };
    }
  } finally {
    await original.close();
    await fresh.close();
  }
  return { ...(await compareRecords(nodeDirectory, directory)), blocks: Number(last) };
}

async function compareRecords(
  first: string,
  second: string,
): Promise<Omit<ReplayedLedger, 'blocks'>> {
  const databases = [
    await openDatabase(chainPath(first), false),
    await openDatabase(chainPath(second), false),
  ] as const;
  const faults: string[] = [];
  let records = 0;
  try {
    for (const table of CHAIN_TABLES) {
      const { compared, differsAt } = await compareTable(databases, table);
      records += compared;
      if (differsAt === undefined) continue;
      faults.push(`${first}: a replay differs in table ${table} at ${bytesToHex(differsAt)}`);
    }
  } finally {
    for (const database of databases) await database.close();
  }
  return { faults, records };
}

/** Up to the first difference. */
async function compareTable(
  [original, replayed]: readonly [Database, Database],
  table: TableName,
): Promise<{ readonly compared: number; readonly differsAt: Uint8Array | undefined }> {
  let range = keysFrom(table, new Uint8Array(0));
  for (let compared = 0; ; ) {
    const [own, again] = await Promise.all([
      original.entries(range, PAGE),
      replayed.entries(range, PAGE),
    ]);
    compared += own.length;
    const differsAt = differingKey(own, again);
    const last = own.at(-1);
    if (differsAt !== undefined || last === undefined || own.length < PAGE) {
      return { compared, differsAt };
    }
    range = { ...range, gte: Uint8Array.of(...last.key, 0) };
  }
}

/** Where two pages of a table differ; undefined: nowhere. */
function differingKey(own: readonly Entry[], again: readonly Entry[]): Uint8Array | undefined {
  const at = own.findIndex(({ key, value }, index) => {
    const other = again[index];
    return other === undefined || !equalBytes(key, other.key) || !equalBytes(value, other.value);
  });
  if (at < 0 && own.length === again.length) return undefined;
  return own[Math.max(0, at)]?.key ?? again[0]?.key ?? new Uint8Array(0);
}
