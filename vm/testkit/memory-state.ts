/** A state in memory with its real tries: what execution reads in tests, and the roots that it leads to. */
import { keccak256 } from '#crypto';
import {
  type Account,
  type AccountChange,
  type Address,
  commitState,
  concatBytes,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  type Hash,
  type Height,
  InvariantError,
  keyOf,
  type StateChanges,
  type StateCommitment,
  type StatePort,
} from '../../ledger/model/index.ts';

export type Allocation = {
  readonly address: Address;
  readonly nonce?: bigint;
  readonly balance?: bigint;
  readonly code?: Uint8Array;
  readonly storage?: readonly { readonly slot: Uint8Array; readonly value: Uint8Array }[];
};

export type MemoryState = StatePort & {
  readonly root: () => Hash;
  /** Moves on to the state that the changes lead to. */
  apply(changes: StateChanges): Hash;
};

export function createMemoryState(
  allocations: readonly Allocation[],
  blockHash: (number: Height) => Hash | undefined = () => undefined,
): MemoryState {
  const accounts = new Map<string, Account>();
  const slots = new Map<string, Uint8Array>();
  const codes = new Map<string, Uint8Array>();
  const nodes = new Map<string, Uint8Array>();
  let stateRoot: Hash = EMPTY_ROOT;

  const nodeKey = (owner: Hash | undefined, path: Uint8Array): string =>
    `${owner === undefined ? '' : keyOf(owner)}/${path.join('.')}`;

  const account = (address: Address): Account | undefined => accounts.get(keyOf(address));

  const commit = (changes: StateChanges): StateCommitment =>
    commitState(
      { stateRoot, account, node: (owner, path) => nodes.get(nodeKey(owner, path)) },
      changes,
    );

  const dropSlots = (address: Address): void => {
    const prefix = keyOf(address);
    for (const key of slots.keys()) if (key.startsWith(prefix)) slots.delete(key);
  };

  const applyNodes = ({ clearedOwners, nodes: writes }: StateCommitment): void => {
    for (const owner of clearedOwners) {
      for (const key of nodes.keys()) if (key.startsWith(`${keyOf(owner)}/`)) nodes.delete(key);
    }
    for (const { owner, path, node } of writes) {
      if (node === undefined) nodes.delete(nodeKey(owner, path));
      else nodes.set(nodeKey(owner, path), node);
    }
  };

  const applySlots = ({ address, storage }: AccountChange): void => {
    for (const { slot, value } of storage) {
      const key = keyOf(concatBytes(address, slot));
      if (value.length === 0) slots.delete(key);
      else slots.set(key, value);
    }
  };

  const apply = (changes: StateChanges): Hash => {
    const commitment = commit(changes);
    applyNodes(commitment);
    for (const { codeHash, code } of changes.codes) codes.set(keyOf(codeHash), code);
    for (const change of changes.accounts) {
      const { address, account: after, storageCleared } = change;
      const key = keyOf(address);
      if (storageCleared || after === undefined) dropSlots(address);
      applySlots(change);
      if (after === undefined) accounts.delete(key);
      else {
        const storageRoot = commitment.storageRoots.get(key) ?? EMPTY_ROOT;
        accounts.set(key, { ...after, storageRoot });
      }
    }
    stateRoot = commitment.stateRoot;
    return stateRoot;
  };

  apply(allocationChanges(allocations));
  return {
    account,
    storage: (address, slot) => slots.get(keyOf(concatBytes(address, slot))) ?? new Uint8Array(0),
    code: (codeHash) => {
      const code = codes.get(keyOf(codeHash));
      if (code === undefined) throw new InvariantError('code that an account names is there');
      return code;
    },
    blockHash,
    commit,
    root: () => stateRoot,
    apply,
  };
}

function allocationChanges(allocations: readonly Allocation[]): StateChanges {
  const sorted = [...allocations].sort((a, b) => (keyOf(a.address) < keyOf(b.address) ? -1 : 1));
  const codes: { codeHash: Hash; code: Uint8Array }[] = [];
  const accounts = sorted.map(({ address, nonce = 0n, balance = 0n, code, storage = [] }) => {
    const hasCode = code !== undefined && code.length > 0;
    const codeHash = hasCode ? keccak256(code) : EMPTY_CODE_HASH;
    if (hasCode) codes.push({ codeHash, code });
    const written = storage.filter(({ value }) => value.length > 0);
    written.sort((a, b) => (keyOf(a.slot) < keyOf(b.slot) ? -1 : 1));
    return {
      address,
      account: { nonce, balance, codeHash },
      storageCleared: false,
      storage: written,
    };
  });
  return { accounts, codes };
}
