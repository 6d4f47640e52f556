/** The state as readers see it: that of the head, and that after any earlier block. */
import {
  type Account,
  type Address,
  type BlockHeader,
  commitState,
  decodeAccount,
  EMPTY_CODE_HASH,
  equalBytes,
  type Hash,
  type Height,
  invariant,
  type StatePort,
  type StateReader,
} from '../model/index.ts';
import { readHead } from './batch-chain.ts';
import type { CachedDatabase } from './cached-database.ts';
import { readHeader } from './check-store.ts';
import type { Reader } from './database.ts';
import { prunedError, readHorizons } from './horizons.ts';
import { accountKey, hashKey, nodeKey, slotKey } from './keyspace.ts';
import { newestValue, valueAt } from './versions.ts';

type HashOf = (number: Height) => Hash | undefined;

/** Valid until the next block is written. */
export function newestState(database: CachedDatabase, stateRoot: Hash, hashOf: HashOf): StatePort {
  const account = (address: Address): Account | undefined =>
    accountFrom(newestValue(database, accountKey(address)));
  const node = (owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined =>
    database.get(nodeKey(owner, path));
  const nodeInMemory = (owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined =>
    database.inMemory(nodeKey(owner, path));
  const storage = (address: Address, slot: Uint8Array): Uint8Array =>
    newestValue(database, slotKey(address, slot));
  return {
    account,
    storage,
    code: (codeHash) => readCode(database, codeHash),
    blockHash: hashOf,
    commit: (changes) =>
      commitState({ stateRoot, account, slot: storage, node, nodeInMemory }, changes),
  };
}

/**
 * The state after a stored block; stays valid, until it is pruned.
 * @param oldestState asked at each read, which @throws CodedError `STORE_PRUNED` below it
 */
export function stateAfter(
  database: Reader,
  number: Height,
  hashOf: HashOf,
  oldestState: () => Height,
): StateReader {
  const requireKept = (): void => {
    const oldest = oldestState();
    if (number < oldest) throw prunedError('state', number, oldest);
  };
  requireKept();
  const read = (key: Uint8Array): Uint8Array => {
    requireKept();
    return valueAt(database, key, number);
  };
  return {
    account: (address) => accountFrom(read(accountKey(address))),
    storage: (address, slot) => read(slotKey(address, slot)),
    code: (codeHash) => readCode(database, codeHash),
    blockHash: (asked) => (asked > number ? undefined : hashOf(asked)),
  };
}

/**
 * The header of a block whose state is still kept, and that of the head, from whose tries the way leads back.
 * @throws CodedError `STORE_PRUNED`
 */
export function headersOfState(
  reader: Reader,
  at: Height,
): { readonly header: BlockHeader; readonly newest: BlockHeader } {
  const head = readHead(reader);
  const newest = head && readHeader(reader, head.number);
  const header = readHeader(reader, at);
  invariant(newest !== undefined && header !== undefined, 'a state is asked of a stored block');
  const { state: oldest } = readHorizons(reader);
  if (at < oldest) throw prunedError('state', at, oldest);
  return { header, newest };
}

/** @param bytes as they are stored; empty if there is no account */
export function accountFrom(bytes: Uint8Array): Account | undefined {
  if (bytes.length === 0) return undefined;
  const decoded = decodeAccount(bytes);
  invariant(decoded.ok, 'an account that passes its checksum can be decoded');
  return decoded.account;
}

function readCode(database: Reader, codeHash: Hash): Uint8Array {
  if (equalBytes(codeHash, EMPTY_CODE_HASH)) return new Uint8Array(0);
  return database.require(hashKey('code', codeHash));
}
