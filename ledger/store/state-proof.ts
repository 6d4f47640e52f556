/**
 * Merkle proofs of accounts and slots after the head and after earlier blocks. The tries are stored as the
 * head has them; for an earlier block the values that have changed since are set back in memory, along with the
 * nodes above them, until the trie has the root in that block's header.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { keccak256 } from '#crypto';
import {
  type Address,
  EMPTY_ROOT,
  encodeRlp,
  equalBytes,
  type Hash,
  type Height,
  invariant,
  keyOf,
  proveTrie,
  type ReadTrieNode,
  type TrieEntry,
  updateTrie,
} from '../model/index.ts';
import { decodeChangedKeys } from './changed-keys.ts';
import type { Reader } from './database.ts';
import { groupKeys, type KeyGroups } from './key-groups.ts';
import { accountKey, nodeKey, numberKey, slotKey } from './keyspace.ts';
import { accountFrom, headersOfState } from './state-at.ts';
import { newestValue, valueAt } from './versions.ts';

export type StateProof = {
  /** RLP of the nodes from the root down. */
  readonly accountProof: readonly Uint8Array[];
  /** One for each slot that was asked for. */
  readonly storageProofs: readonly (readonly Uint8Array[])[];
};

export type StateProofRequest = {
  readonly address: Address;
  /** 32 bytes each. */
  readonly slots: readonly Uint8Array[];
  readonly at: Height;
  readonly signal?: AbortSignal;
};

/** Why there is no proof of a block that is stored. */
export type NoProof = 'before-records' | 'too-many-changes';

/** Different keys that may have changed since: more than 1024 blocks of a thousand. */
const MAX_CHANGED_KEYS = 1_250_000;
/** Whose changed keys are read before other work of the thread gets its turn. */
const BLOCKS_PER_TURN = 8n;
/** Keys whose tries are set back before other work of the thread gets its turn. */
const KEYS_PER_TURN = 500;

/** @throws the reason of the signal when it aborts; CodedError `STORE_PRUNED` */
export async function proveState(
  reader: Reader,
  request: StateProofRequest,
): Promise<StateProof | NoProof> {
  const { address, slots, at } = request;
  const { header, newest } = headersOfState(reader, at);
  const changed = await changedSince(reader, request, newest.number);
  if (typeof changed === 'string') return changed;

  const owner = keccak256(address);
  const accounts = await setBack(
    { reader, owner: undefined, root: newest.stateRoot, signal: request.signal },
    changed.accounts,
    (account) => valueAt(reader, accountKey(account as Address), at),
    [owner],
  );
  invariant(
    equalBytes(accounts.root, header.stateRoot),
    'the history leads back to the state root',
  );
  const storage = await setBack(
    {
      reader,
      owner,
      root: storageRootOf(newestValue(reader, accountKey(address))),
      signal: request.signal,
    },
    changed.slots,
    (slot) => slotValue(valueAt(reader, slotKey(address, slot), at)),
    slots.map((slot) => keccak256(slot)),
  );
  const expected = storageRootOf(valueAt(reader, accountKey(address), at));
  invariant(equalBytes(storage.root, expected), 'the history leads back to the storage root');
  return {
    accountProof: proveTrie(accounts.root, accounts.read, owner),
    storageProofs: slots.map((slot) => proveTrie(storage.root, storage.read, keccak256(slot))),
  };
}

/** The accounts, and the slots of the one account, that blocks after `at` have changed. */
async function changedSince(
  reader: Reader,
  { address, at, signal }: StateProofRequest,
  head: Height,
): Promise<{ readonly accounts: KeyGroups; readonly slots: KeyGroups } | NoProof> {
  const accounts = new Set<string>();
  const slots = new Set<string>();
  const turn = async (): Promise<void> => {
    await breathe();
    signal?.throwIfAborted();
  };
  for (let number = at + 1n; number <= head; number += 1n) {
    const record = reader.get(numberKey('changed', number));
    if (record === undefined) return 'before-records';
    for (const change of decodeChangedKeys(record)) {
      accounts.add(keyOf(change.address));
      if (!equalBytes(change.address, address)) continue;
      for (const slot of change.slots) slots.add(keyOf(slot));
    }
    if (accounts.size + slots.size > MAX_CHANGED_KEYS) return 'too-many-changes';
    if (number % BLOCKS_PER_TURN === 0n) await turn();
    signal?.throwIfAborted();
  }
  return { accounts: await groupKeys(accounts, turn), slots: await groupKeys(slots, turn) };
}

type StoredTrie = {
  readonly reader: Reader;
  readonly owner: Hash | undefined;
  readonly root: Hash;
  readonly signal: AbortSignal | undefined;
};

/**
 * The trie with older values. Keys are taken in groups that share their first four nibbles: what lies below is
 * then changed once, and forgotten unless it is on the way to one of `wanted`.
 */
async function setBack(
  { reader, owner, root: newest, signal }: StoredTrie,
  keys: KeyGroups,
  oldValue: (preimage: Uint8Array) => Uint8Array,
  wanted: readonly Hash[],
): Promise<{ readonly root: Hash; readonly read: ReadTrieNode }> {
  const nodes = new Map<string, Uint8Array | undefined>();
  const kept = new Set(wanted.map(groupOf));
  const read: ReadTrieNode = (path) => {
    const name = keyOf(path);
    return nodes.has(name) ? nodes.get(name) : reader.get(nodeKey(owner, path));
  };
  let root = newest;
  for (const chunk of keys.chunks(KEYS_PER_TURN)) {
    const entries = chunk.map(
      ({ key, preimage }): TrieEntry => ({ key, value: oldValue(preimage) }),
    );
    const update = updateTrie(root, { read }, entries);
    root = update.root;
    for (const { path, node } of update.writes) {
      if (path.length <= 4 || kept.has(groupOfPath(path))) nodes.set(keyOf(path), node);
    }
    await breathe();
    signal?.throwIfAborted();
  }
  return { root, read };
}

function groupOf(key: Hash): number {
  return ((key[0] as number) << 8) | (key[1] as number);
}

function groupOfPath(path: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = path;
  return (a << 12) | (b << 8) | (c << 4) | d;
}

function storageRootOf(account: Uint8Array): Hash {
  return accountFrom(account)?.storageRoot ?? EMPTY_ROOT;
}

function slotValue(value: Uint8Array): Uint8Array {
  return value.length === 0 ? value : encodeRlp(value);
}
