/** Fills a store with the holders of a token without looking for what cannot be there yet. */
import {
  type Account,
  type AccountChange,
  commitState,
  EMPTY_CODE_HASH,
  type ExecutedBlock,
  equalBytes,
  headerHash,
  keyOf,
} from '../../model/index.ts';
import { createBatch } from '../batch.ts';
import { readHead, sealBatch } from '../batch-chain.ts';
import { putBlock } from '../block-writes.ts';
import { createCachedDatabase } from '../cached-database.ts';
import { readHeader } from '../check-store.ts';
import { type Database, openDatabase } from '../database.ts';
import { accountKey, nodeKey, TABLES } from '../keyspace.ts';
import { openStore } from '../open-store.ts';
import { optionsAt } from './small-chain.ts';
import { TOKEN } from './token-chain.ts';

const CACHE_BYTES: number = 64 * 1024 * 1024;

/**
 * Makes a store at `path` whose blocks are `parts`: account changes that name each holder once, and the token
 * in each. `onBlock` is told how many there are.
 */
export async function fillStore(
  path: string,
  parts: Iterable<readonly AccountChange[]>,
  onBlock: (number: bigint) => void,
): Promise<void> {
  await (await openStore(optionsAt(path))).close();
  const opened = await openDatabase(path, false);
  const database = withoutHolders(createCachedDatabase(opened, CACHE_BYTES));
  let head = readHead(database);
  const genesis = readHeader(database, 0n);
  if (head === undefined || genesis === undefined) throw new RangeError('a store has block 0');
  let { stateRoot } = genesis;
  let token: Account | undefined;
  for (const accounts of parts) {
    const changes = { accounts, codes: [] };
    const commitment = commitState(
      {
        stateRoot,
        account: (address) => (equalBytes(address, TOKEN) ? token : undefined),
        node: (owner, path) => database.get(nodeKey(owner, path)),
      },
      changes,
    );
    stateRoot = commitment.stateRoot;
    const storageRoot = commitment.storageRoots.get(keyOf(TOKEN));
    token = storageRoot && { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH, storageRoot };
    const number = head.number + 1n;
    const header = { ...genesis, number, parentHash: head.hash, stateRoot };
    const block = { header, transactions: [], ommers: [] };
    const executed: ExecutedBlock = { block, senders: [], receipts: [], changes, commitment };
    const hash = headerHash(header, 'plain');
    const batch = createBatch();
    await putBlock(database, batch, executed, hash);
    head = sealBatch(batch, { number, hash }, head);
    await database.write(batch.writes());
    onBlock(number);
  }
  await database.close();
}

/** Accounts and slots of holders are written once: there is none before. */
function withoutHolders(database: Database): Database {
  const token = accountKey(TOKEN);
  return {
    ...database,
    get: (key) => {
      const isHolders =
        key[0] === TABLES.slot || (key[0] === TABLES.account && !equalBytes(key, token));
      return isHolders ? undefined : database.get(key);
    },
  };
}
