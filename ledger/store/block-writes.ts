/** Everything that one block changes on disk, put into its one batch. */
import {
  type AccountChange,
  concatBytes,
  type ExecutedBlock,
  encodeAccount,
  encodeBlock,
  encodeHeader,
  type Hash,
  type Height,
  invariant,
  keyOf,
  type Receipt,
} from '../model/index.ts';
import type { Batch } from './batch.ts';
import { type ChangedAccount, encodeChangedKeys } from './changed-keys.ts';
import type { Database } from './database.ts';
import {
  accountKey,
  hashKey,
  keysFrom,
  logKey,
  nodeKey,
  numberBytes,
  numberKey,
  slotKey,
} from './keyspace.ts';
import { logRecords } from './log-places.ts';
import { encodeReceipts } from './receipt-record.ts';
import { changeValue } from './versions.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Reads what it has to replace; writes nothing. */
export async function putBlock(
  database: Database,
  batch: Batch,
  executed: ExecutedBlock,
  hash: Hash,
): Promise<void> {
  putRecords(batch, executed, hash);
  await putState(database, batch, executed);
  await putNodes(database, batch, executed);
}

/** Header, body and indexes of a block. */
export function putRecords(
  batch: Batch,
  executed: Pick<ExecutedBlock, 'block' | 'senders' | 'receipts'>,
  hash: Hash,
): void {
  const { block, senders, receipts } = executed;
  const { number } = block.header;
  const place = numberBytes(number);
  batch.put(numberKey('header', number), encodeHeader(block.header));
  batch.put(numberKey('block', number), encodeBlock(block));
  batch.put(numberKey('senders', number), concatBytes(...senders));
  batch.put(numberKey('receipts', number), encodeReceipts(receipts));
  batch.put(hashKey('numberOfHash', hash), place);
  for (const [index, transaction] of block.transactions.entries()) {
    const position = new Uint8Array(12);
    position.set(place);
    new DataView(position.buffer).setUint32(8, index);
    batch.put(hashKey('transaction', transaction.hash), position);
  }
  putLogs(batch, number, receipts);
}

/** The log index of a block (L-10). */
export function putLogs(batch: Batch, number: Height, receipts: readonly Receipt[]): void {
  for (const { term, record } of logRecords(receipts)) batch.put(logKey(term, number), record);
}

async function putState(database: Database, batch: Batch, executed: ExecutedBlock): Promise<void> {
  const { changes, block } = executed;
  const { number } = block.header;
  const changed: ChangedAccount[] = [];
  for (const change of changes.accounts) {
    const { address } = change;
    const isAccountChanged = changeValue(
      database,
      batch,
      accountKey(address),
      accountValue(executed, change),
      number,
    );
    const slots: Uint8Array[] = [];
    if (change.account === undefined || change.storageCleared) {
      slots.push(...(await clearStorage(database, batch, change, number)));
    }
    for (const { slot, value } of change.storage) {
      if (changeValue(database, batch, slotKey(address, slot), value, number)) slots.push(slot);
    }
    if (isAccountChanged || slots.length > 0) changed.push({ address, isAccountChanged, slots });
  }
  for (const { codeHash, code } of changes.codes) batch.put(hashKey('code', codeHash), code);
  batch.put(numberKey('changed', number), encodeChangedKeys(changed));
}

function accountValue(
  { commitment }: ExecutedBlock,
  { address, account }: AccountChange,
): Uint8Array {
  if (account === undefined) return NOTHING;
  const storageRoot = commitment.storageRoots.get(keyOf(address));
  invariant(storageRoot !== undefined, 'a commitment gives the storage root of each account');
  return encodeAccount({ ...account, storageRoot });
}

/** Empties every slot there was, but for those that the change writes itself. Returns those that it emptied. */
async function clearStorage(
  database: Database,
  batch: Batch,
  { address, storage }: AccountChange,
  number: Height,
): Promise<readonly Uint8Array[]> {
  const written = new Set(storage.map(({ slot }) => keyOf(slot)));
  const emptied: Uint8Array[] = [];
  for (const key of await database.keys(keysFrom('slot', address))) {
    const slot = key.subarray(1 + address.length);
    if (written.has(keyOf(slot))) continue;
    if (changeValue(database, batch, key, NOTHING, number)) emptied.push(slot);
  }
  return emptied;
}

async function putNodes(database: Database, batch: Batch, executed: ExecutedBlock): Promise<void> {
  const { nodes, clearedOwners } = executed.commitment;
  // Within a batch the last write of a key holds, so what a cleared trie gets anew stays.
  for (const owner of clearedOwners) {
    for (const key of await database.keys(keysFrom('storageNode', owner))) {
      batch.delete(key);
    }
  }
  for (const { owner, path, node } of nodes) {
    const key = nodeKey(owner, path);
    if (node === undefined) batch.delete(key);
    else batch.put(key, node);
  }
}
