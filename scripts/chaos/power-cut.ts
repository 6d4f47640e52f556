/** Makes the directory of a validator as a loss of power leaves it, and looks at what is in it. */
import { existsSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { decodeLogRecord, type LogRecord, verifySeals } from '../../consensus/index.ts';
import {
  type Address,
  bytesToHex,
  commitSealHash,
  decodeExtraData,
  equalBytes,
  type Hash,
  type Height,
  hexToBytes,
} from '../../ledger/model/index.ts';
import { type ChainStore, openConsensusLog, openStore } from '../../ledger/store/index.ts';
import { type LedgerPlace, storeOptionsOf } from '../../node/maintenance/ledger-files.ts';
import type { Acknowledged } from './acknowledged.ts';
import { chaosError } from './chaos-error.ts';
import type { DiskImage } from './disk-trace.ts';

/** Directories of LevelDB below a node's. */
const DATABASES = ['chain', 'consensus.log.lock'] as const;
/** What no process changes; a loss of power leaves it alone. */
const LASTING = ['genesis.json', 'config.json', 'node.key', 'validator.key'] as const;
/** Nobody reads these. */
const IDLE: RegExp = /^(LOG|LOG\.old|LOCK|PROBE)$/;

/** Gives every file of the databases another name in `kept`, so that its bytes outlive its removal. */
export function keepFiles(directory: string, kept: string): void {
  for (const database of DATABASES) {
    const from = join(directory, database);
    const to = join(kept, database);
    mkdirSync(to, { recursive: true });
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      if (IDLE.test(name) || name.endsWith('.dbtmp') || name === 'CURRENT') continue;
      if (existsSync(join(to, name))) continue;
      try {
        linkSync(join(from, name), join(to, name));
      } catch {
        // It went between the two calls: the next look may find another.
      }
    }
  }
}

export type Recorded = {
  /** Of the validator while it was recorded, and now. */
  readonly root: string;
  readonly directory: string;
  readonly kept: string;
};

/** @throws CodedError `CHAOS_NODE` if bytes are asked for that nobody kept */
export async function restoreImage(
  { root, directory, kept }: Recorded,
  image: DiskImage,
  target: string,
): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, 'chain'), { recursive: true });
  for (const name of LASTING) {
    if (existsSync(join(directory, name)))
      await copyFile(join(directory, name), join(target, name));
  }
  for (const [path, { madeAt, synced }] of image) {
    const name = relative(root, path);
    if (name === '' || LASTING.some((lasting) => lasting === name) || name === 'node.log') continue;
    const bytes = await bytesOf(relative(root, madeAt), directory, kept);
    if (bytes === undefined) {
      if (synced === undefined || synced === 0) continue;
      throw chaosError('CHAOS_NODE', `nobody kept the ${synced} bytes of ${madeAt}`);
    }
    if (bytes === 'directory') continue;
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), bytes.subarray(0, synced ?? bytes.length));
  }
}

async function bytesOf(
  name: string,
  directory: string,
  kept: string,
): Promise<Uint8Array | 'directory' | undefined> {
  const file = basename(name);
  if (IDLE.test(file)) return new Uint8Array(0);
  const number = /^(\d+)\.dbtmp$/.exec(file)?.[1];
  if (number !== undefined) return new TextEncoder().encode(`MANIFEST-${number}\n`);
  // What was written aside lies where it was renamed to.
  const final = name.replace(/\.tmp$/, '');
  for (const place of [join(kept, final), join(directory, final)]) {
    try {
      return await readFile(place);
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'EISDIR') return 'directory';
    }
  }
  return undefined;
}

/** What a directory holds when it is opened as a node opens it. */
export type Remains = {
  readonly head: Height;
  readonly hashes: readonly string[];
  /** Digests that its log holds a Commit for; with height and round in them. */
  readonly commits: ReadonlySet<string>;
  /** Validators by the digest that they sealed, of the blocks that are stored. */
  readonly seals: readonly {
    readonly height: Height;
    readonly digest: string;
    readonly by: readonly string[];
  }[];
  readonly faults: readonly string[];
};

/** @param acknowledged what this validator had shown before */
export async function lookAt(
  place: LedgerPlace,
  validator: Address,
  acknowledged: readonly Acknowledged[],
): Promise<Remains> {
  const store = await openStore(storeOptionsOf(place));
  const log = await openConsensusLog({
    path: join(place.dataDir, 'consensus.log'),
    genesisHash: place.genesis.hash,
    validator,
  });
  try {
    const head = store.head().header.number;
    const numbers = Array.from({ length: Number(head) + 1 }, (_, number) => BigInt(number));
    const { commits, faults } = commitsOf(log.records());
    return {
      head,
      hashes: numbers.map((number) => bytesToHex(store.hashOf(number) as Hash)),
      commits,
      seals: numbers.slice(1).map((number) => sealsOf(store, number)),
      faults: [...faults, ...missing(store, acknowledged)],
    };
  } finally {
    await log.close();
    await store.close();
  }
}

function missing(store: ChainStore, acknowledged: readonly Acknowledged[]): readonly string[] {
  return acknowledged.flatMap(({ hash, blockHash }) => {
    const place = store.transactionPlace(hexToBytes(hash) as Hash);
    const held = place && store.hashOf(place.number);
    const isThere =
      held !== undefined &&
      equalBytes(held, hexToBytes(blockHash)) &&
      store.receipts((place as { number: Height }).number) !== undefined;
    return isThere ? [] : [`the receipt of ${hash} was shown and is gone`];
  });
}

function sealsOf(store: ChainStore, height: Height): Remains['seals'][number] {
  const header = store.header(height);
  const decoded = header && decodeExtraData(header.extraData);
  if (header === undefined || !decoded?.ok) return { height, digest: '', by: [] };
  const digest = commitSealHash(header);
  const { seals, validators } = decoded.extraData;
  const sealed = verifySeals(digest, seals, validators);
  return {
    height,
    digest: bytesToHex(digest),
    by: sealed.ok ? sealed.signers.map((signer) => bytesToHex(signer)) : [],
  };
}

/** Before a Commit is signed, the quorum of Prepares is logged. L-3, R-6.1 */
function commitsOf(records: readonly Uint8Array[]): {
  readonly commits: ReadonlySet<string>;
  readonly faults: readonly string[];
} {
  const commits = new Set<string>();
  const certified = new Set<string>();
  const faults: string[] = [];
  for (const bytes of records) {
    const decoded = decodeLogRecord(bytes);
    if (!decoded.ok) {
      faults.push(`a record of the log cannot be read: ${decoded.message}`);
      continue;
    }
    const record: LogRecord = decoded.record;
    if (record.kind === 'certificate') {
      for (const { digest } of record.prepares) certified.add(bytesToHex(digest));
    }
    if (record.kind !== 'message' || record.message.kind !== 'commit') continue;
    const digest = bytesToHex(record.message.signed.digest);
    commits.add(digest);
    if (!certified.has(digest))
      faults.push(`the Commit for ${digest} has no certificate before it`);
  }
  return { commits, faults };
}
