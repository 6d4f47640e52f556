/** World state as values: what execution reads, what it changes, what the trie makes of it. */
import type { Address, Hash, Height, Wei } from './bytes.ts';

/** Yellow paper section 4.1. */
export type Account = {
  readonly nonce: bigint;
  readonly balance: Wei;
  readonly storageRoot: Hash;
  readonly codeHash: Hash;
};

/** Synchronous reads of the state after one block. Each call is one point read. */
export type StateReader = {
  /** Undefined if the account does not exist. */
  account(address: Address): Account | undefined;
  /** The minimal big-endian value of a 32-byte slot; the empty string is zero. */
  storage(address: Address, slot: Uint8Array): Uint8Array;
  /** @throws InvariantError if no account has that code. */
  code(codeHash: Hash): Uint8Array;
  /** Hash of a final block by number; undefined above the head. */
  blockHash(number: Height): Hash | undefined;
};

export type SlotChange = {
  /** 32 bytes. */
  readonly slot: Uint8Array;
  /** Minimal big-endian; empty deletes. */
  readonly value: Uint8Array;
};

export type AccountChange = {
  readonly address: Address;
  /** Undefined deletes the account and all its storage. */
  readonly account:
    | { readonly nonce: bigint; readonly balance: Wei; readonly codeHash: Hash }
    | undefined;
  /** The old storage goes before `storage` is applied. */
  readonly storageCleared: boolean;
  readonly storage: readonly SlotChange[];
};

/** All that one block changed, sorted by address, slots sorted within. */
export type StateChanges = {
  readonly accounts: readonly AccountChange[];
  readonly codes: readonly { readonly codeHash: Hash; readonly code: Uint8Array }[];
};

/** A changed node of the account trie (`owner` undefined) or of the storage trie of `owner` = keccak(address). */
export type TrieNodeWrite = {
  readonly owner: Hash | undefined;
  /** One nibble (0-15) a byte, from the root. */
  readonly path: Uint8Array;
  /** RLP of the node; undefined deletes it. */
  readonly node: Uint8Array | undefined;
};

/** The state root that changes lead to, with the writes that make the stored trie show it. */
export type StateCommitment = {
  readonly stateRoot: Hash;
  readonly nodes: readonly TrieNodeWrite[];
  /** Storage tries that vanish whole, before `nodes` are written. */
  readonly clearedOwners: readonly Hash[];
  /** New storage root of each changed account that still exists, by `keyOf(address)`. */
  readonly storageRoots: ReadonlyMap<string, Hash>;
};

/** The state of the head: reads for execution, and the root that changes would lead to. Neither writes. */
export type StatePort = StateReader & {
  commit(changes: StateChanges): StateCommitment;
};
