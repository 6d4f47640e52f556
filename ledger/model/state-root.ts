/** The state root that a block's changes lead to, with the trie writes that make it so. */
import { keccak256 } from '#crypto';
import { encodeAccount } from './account.ts';
import { type Address, compareBytes, equalBytes, type Hash, keyOf } from './bytes.ts';
import { EMPTY_ROOT } from './constants.ts';
import { encodeRlp } from './rlp.ts';
import type {
  Account,
  AccountChange,
  SlotChange,
  StateChanges,
  StateCommitment,
  TrieNodeWrite,
} from './state.ts';
import type { TrieEntry } from './trie-keys.ts';
import type { TrieNodes } from './trie-load.ts';
import { updateTrie } from './trie-update.ts';

/** The state before the changes. */
export type StateBefore = {
  readonly stateRoot: Hash;
  /** Undefined if the account does not exist. */
  account(address: Address): Account | undefined;
  /** The minimal value of a slot, where it costs less than reading the leaf that holds it. */
  slot?(address: Address, slot: Uint8Array): Uint8Array;
  /** RLP of a node of the account trie (`owner` undefined) or of a storage trie, by its path. */
  node(owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined;
  /** The same without reading the disk; undefined says nothing. */
  nodeInMemory?(owner: Hash | undefined, path: Uint8Array): Uint8Array | undefined;
};

/** The value that deletes a key. */
const NO_BYTES = new Uint8Array(0);

/**
 * Computes, and writes nothing. Deciding which accounts exist (EIP-161) is the caller's.
 * @throws InvariantError if the stored tries are not those that the roots name
 */
export function commitState(before: StateBefore, changes: StateChanges): StateCommitment {
  const nodes: TrieNodeWrite[] = [];
  const clearedOwners: Hash[] = [];
  const storageRoots = new Map<string, Hash>();
  const entries: TrieEntry[] = [];
  for (const change of changes.accounts) {
    const owner = keccak256(change.address);
    const old = before.account(change.address);
    const oldRoot = old?.storageRoot ?? EMPTY_ROOT;
    const isCleared = change.storageCleared || change.account === undefined;
    if (isCleared && !equalBytes(oldRoot, EMPTY_ROOT)) clearedOwners.push(owner);
    if (change.account === undefined) {
      entries.push({ key: owner, value: NO_BYTES });
      continue;
    }
    const storageRoot = updateStorage(
      before,
      change,
      owner,
      isCleared ? EMPTY_ROOT : oldRoot,
      nodes,
    );
    storageRoots.set(keyOf(change.address), storageRoot);
    entries.push({
      key: owner,
      value: encodeAccount({ ...change.account, storageRoot }),
      before: () => old && encodeAccount(old),
    });
  }
  const { root, writes } = updateTrie(
    before.stateRoot,
    nodesOf(before, undefined),
    sortByKey(entries),
  );
  for (const { path, node } of writes) nodes.push({ owner: undefined, path, node });
  return { stateRoot: root, nodes, clearedOwners, storageRoots };
}

function updateStorage(
  before: StateBefore,
  change: AccountChange,
  owner: Hash,
  oldRoot: Hash,
  nodes: TrieNodeWrite[],
): Hash {
  if (change.storage.length === 0) return oldRoot;
  const { root, writes } = updateTrie(
    oldRoot,
    nodesOf(before, owner),
    sortByKey(change.storage.map((slot) => slotEntry(before, change.address, slot))),
  );
  for (const { path, node } of writes) nodes.push({ owner, path, node });
  return root;
}

function slotEntry(state: StateBefore, address: Address, { slot, value }: SlotChange): TrieEntry {
  const key = keccak256(slot);
  const encoded = value.length === 0 ? NO_BYTES : encodeRlp(value);
  if (state.slot === undefined) return { key, value: encoded };
  const before = (): Uint8Array | undefined => {
    const old = state.slot?.(address, slot) ?? NO_BYTES;
    return old.length === 0 ? undefined : encodeRlp(old);
  };
  return { key, value: encoded, before };
}

function nodesOf(before: StateBefore, owner: Hash | undefined): TrieNodes {
  return {
    read: (path) => before.node(owner, path),
    inMemory: (path) => before.nodeInMemory?.(owner, path),
  };
}

function sortByKey(entries: TrieEntry[]): TrieEntry[] {
  return entries.sort((a, b) => compareBytes(a.key, b.key));
}
