/** The ledger on disk behind one interface: reads are synchronous point reads, a write is one batch (L-1). */
import {
  type Address,
  type Block,
  type BlockHeader,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  type Height,
  headerHash,
  invariant,
  type LogCriteria,
  type Receipt,
  type StatePort,
  type StateReader,
} from '../model/index.ts';
import { type BackupProgress, type BackupSummary, writeBackup } from './backup.ts';
import { createBatch } from './batch.ts';
import { type HeadRecord, sealBatch } from './batch-chain.ts';
import { putBlock } from './block-writes.ts';
import type { CachedDatabase } from './cached-database.ts';
import { addressesFrom, blockFrom, createChainReads } from './chain-reads.ts';
import { createEvidenceBook, type EvidenceBook } from './evidence-book.ts';
import { type Horizons, isBodyPruned, prunedError, readHorizons } from './horizons.ts';
import { nodeKey } from './keyspace.ts';
import { findLogs, type LogQueryBounds, type LogSearch } from './log-search.ts';
import { pendingState } from './pending-state.ts';
import { compactPruned, type PruneStep, pruneBatch } from './prune.ts';
import { decodeReceipts } from './receipt-record.ts';
import { createRecent } from './recent.ts';
import { createSerialQueue } from './serial-queue.ts';
import { type SetBackState, setBackState } from './set-back-state.ts';
import {
  createSnapshot,
  type SnapshotProgress,
  type SnapshotSummary,
} from './snapshot/create-snapshot.ts';
import { newestState, stateAfter } from './state-at.ts';
import {
  type NoProof,
  proveState,
  type StateProof,
  type StateProofRequest,
} from './state-proof.ts';

/**
 * Every read @throws CodedError `STORE_DAMAGED` rather than serve what fails its checksum, and `STORE_PRUNED` for what
 * is below a horizon.
 */
export type ChainStore = {
  head(): { readonly header: BlockHeader; readonly hash: Hash };
  /** The head's state; valid until the next write. */
  state(): StatePort;
  /**
   * The state after a block that was executed on the head's and is not stored. It stays valid when that
   * block is written, and no longer; what it gives when another one is written has no meaning.
   */
  stateAfter(executed: ExecutedBlock): StatePort;
  /** The state after a stored block, valid until it is pruned; undefined above the head. @throws `STORE_PRUNED` */
  stateAt(number: Height): StateReader | undefined;
  /**
   * Writes the block after the head, whole and synced; blocks are written in the order of the calls.
   * @throws CodedError `STORE_WRITE_FAILED`; then the head stays, and every later write fails too
   */
  write(executed: ExecutedBlock): Promise<void>;
  hashOf(number: Height): Hash | undefined;
  numberOf(hash: Hash): Height | undefined;
  header(number: Height): BlockHeader | undefined;
  block(number: Height): Block | undefined;
  /** RLP of the block, with the seals in its header. */
  encodedBlock(number: Height): Uint8Array | undefined;
  receipts(number: Height): readonly Receipt[] | undefined;
  senders(number: Height): readonly Address[] | undefined;
  transactionPlace(hash: Hash): { readonly number: Height; readonly index: number } | undefined;
  /**
   * Logs of final blocks, in chain order, by the index: the cost is that of what is found.
   * @throws the reason of the signal when it aborts
   */
  findLogs(criteria: LogCriteria, bounds: LogQueryBounds): Promise<LogSearch>;
  /**
   * Merkle proofs of an account and of slots of it after a stored block; a word where there is none.
   * @throws the reason of the signal when it aborts
   */
  prove(request: StateProofRequest): Promise<StateProof | NoProof>;
  /** From which block on what is kept. */
  oldest(): Horizons;
  /**
   * Drops states and bodies below the targets, in small batches between the blocks, and goes on where it was
   * interrupted. A target beyond the head is the head; what is gone stays gone.
   * @param onStep told after each batch; false ends it there
   */
  prune(targets: Horizons, onStep: (step: PruneStep) => boolean): Promise<void>;
  /** Gives the room of what was pruned back to the file system. */
  compact(): Promise<void>;
  /**
   * The state after a stored block, to be changed in memory while `use` lasts; a word where it cannot be.
   * @throws the reason of the signal when it aborts
   */
  setBack<T>(
    at: Height,
    signal: AbortSignal,
    use: (state: SetBackState) => T | Promise<T>,
  ): Promise<T | NoProof>;
  /** Proofs of equivocation; no part of the chain. */
  readonly evidence: EvidenceBook;
  /**
   * Writes all records of this moment into a file that does not exist, while blocks go on.
   * @throws CodedError `STORE_BACKUP_UNWRITABLE`, `STORE_DAMAGED`
   */
  backup(file: string, onProgress: BackupProgress): Promise<BackupSummary>;
  /**
   * Writes the head and its state into a file that does not exist, in parts that prove themselves.
   * @throws CodedError `STORE_SNAPSHOT_UNWRITABLE`, `STORE_DAMAGED`
   */
  snapshot(file: string, onProgress: SnapshotProgress): Promise<SnapshotSummary>;
  /** After the writes that were asked for. */
  close(): Promise<void>;
};

/** Proofs of blocks further behind the head are made one at a time: each may take some hundred megabytes. */
const NEAR_BLOCKS = 64n;
/** Decoded blocks kept in memory: clients ask for the receipts of the newest ones, one by one. */
const RECENT_BLOCKS = 8;

export function createChainStore(
  database: CachedDatabase,
  options: {
    readonly head: HeadRecord & { readonly header: BlockHeader };
    readonly hashRule: HeaderHashRule;
    readonly path: string;
  },
): ChainStore {
  const serially = createSerialQueue();
  const farProofs = createSerialQueue();
  const blocks = createRecent<Block>(RECENT_BLOCKS);
  const receipts = createRecent<readonly Receipt[]>(RECENT_BLOCKS);
  let { head } = options;
  let horizons = readHorizons(database);

  const { hashOf, headerOf, readNumbered, numberOf, transactionPlace } = createChainReads(database);

  const node = (owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined =>
    database.get(nodeKey(owner, path));
  const nodeInMemory = (owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined =>
    database.inMemory(nodeKey(owner, path));

  const write = async (executed: ExecutedBlock): Promise<void> => {
    requireSuccessor(executed, head);
    const { header } = executed.block;
    const { number } = header;
    const hash = headerHash(header, options.hashRule);
    const batch = createBatch();
    await putBlock(database, batch, executed, hash);
    const next = sealBatch(batch, { number, hash }, head);
    await database.write(batch.writes());
    // Only what is on disk is the head.
    head = { ...next, header };
    blocks.set(number, executed.block);
    receipts.set(number, executed.receipts);
  };

  const requireBody = (number: Height): void => {
    if (isBodyPruned(horizons, number)) throw prunedError('body', number, horizons.bodies);
  };

  /** One batch; whether there was anything to do. */
  const pruneStep = async (targets: Horizons): Promise<PruneStep | undefined> => {
    const reachable = {
      state: lesser(targets.state, head.number),
      bodies: lesser(targets.bodies, head.number),
    };
    const next = pruneBatch(database, horizons, reachable);
    if (next === undefined) return undefined;
    // Before what is read below it goes: a reader that asks meanwhile must not take it for absent.
    ({ horizons } = next.step);
    await database.write(next.batch.writes());
    return next.step;
  };

  const prove = async (request: StateProofRequest): Promise<StateProof | NoProof> => {
    const snapshot = database.snapshot();
    try {
      return await proveState(snapshot, request);
    } finally {
      await snapshot.close();
    }
  };

  return {
    head: () => head,
    state: () => newestState(database, head.header.stateRoot, hashOf),
    stateAfter: (executed) => {
      const before = newestState(database, head.header.stateRoot, hashOf);
      const hash = headerHash(executed.block.header, options.hashRule);
      return pendingState({ ...before, node, nodeInMemory }, executed, hash);
    },
    stateAt: (number) =>
      number < 0n || number > head.number
        ? undefined
        : stateAfter(database, number, hashOf, () => horizons.state),
    write: (executed) => serially(() => write(executed)),
    hashOf,
    numberOf,
    header: headerOf,
    block: (number) => {
      requireBody(number);
      return blocks.get(number, () => readNumbered('block', number, blockFrom));
    },
    encodedBlock: (number) => {
      requireBody(number);
      return readNumbered('block', number, (bytes) => bytes);
    },
    receipts: (number) => {
      requireBody(number);
      return receipts.get(number, () => readNumbered('receipts', number, decodeReceipts));
    },
    senders: (number) => {
      requireBody(number);
      return readNumbered('senders', number, addressesFrom);
    },
    transactionPlace,
    findLogs: async (criteria, bounds) => {
      const first = bounds.after?.number ?? bounds.from;
      const requireLogs = (): void => {
        if (bounds.from <= bounds.to && isBodyPruned(horizons, first)) {
          throw prunedError('logs', first, horizons.bodies);
        }
      };
      requireLogs();
      try {
        return await findLogs({ database, hashOf }, criteria, bounds);
      } finally {
        // The horizon may have passed the search: what it found would have holes.
        requireLogs();
      }
    },
    oldest: () => horizons,
    prune: async (targets, onStep) => {
      for (;;) {
        const step = await serially(() => pruneStep(targets));
        if (step === undefined || !onStep(step)) return;
      }
    },
    compact: () => compactPruned(database),
    prove: (request) =>
      head.header.number - request.at > NEAR_BLOCKS
        ? farProofs(() => prove(request))
        : prove(request),
    setBack: async (at, signal, use) => {
      const snapshot = database.snapshot();
      try {
        const state = await setBackState(snapshot, at, signal);
        return typeof state === 'string' ? state : await use(state);
      } finally {
        await snapshot.close();
      }
    },
    backup: async (file, onProgress) => {
      const snapshot = database.snapshot();
      try {
        const genesisHash = hashOf(0n);
        invariant(genesisHash !== undefined, 'a store has block 0');
        return await writeBackup(snapshot, { file, path: options.path, genesisHash }, onProgress);
      } finally {
        await snapshot.close();
      }
    },
    snapshot: async (file, onProgress) => {
      const snapshot = database.snapshot();
      try {
        return await createSnapshot(snapshot, { file, path: options.path }, onProgress);
      } finally {
        await snapshot.close();
      }
    },
    evidence: createEvidenceBook(database, serially),
    close: () => serially(() => database.close()),
  };
}

function lesser(a: Height, b: Height): Height {
  return a < b ? a : b;
}

function requireSuccessor(executed: ExecutedBlock, head: HeadRecord): void {
  const { block, senders, receipts, commitment } = executed;
  const { header, transactions } = block;
  invariant(
    header.number === head.number + 1n && equalBytes(header.parentHash, head.hash),
    'a written block follows the head',
  );
  invariant(
    equalBytes(header.stateRoot, commitment.stateRoot),
    'the header of a written block commits to the state that is written with it',
  );
  invariant(
    senders.length === transactions.length && receipts.length === transactions.length,
    'each transaction has a sender and a receipt',
  );
}
