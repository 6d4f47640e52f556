/** Everything that one block changes on disk, as the writes of its one batch. */
import { keccak256 } from '#crypto';
import {
  type Account,
  type AccountChange,
  concatBytes,
  EMPTY_ROOT,
  type ExecutedBlock,
  encodeAccount,
  encodeBlock,
  encodeHeader,
  encodeReceipt,
  encodeRlp,
  type Hash,
  type Height,
  keyOf,
} from '../model/index.ts';
import type { Database, Write } from './database.ts';
import {
  accountKey,
  hashKey,
  metadataKey,
  nodeKey,
  numberBytes,
  numberKey,
  prefixRange,
  slotKey,
} from './keyspace.ts';
import { changeValue } from './versions.ts';

const NOTHING = new Uint8Array(0);

/** The writes of a block, its batch digest and the new head among them. */
export async function writesOf(
  database: Database,
  executed: ExecutedBlock,
  hash: Hash,
): Promise<readonly Write[]> {
  const { number } = executed.block.header;
  const writes = [
    ...blockRecords(executed, hash),
    ...(await stateRecords(database, executed, number)),
    ...(await trieRecords(database, executed)),
  ];
  const before = number === 0n ? NOTHING : database.get(numberKey('batchDigest', number - 1n));
  writes.push(put(numberKey('batchDigest', number), batchDigest(before ?? NOTHING, writes)));
  writes.push(put(metadataKey('head'), concatBytes(numberBytes(number), hash)));
  return writes;
}

function put(key: Uint8Array, value: Uint8Array): Write {
  return { type: 'put', key, value };
}

function blockRecords(executed: ExecutedBlock, hash: Hash): Write[] {
  const { block, senders, receipts } = executed;
  const { number } = block.header;
  const place = numberBytes(number);
  const writes = [
    put(numberKey('header', number), encodeHeader(block.header)),
    put(numberKey('block', number), encodeBlock(block)),
    put(numberKey('senders', number), concatBytes(...senders)),
    put(numberKey('receipts', number), encodeRlp(receipts.map(encodeReceipt))),
    put(hashKey('numberOfHash', hash), place),
  ];
  for (const [index, transaction] of block.transactions.entries()) {
    const position = new Uint8Array(12);
    position.set(place);
    new DataView(position.buffer).setUint32(8, index);
    writes.push(put(hashKey('transaction', transaction.hash), position));
  }
  return writes;
}

async function stateRecords(
  database: Database,
  executed: ExecutedBlock,
  number: Height,
): Promise<Write[]> {
  const writes: Write[] = [];
  for (const change of executed.changes.accounts) {
    const root =
      executed.commitment.storageRoots.get(keyOf(change.address)) ?? (EMPTY_ROOT as Hash);
    const account: Account | undefined = change.account && { ...change.account, storageRoot: root };
    const value = account === undefined ? NOTHING : encodeAccount(account);
    writes.push(...changeValue(database, accountKey(change.address), value, number));
    for (const [slot, next] of await slotChanges(database, change)) {
      writes.push(...changeValue(database, slot, next, number));
    }
  }
  for (const { codeHash, code } of executed.changes.codes) {
    writes.push(put(hashKey('code', codeHash), code));
  }
  return writes;
}

/** Key and new value of each slot that changes; of a cleared storage that is every slot there was. */
async function slotChanges(
  database: Database,
  change: AccountChange,
): Promise<readonly (readonly [Uint8Array, Uint8Array])[]> {
  const changes = new Map<string, readonly [Uint8Array, Uint8Array]>();
  if (change.storageCleared || change.account === undefined) {
    for (const key of await database.keys(prefixRange('slot', change.address))) {
      changes.set(keyOf(key), [key, NOTHING]);
    }
  }
  for (const { slot, value } of change.storage) {
    const key = slotKey(change.address, slot);
    changes.set(keyOf(key), [key, value]);
  }
  return [...changes.values()];
}

async function trieRecords(database: Database, executed: ExecutedBlock): Promise<Write[]> {
  const { nodes, clearedOwners } = executed.commitment;
  const writes: Write[] = [];
  for (const owner of clearedOwners) {
    for (const key of await database.keys(prefixRange('storageNode', owner))) {
      writes.push({ type: 'del', key });
    }
  }
  for (const { owner, path, node } of nodes) {
    const key = nodeKey(owner, path);
    writes.push(node === undefined ? { type: 'del', key } : put(key, node));
  }
  return writes;
}

/** Chains the batches: each digest covers the one before and every write of its own batch. */
function batchDigest(before: Uint8Array, writes: readonly Write[]): Hash {
  const parts = [before];
  for (const write of writes) {
    parts.push(write.key, write.type === 'put' ? keccak256(write.value) : NOTHING);
  }
  return keccak256(concatBytes(...parts));
}
