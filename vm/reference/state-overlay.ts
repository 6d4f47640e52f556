/**
 * The changes of one block over a `StateReader`, in memory, with checkpoints.
 *
 * The synchronous part is ours; `StateManagerInterface` of ethereumjs is a thin promise layer on top of it.
 * There is no trie: the block's final values leave through `changes()`. Undoing a checkpoint replays a list
 * of closures backwards, so a checkpoint costs nothing and a revert only what was written since.
 *
 * Code changes through `setCode` alone: `putAccount` keeps the code hash that the overlay has, which lets a
 * call come from an account that has code (see `sender-view.ts`).
 */
import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { Account as EthereumAccount, type Address as EthereumAddress } from '@ethereumjs/util';
import { keccak256 } from '#crypto';
import {
  type Account,
  type AccountChange,
  type Address,
  asAddress,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  InvariantError,
  keyOf,
  type SlotChange,
  type StateChanges,
  type StateReader,
} from '../../ledger/model/index.ts';

type Entry = { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: Hash };

const NOTHING = new Uint8Array(0);

export class StateOverlay implements StateManagerInterface {
  #reader: StateReader;
  readonly #base = new Map<string, Account | undefined>();
  readonly #baseSlots = new Map<string, Uint8Array>();
  readonly #baseCodes = new Map<string, Uint8Array>();
  readonly #accounts = new Map<string, Entry | undefined>();
  readonly #slots = new Map<string, Map<string, Uint8Array>>();
  /** Accounts whose stored slots no longer count. */
  readonly #cleared = new Set<string>();
  readonly #codes = new Map<string, Uint8Array>();
  /** Values of slots as the running transaction found them (EIP-2200). */
  readonly #originals = new Map<string, Uint8Array>();
  #undo: (() => void)[] = [];
  readonly #marks: number[] = [];

  readonly #rootOf: ((changes: StateChanges) => Hash) | undefined;

  /** @param rootOf for receipts from before Byzantium, which hold the root after each transaction */
  constructor(reader: StateReader, rootOf?: (changes: StateChanges) => Hash) {
    this.#reader = reader;
    this.#rootOf = rootOf;
  }

  /** Forgets everything and starts over on another state. */
  open(reader: StateReader): void {
    this.#reader = reader;
    this.clear();
  }

  /** Forgets everything and starts over. */
  clear(): void {
    for (const map of [this.#base, this.#baseSlots, this.#baseCodes, this.#accounts]) map.clear();
    for (const map of [this.#slots, this.#cleared, this.#codes, this.#originals]) map.clear();
    this.#undo = [];
    this.#marks.length = 0;
  }

  /** Undefined if the account does not exist. */
  account(address: Uint8Array): Entry | undefined {
    return this.#entry(keyOf(address));
  }

  /** Code of an account; empty if it has none. */
  code(address: Uint8Array): Uint8Array {
    const hash = this.#entry(keyOf(address))?.codeHash;
    if (hash === undefined || equalBytes(hash, EMPTY_CODE_HASH)) return NOTHING;
    const key = keyOf(hash);
    const known = this.#codes.get(key) ?? this.#baseCodes.get(key);
    if (known !== undefined) return known;
    const code = this.#reader.code(hash);
    this.#baseCodes.set(key, code);
    return code;
  }

  setAccount(address: Uint8Array, nonce: bigint, balance: bigint): void {
    const key = keyOf(address);
    this.#setEntry(key, {
      nonce,
      balance,
      codeHash: this.#entry(key)?.codeHash ?? EMPTY_CODE_HASH,
    });
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const key = keyOf(address);
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    if (code.length > 0) this.#codes.set(keyOf(codeHash), code);
    const entry = this.#entry(key);
    this.#setEntry(key, { nonce: entry?.nonce ?? 0n, balance: entry?.balance ?? 0n, codeHash });
  }

  setSlot(address: Uint8Array, slot: Uint8Array, value: Uint8Array): void {
    const key = keyOf(address);
    let slots = this.#slots.get(key);
    if (slots === undefined) {
      slots = new Map();
      this.#slots.set(key, slots);
    }
    const of = slots;
    const slotKey = keyOf(slot);
    const before = of.get(slotKey);
    of.set(slotKey, withoutLeadingZeros(value));
    this.#undo.push(() => {
      if (before === undefined) of.delete(slotKey);
      else of.set(slotKey, before);
    });
  }

  clearSlots(address: Uint8Array): void {
    const key = keyOf(address);
    const before = this.#slots.get(key);
    if (before !== undefined) {
      this.#slots.delete(key);
      this.#undo.push(() => this.#slots.set(key, before));
    }
    if (this.#cleared.has(key) || !hasStorage(this.#baseAccount(key))) return;
    this.#cleared.add(key);
    this.#undo.push(() => this.#cleared.delete(key));
  }

  /** All that differs from the state underneath, in canonical order. */
  changes(): StateChanges {
    const keys = new Set([...this.#accounts.keys(), ...this.#slots.keys(), ...this.#cleared]);
    const accounts: AccountChange[] = [];
    const codes = new Map<string, { codeHash: Hash; code: Uint8Array }>();
    for (const key of [...keys].sort()) {
      const change = this.#accountChange(key);
      if (change === undefined) continue;
      accounts.push(change);
      if (change.account === undefined) continue;
      const codeKey = keyOf(change.account.codeHash);
      const code = this.#codes.get(codeKey);
      const before = this.#baseAccount(key)?.codeHash;
      const isNew = before === undefined || !equalBytes(before, change.account.codeHash);
      if (code !== undefined && isNew)
        codes.set(codeKey, { codeHash: change.account.codeHash, code });
    }
    const sorted = [...codes].sort(([a], [b]) => (a < b ? -1 : 1));
    return { accounts, codes: sorted.map(([, entry]) => entry) };
  }

  #accountChange(key: string): AccountChange | undefined {
    const base = this.#baseAccount(key);
    const entry = this.#entry(key);
    const address: Address = asAddress(bytesOf(key));
    if (entry === undefined) {
      if (base === undefined) return undefined;
      return { address, account: undefined, storageCleared: true, storage: [] };
    }
    const storageCleared = this.#cleared.has(key);
    const storage = this.#slotChanges(key, address, storageCleared);
    const same =
      base !== undefined &&
      base.nonce === entry.nonce &&
      base.balance === entry.balance &&
      equalBytes(base.codeHash, entry.codeHash);
    if (same && !storageCleared && storage.length === 0) return undefined;
    const { nonce, balance, codeHash } = entry;
    return { address, account: { nonce, balance, codeHash }, storageCleared, storage };
  }

  #slotChanges(key: string, address: Address, storageCleared: boolean): SlotChange[] {
    const changes: SlotChange[] = [];
    for (const [slotKey, value] of [...(this.#slots.get(key) ?? [])].sort(byKey)) {
      const slot = bytesOf(slotKey);
      const before = storageCleared ? NOTHING : this.#baseSlot(key, address, slotKey, slot);
      if (!equalBytes(before, value)) changes.push({ slot, value });
    }
    return changes;
  }

  #baseAccount(key: string): Account | undefined {
    const known = this.#base.get(key);
    if (known !== undefined || this.#base.has(key)) return known;
    const account = this.#reader.account(asAddress(bytesOf(key)));
    this.#base.set(key, account);
    return account;
  }

  #entry(key: string): Entry | undefined {
    const entry = this.#accounts.get(key);
    if (entry !== undefined || this.#accounts.has(key)) return entry;
    return this.#baseAccount(key);
  }

  #setEntry(key: string, entry: Entry | undefined): void {
    const had = this.#accounts.has(key);
    const before = this.#accounts.get(key);
    this.#accounts.set(key, entry);
    this.#undo.push(() => {
      if (had) this.#accounts.set(key, before);
      else this.#accounts.delete(key);
    });
  }

  /** The value of a slot, minimal. */
  slot(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const key = keyOf(address);
    const slotKey = keyOf(slot);
    const value = this.#slots.get(key)?.get(slotKey);
    if (value !== undefined) return value;
    if (this.#cleared.has(key) || !hasStorage(this.#baseAccount(key))) return NOTHING;
    return this.#baseSlot(key, asAddress(address), slotKey, slot);
  }

  #baseSlot(key: string, address: Address, slotKey: string, slot: Uint8Array): Uint8Array {
    const cacheKey = key + slotKey;
    const known = this.#baseSlots.get(cacheKey);
    if (known !== undefined) return known;
    const value = this.#reader.storage(address, slot);
    this.#baseSlots.set(cacheKey, value);
    return value;
  }

  // What follows is the interface that ethereumjs asks for.

  readonly originalStorageCache: StateManagerInterface['originalStorageCache'] = {
    get: async (address: EthereumAddress, slot: Uint8Array): Promise<Uint8Array> => {
      const key = keyOf(address.bytes) + keyOf(slot);
      const known = this.#originals.get(key);
      if (known !== undefined) return known;
      const value = this.slot(address.bytes, slot);
      this.#originals.set(key, value);
      return value;
    },
    clear: (): void => this.#originals.clear(),
  };

  async getAccount(address: EthereumAddress): Promise<EthereumAccount | undefined> {
    const key = keyOf(address.bytes);
    const entry = this.#entry(key);
    if (entry === undefined) return undefined;
    const root = this.#cleared.has(key) ? EMPTY_ROOT : this.#baseAccount(key)?.storageRoot;
    return new EthereumAccount(entry.nonce, entry.balance, root ?? EMPTY_ROOT, entry.codeHash);
  }

  async putAccount(address: EthereumAddress, account?: EthereumAccount): Promise<void> {
    if (account === undefined) await this.deleteAccount(address);
    else this.setAccount(address.bytes, account.nonce, account.balance);
  }

  async deleteAccount(address: EthereumAddress): Promise<void> {
    this.clearSlots(address.bytes);
    this.#setEntry(keyOf(address.bytes), undefined);
  }

  async modifyAccountFields(address: EthereumAddress, fields: AccountFields): Promise<void> {
    const entry = this.account(address.bytes);
    this.setAccount(
      address.bytes,
      fields.nonce ?? entry?.nonce ?? 0n,
      fields.balance ?? entry?.balance ?? 0n,
    );
  }

  async putCode(address: EthereumAddress, code: Uint8Array): Promise<void> {
    this.setCode(address.bytes, code);
  }

  async getCode(address: EthereumAddress): Promise<Uint8Array> {
    return this.code(address.bytes);
  }

  async getCodeSize(address: EthereumAddress): Promise<number> {
    return this.code(address.bytes).length;
  }

  async getStorage(address: EthereumAddress, slot: Uint8Array): Promise<Uint8Array> {
    return this.slot(address.bytes, slot);
  }

  async putStorage(address: EthereumAddress, slot: Uint8Array, value: Uint8Array): Promise<void> {
    this.setSlot(address.bytes, slot, value);
  }

  async clearStorage(address: EthereumAddress): Promise<void> {
    this.clearSlots(address.bytes);
  }

  async checkpoint(): Promise<void> {
    this.#marks.push(this.#undo.length);
  }

  async commit(): Promise<void> {
    this.#marks.pop();
    if (this.#marks.length === 0) this.#undo = [];
  }

  async revert(): Promise<void> {
    this.#undoTo(this.#marks.pop() ?? 0);
  }

  /** Undoes every open checkpoint. */
  revertAll(): void {
    const first = this.#marks[0];
    if (first === undefined) return;
    this.#undoTo(first);
    this.#marks.length = 0;
  }

  #undoTo(mark: number): void {
    for (let i = this.#undo.length - 1; i >= mark; i -= 1) this.#undo[i]?.();
    this.#undo.length = mark;
  }

  clearCaches(): void {
    this.#originals.clear();
  }

  async getStateRoot(): Promise<Uint8Array> {
    if (this.#rootOf === undefined) {
      throw new InvariantError('roots are computed outside the engine');
    }
    return this.#rootOf(this.changes());
  }

  setStateRoot(): Promise<void> {
    throw new InvariantError('roots are computed outside the engine');
  }

  hasStateRoot(): Promise<boolean> {
    throw new InvariantError('roots are computed outside the engine');
  }

  shallowCopy(): StateManagerInterface {
    throw new InvariantError('an overlay belongs to one execution');
  }
}

/** The bytes that `keyOf` made a key of: one a code unit. */
function bytesOf(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = key.charCodeAt(i);
  return bytes;
}

function hasStorage(account: Account | undefined): boolean {
  return account !== undefined && !equalBytes(account.storageRoot, EMPTY_ROOT);
}

function withoutLeadingZeros(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length && value[start] === 0) start += 1;
  return value.slice(start);
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
