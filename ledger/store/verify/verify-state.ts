/**
 * The third pass: the state has the root in the head's header, its tries are stored node by node and nothing
 * else is, each value has its whole past, and from it the roots of earlier blocks come out.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { keccak256 } from '#crypto';
import {
  type Account,
  type Address,
  decodeAccount,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  encodeRlp,
  equalBytes,
  type Hash,
  type Height,
  type TrieEntry,
  trieRoot,
} from '../../model/index.ts';
import { readHead } from '../batch-chain.ts';
import { readHeader } from '../check-store.ts';
import type { Reader } from '../database.ts';
import { readHorizons } from '../horizons.ts';
import { hashKey, historyKey, keysFrom, nodeKey, type TableName } from '../keyspace.ts';
import { decodeVersion } from '../versions.ts';
import type { Findings } from './report.ts';
import { pagesOf } from './table-pages.ts';
import type { RecordCounts } from './verify-records.ts';

/** How many values each block has written, by its number: compared with the records of what it changed. */
export type VersionCounts = ReadonlyMap<Height, number>;

type Pass = {
  readonly reader: Reader;
  readonly findings: Findings;
  readonly versions: Map<Height, number>;
  /** The oldest block after which the state is kept. */
  readonly horizon: Height;
  readonly totals: Record<'accountNode' | 'storageNode' | 'accountHistory' | 'slotHistory', number>;
};

export async function verifyState(
  reader: Reader,
  findings: Findings,
  counts: RecordCounts,
  onProgress: (accounts: number) => void,
): Promise<VersionCounts> {
  const totals = { accountNode: 0, storageNode: 0, accountHistory: 0, slotHistory: 0 };
  const horizon = horizonOf(reader);
  const pass: Pass = { reader, findings, versions: new Map(), totals, horizon };
  const storages = await storageRoots(pass);
  const entries: TrieEntry[] = [];
  for await (const { key, value } of pagesOf(reader, keysFrom('account', new Uint8Array(0)))) {
    const address = key.subarray(1) as Address;
    const encoded = versionedValue(pass, key, value, 'accountHistory');
    if (encoded === undefined) continue;
    verifyAccount(pass, key, encoded, storages.get(String(address)) ?? EMPTY_ROOT);
    if (encoded.length > 0) entries.push({ key: keccak256(address), value: encoded });
    if (entries.length % 256 === 0) {
      onProgress(entries.length);
      await breathe();
    }
  }
  const root = trieRoot(entries, nodeCheck(pass, undefined));
  const head = readHead(reader);
  const header = head && readHeader(reader, head.number);
  const isRoot = header !== undefined && equalBytes(root, header.stateRoot);
  findings.expect(isRoot, 'the state', 'the accounts do not give the state root of the head');
  for (const [table, total] of Object.entries(totals) as [TableName, number][]) {
    const found = counts.get(table) ?? 0;
    findings.expect(found === total, `table ${table}`, `${found} records, not ${total}`);
  }
  await verifyCodes(pass);
  return pass.versions;
}

function horizonOf(reader: Reader): Height {
  try {
    return readHorizons(reader).state;
  } catch {
    // Damaged, which the first pass has said.
    return 0n;
  }
}

/** The root of each account's slots, by its address. */
async function storageRoots(pass: Pass): Promise<ReadonlyMap<string, Hash>> {
  const roots = new Map<string, Hash>();
  let owner: Uint8Array | undefined;
  let entries: TrieEntry[] = [];
  const finish = (): void => {
    if (owner === undefined || entries.length === 0) return;
    roots.set(String(owner), trieRoot(entries, nodeCheck(pass, keccak256(owner))));
  };
  for await (const { key, value } of pagesOf(pass.reader, keysFrom('slot', new Uint8Array(0)))) {
    const address = key.subarray(1, 21);
    if (owner === undefined || !equalBytes(owner, address)) {
      finish();
      owner = address;
      entries = [];
    }
    const content = versionedValue(pass, key, value, 'slotHistory');
    if (content === undefined || content.length === 0) continue;
    entries.push({ key: keccak256(key.subarray(21)), value: encodeRlp(content) });
  }
  finish();
  return roots;
}

/** The newest value, once its past is there; undefined if the record is damaged, which was said already. */
function versionedValue(
  { reader, findings, versions, totals, horizon }: Pass,
  key: Uint8Array,
  record: Uint8Array | undefined,
  history: 'accountHistory' | 'slotHistory',
): Uint8Array | undefined {
  const newest = decodeVersion(record);
  if (newest === undefined) return undefined;
  const countAt = (number: Height): void => {
    versions.set(number, (versions.get(number) ?? 0) + 1);
  };
  countAt(newest.since);
  let later = newest.since;
  for (let version = newest.olderVersions - 1; version >= 0; version -= 1) {
    let older: ReturnType<typeof decodeVersion>;
    try {
      older = decodeVersion(reader.get(historyKey(key, version)));
    } catch {
      totals[history] += 1;
      continue;
    }
    // What replaced it is the oldest that is kept, or older: it was pruned, and all before it. L-31
    if (older === undefined && later <= horizon) break;
    totals[history] += 1;
    if (older === undefined) {
      findings.addRecord(key, `its version ${version} is missing`);
      continue;
    }
    const isOrdered = older.since < later && older.olderVersions === version;
    if (!isOrdered) findings.addRecord(key, `its version ${version} is not older than the next`);
    countAt(older.since);
    later = older.since;
  }
  return newest.value;
}

function verifyAccount(
  { reader, findings }: Pass,
  key: Uint8Array,
  encoded: Uint8Array,
  storageRoot: Hash,
): void {
  const decoded = encoded.length === 0 ? undefined : decodeAccount(encoded);
  if (decoded?.ok === false) {
    findings.addRecord(key, 'it is no account');
    return;
  }
  const account: Account | undefined = decoded?.account;
  if (!equalBytes(account?.storageRoot ?? EMPTY_ROOT, storageRoot)) {
    findings.addRecord(key, 'its slots do not give its storage root');
  }
  const codeHash = account?.codeHash ?? EMPTY_CODE_HASH;
  if (equalBytes(codeHash, EMPTY_CODE_HASH)) return;
  try {
    if (reader.get(hashKey('code', codeHash)) === undefined) {
      findings.addRecord(key, 'its code is missing');
    }
  } catch {
    // The record of the code is damaged, which the first pass has said.
  }
}

/** Compares each node that the state gives with the one that is stored. */
function nodeCheck({ reader, findings, totals }: Pass, owner: Hash | undefined) {
  return (path: Uint8Array, depth: number, encoded: Uint8Array | undefined): void => {
    totals[owner === undefined ? 'accountNode' : 'storageNode'] += 1;
    const key = nodeKey(owner, path.subarray(0, depth));
    try {
      const stored = reader.get(key);
      const isSame = stored !== undefined && encoded !== undefined && equalBytes(stored, encoded);
      if (!isSame) findings.addRecord(key, 'the node is not the one that the state gives');
    } catch {
      // Damaged, which the first pass has said.
    }
  };
}

async function verifyCodes({ reader, findings }: Pass): Promise<void> {
  for await (const { key, value } of pagesOf(reader, keysFrom('code', new Uint8Array(0)))) {
    if (value !== undefined && !equalBytes(keccak256(value), key.subarray(1))) {
      findings.addRecord(key, 'the code has another hash');
    }
  }
}
