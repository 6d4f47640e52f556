/** Opens the ledger on disk, or makes it from its genesis; what does not fit is refused by name. */
import {
  type Block,
  commitState,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  headerHash,
  invariant,
  type StateChanges,
} from '../model/index.ts';
import { createBatch } from './batch.ts';
import { type HeadRecord, readBatchRecord, readHead, sealBatch } from './batch-chain.ts';
import { putBlock } from './block-writes.ts';
import { createCachedDatabase } from './cached-database.ts';
import { type ChainStore, createChainStore } from './chain-store.ts';
import { checkNewestBlocks } from './check-store.ts';
import { type Database, openDatabase } from './database.ts';
import {
  clearUnbegun,
  FORMAT_VERSION,
  mark,
  requireGenesis,
  requireNothingToLose,
  versionOf,
} from './identity.ts';
import { type MigrationProgress, migrate } from './migrations.ts';
import { storeError } from './store-error.ts';

export type StoreOptions = {
  /** A directory; made if there is none, its parent is not. */
  readonly path: string;
  readonly genesis: {
    readonly block: Block;
    readonly hash: Hash;
    /** The accounts of block 0. */
    readonly accounts: StateChanges;
  };
  readonly hashRule: HeaderHashRule;
  /** Memory for the state and the trie nodes that are used most. */
  readonly cacheBytes?: number | undefined;
  /** Told how far a store of an earlier format has been brought to this one. */
  readonly onMigration?: (progress: MigrationProgress) => void;
};

/** The upper levels of the tries of a million accounts, and what is hot below them. */
const DEFAULT_CACHE_BYTES: number = 256 * 1024 * 1024;

/**
 * Opens the store of a chain, or makes it with block 0. One process at a time.
 * @throws CodedError `STORE_FOREIGN_GENESIS`, `STORE_UNKNOWN_VERSION`, `STORE_LOCKED`, `STORE_DAMAGED`,
 *   `STORE_NOT_WRITABLE`, `STORE_WRONG_GENESIS_STATE`
 */
export async function openStore(options: StoreOptions): Promise<ChainStore> {
  const { path, genesis } = options;
  invariant(
    equalBytes(headerHash(genesis.block.header, options.hashRule), genesis.hash),
    'the genesis hash is that of the genesis header',
  );
  const version = await versionOf(path, genesis.hash);
  if (version === undefined) await requireNothingToLose(path);
  const database =
    version === undefined ? await openUnmarked(path) : await openDatabase(path, false);
  return await serveStore(database, options, async () => {
    if (version === undefined) return await make(database, options);
    if (version < FORMAT_VERSION) {
      requireHead(database, options);
      await migrate(database, version, options.onMigration ?? (() => {}));
      await mark(path, genesis.hash);
    }
    return requireHead(database, options);
  });
}

/** A directory without a mark: new, or left by a process or a machine that ended before block 0 was durable. */
async function openUnmarked(path: string): Promise<Database> {
  try {
    return await openDatabase(path, true);
  } catch (error) {
    if (!(await clearUnbegun(path, error))) throw error;
    return await openDatabase(path, true);
  }
}

/** The store on an open database, whatever that lies on; closes it if it does not hold what it should. */
export async function serveStore(
  database: Database,
  options: StoreOptions,
  findHead: () => HeadRecord | Promise<HeadRecord>,
): Promise<ChainStore> {
  try {
    const head = await findHead();
    const header = checkNewestBlocks(database, head, options);
    const cached = createCachedDatabase(database, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
    return createChainStore(cached, { head: { ...head, header }, ...options });
  } catch (error) {
    await database.close();
    throw error;
  }
}

export function requireHead(database: Database, { path, genesis }: StoreOptions): HeadRecord {
  const head = readHead(database);
  if (head === undefined) {
    throw storeError('STORE_DAMAGED', path, 'the database has lost the record of its head');
  }
  const first = readBatchRecord(database, 0n);
  if (first === undefined || !equalBytes(first.blockHash, genesis.hash)) {
    throw storeError('STORE_DAMAGED', path, 'the database has lost block 0');
  }
  return head;
}

/** Writes block 0, unless a process that died before it could mark the store has done so. */
async function make(database: Database, options: StoreOptions): Promise<HeadRecord> {
  const { path, genesis } = options;
  let head = readHead(database);
  if (head !== undefined) {
    requireGenesis(path, readBatchRecord(database, 0n)?.blockHash ?? head.hash, genesis.hash);
    if (head.number !== 0n)
      throw storeError('STORE_DAMAGED', path, 'the file EHB-STORE is missing');
  } else {
    const everything = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) };
    if ((await database.keys(everything)).length > 0) {
      throw storeError('STORE_DAMAGED', path, 'the database there is not one of this program');
    }
    head = await writeGenesis(database, options);
  }
  await mark(path, genesis.hash);
  return head;
}

export async function writeGenesis(database: Database, options: StoreOptions): Promise<HeadRecord> {
  const { block, hash, accounts } = options.genesis;
  const commitment = commitState(
    { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined },
    accounts,
  );
  if (!equalBytes(commitment.stateRoot, block.header.stateRoot)) {
    const fact = "the accounts do not give the state root of the genesis block's header";
    throw storeError('STORE_WRONG_GENESIS_STATE', options.path, fact);
  }
  const executed = { block, senders: [], receipts: [], changes: accounts, commitment };
  const batch = createBatch();
  await putBlock(database, batch, executed, hash);
  const head = sealBatch(batch, { number: 0n, hash }, undefined);
  await database.write(batch.writes());
  return head;
}
