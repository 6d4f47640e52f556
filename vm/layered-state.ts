/** Changes in memory over a state that is only read: what overrides and simulated blocks execute on. */
import {
  type Account,
  type AccountChange,
  type Address,
  compareBytes,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  type Height,
  keyOf,
  type SlotChange,
  type StateChanges,
  type StateReader,
} from '../ledger/model/index.ts';

export type LayeredState = StateReader & {
  /** Puts changes on top of those before. */
  apply(changes: StateChanges): void;
  /** All changes together, over the state underneath; the same object until there are more. */
  changes(): StateChanges;
  /** Adds a block above those that the state underneath knows. */
  addBlockHash(number: Height, hash: Hash): void;
};

type Layer = {
  readonly address: Address;
  account: AccountChange['account'];
  /** What is underneath no longer counts. */
  isCleared: boolean;
  readonly slots: Map<string, SlotChange>;
};

const NO_VALUE: Uint8Array = new Uint8Array(0);
/** Engines ask of a storage root only whether there is any storage. */
const SOME_ROOT: Hash = new Uint8Array(32).fill(0xff) as Hash;

export function createLayeredState(below: StateReader): LayeredState {
  const layers = new Map<string, Layer>();
  const codes = new Map<string, StateChanges['codes'][number]>();
  const hashes = new Map<Height, Hash>();
  let together: StateChanges | undefined;

  const layerOf = (address: Address): Layer => {
    const key = keyOf(address);
    const known = layers.get(key);
    if (known !== undefined) return known;
    const layer = { address, account: undefined, isCleared: false, slots: new Map() };
    layers.set(key, layer);
    return layer;
  };

  return {
    account: (address) => {
      const layer = layers.get(keyOf(address));
      if (layer === undefined) return below.account(address);
      if (layer.account === undefined) return undefined;
      const storageRoot = rootOf(layer, below);
      return { ...layer.account, storageRoot } satisfies Account;
    },
    storage: (address, slot) => {
      const layer = layers.get(keyOf(address));
      if (layer === undefined) return below.storage(address, slot);
      const written = layer.slots.get(keyOf(slot));
      if (written !== undefined) return written.value;
      return layer.isCleared ? NO_VALUE : below.storage(address, slot);
    },
    code: (codeHash) => codes.get(keyOf(codeHash))?.code ?? below.code(codeHash),
    blockHash: (number) => hashes.get(number) ?? below.blockHash(number),
    apply: (changes) => {
      if (changes.accounts.length + changes.codes.length === 0) return;
      together = undefined;
      for (const change of changes.accounts) applyChange(layerOf(change.address), change);
      for (const entry of changes.codes) codes.set(keyOf(entry.codeHash), entry);
    },
    changes: () => {
      together ??= {
        accounts: [...layers.values()]
          .filter((layer) => !isAbsent(layer, below))
          .map(changeOf)
          .sort((a, b) => compareBytes(a.address, b.address)),
        codes: [...codes.values()].sort((a, b) => compareBytes(a.codeHash, b.codeHash)),
      };
      return together;
    },
    addBlockHash: (number, hash) => {
      hashes.set(number, hash);
    },
  };
}

function applyChange(layer: Layer, { account, storageCleared, storage }: AccountChange): void {
  layer.account = account;
  if (account === undefined || storageCleared) {
    layer.isCleared = true;
    layer.slots.clear();
  }
  for (const change of storage) layer.slots.set(keyOf(change.slot), change);
}

function rootOf(layer: Layer, below: StateReader): Hash {
  const root = layer.isCleared ? undefined : below.account(layer.address)?.storageRoot;
  if (root !== undefined && !equalBytes(root, EMPTY_ROOT)) return root;
  const isEmpty = [...layer.slots.values()].every(({ value }) => value.length === 0);
  return isEmpty ? EMPTY_ROOT : SOME_ROOT;
}

/** Made and gone again above a state that never had it. */
function isAbsent(layer: Layer, below: StateReader): boolean {
  return layer.account === undefined && below.account(layer.address) === undefined;
}

function changeOf({ address, account, isCleared, slots }: Layer): AccountChange {
  const storage = [...slots.values()].sort((a, b) => compareBytes(a.slot, b.slot));
  return { address, account, storageCleared: isCleared, storage };
}
