/**
 * The state after an earlier block, ready to be changed in memory: what blocks since have changed is set back on the
 * tries of the head, along with the nodes above, until they have the root in that block's header. Nothing is written.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import {
  type Account,
  type AccountChange,
  type Address,
  commitState,
  equalBytes,
  type Hash,
  type Height,
  invariant,
  keyOf,
  type StateBefore,
  type StateChanges,
} from '../model/index.ts';
import { decodeChangedKeys } from './changed-keys.ts';
import type { Reader } from './database.ts';
import { accountKey, nodeKey, numberKey, slotKey } from './keyspace.ts';
import { accountFrom, headersOfState } from './state-at.ts';
import type { NoProof } from './state-proof.ts';
import { newestValue, valueAt } from './versions.ts';

/** Accounts and slots together; each leaves about a kilobyte of nodes in memory. */
const MOST_KEYS = 50_000;
/** Of them, set back before other work of the thread gets its turn. */
const KEYS_PER_TURN = 500;

export type SetBackState = {
  /** The state root that changes after the block would lead to. */
  rootAfter(changes: StateChanges): Hash;
};

/** @throws the reason of the signal when it aborts; CodedError `STORE_PRUNED` */
export async function setBackState(
  reader: Reader,
  at: Height,
  signal: AbortSignal,
): Promise<SetBackState | NoProof> {
  const { header, newest } = headersOfState(reader, at);
  const changed = await changedSince(reader, at, newest.number, signal);
  if (typeof changed === 'string') return changed;
  const tries = createTries(reader, newest.stateRoot);
  let turn: AccountChange[] = [];
  let keys = 0;
  for (const change of oldValues(reader, at, changed)) {
    turn.push(change);
    keys += 1 + change.storage.length;
    if (keys < KEYS_PER_TURN) continue;
    tries.change(turn);
    [turn, keys] = [[], 0];
    await breathe();
    signal.throwIfAborted();
  }
  tries.change(turn);
  const { root } = tries;
  invariant(equalBytes(root(), header.stateRoot), 'the history leads back to the state root');
  return { rootAfter: tries.rootAfter };
}

type Changed = ReadonlyMap<string, { readonly address: Address; readonly slots: Slots }>;
type Slots = ReadonlyMap<string, Uint8Array>;

async function changedSince(
  reader: Reader,
  at: Height,
  head: Height,
  signal: AbortSignal,
): Promise<Changed | NoProof> {
  const changed = new Map<string, { address: Address; slots: Map<string, Uint8Array> }>();
  let keys = 0;
  for (let number = at + 1n; number <= head; number += 1n) {
    const record = reader.get(numberKey('changed', number));
    if (record === undefined) return 'before-records';
    for (const { address, slots } of decodeChangedKeys(record)) {
      const known = changed.get(keyOf(address)) ?? { address, slots: new Map() };
      changed.set(keyOf(address), known);
      for (const slot of slots) known.slots.set(keyOf(slot), slot);
      keys += 1 + slots.length;
    }
    if (keys > MOST_KEYS) return 'too-many-changes';
    if (number % 64n === 0n) await breathe();
    signal.throwIfAborted();
  }
  return changed;
}

/** An account with many slots comes in several parts. */
function* oldValues(reader: Reader, at: Height, changed: Changed): Iterable<AccountChange> {
  for (const { address, slots } of changed.values()) {
    const held = accountFrom(valueAt(reader, accountKey(address), at));
    const storage = [...slots.values()];
    let from = 0;
    do {
      const part = held === undefined ? [] : storage.slice(from, from + KEYS_PER_TURN);
      yield {
        address,
        account: held,
        storageCleared: false,
        storage: part.map((slot) => ({ slot, value: valueAt(reader, slotKey(address, slot), at) })),
      };
      from = held === undefined ? storage.length : from + KEYS_PER_TURN;
    } while (from < storage.length);
  }
}

type Tries = {
  change(accounts: readonly AccountChange[]): void;
  root(): Hash;
  rootAfter(changes: StateChanges): Hash;
};

/** The stored tries with changes on top, in memory. */
function createTries(reader: Reader, newestRoot: Hash): Tries {
  const accounts = new Map<string, Account | undefined>();
  /** By owner, then by path. */
  const nodes = new Map<string, Map<string, Uint8Array | undefined>>();
  /** Owners whose stored nodes no longer count. */
  const cleared = new Set<string>();
  let stateRoot = newestRoot;
  const ownerKey = (owner: Hash | undefined): string => (owner === undefined ? '' : keyOf(owner));
  const before = (): StateBefore => ({
    stateRoot,
    account: (address) => {
      const key = keyOf(address);
      if (accounts.has(key)) return accounts.get(key);
      return accountFrom(newestValue(reader, accountKey(address)));
    },
    node: (owner, path) => {
      const own = nodes.get(ownerKey(owner));
      const key = keyOf(path);
      if (own?.has(key) === true) return own.get(key);
      return cleared.has(ownerKey(owner)) ? undefined : reader.get(nodeKey(owner, path));
    },
  });
  return {
    change: (list) => {
      const commitment = commitState(before(), { accounts: list, codes: [] });
      for (const owner of commitment.clearedOwners) {
        cleared.add(keyOf(owner));
        nodes.delete(keyOf(owner));
      }
      for (const { owner, path, node } of commitment.nodes) {
        const own = nodes.get(ownerKey(owner)) ?? new Map();
        own.set(keyOf(path), node);
        nodes.set(ownerKey(owner), own);
      }
      for (const { address, account } of list) {
        const storageRoot = commitment.storageRoots.get(keyOf(address));
        accounts.set(keyOf(address), account && storageRoot && { ...account, storageRoot });
      }
      ({ stateRoot } = commitment);
    },
    root: () => stateRoot,
    rootAfter: (changes) => commitState(before(), changes).stateRoot,
  };
}
