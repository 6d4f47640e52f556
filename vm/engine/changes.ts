/** What a block changed, read out of the instance once when the block ends. */
import {
  type Account,
  type AccountChange,
  compareBytes,
  EMPTY_CODE_HASH,
  equalBytes,
  type Hash,
  keyOf,
  type SlotChange,
  type StateChanges,
} from '../../ledger/model/index.ts';
import { type EngineInstance, readOutput, readWord } from './instance.ts';
import { CLEARED, EXISTS, OUTPUT } from './layout.ts';
import { addressAt, codeBytes, codeHashAt, nonceAt, type World } from './world.ts';

const NOTHING = new Uint8Array(0);

/** All that differs from the state underneath, in canonical order. */
export function readChanges(world: World): StateChanges {
  const { functions } = world.instance;
  const storage = readStorage(world);
  const accounts: AccountChange[] = [];
  const codes = new Map<string, { codeHash: Hash; code: Uint8Array }>();
  for (let id = 0; id < functions.accounts(); id += 1) {
    const change = readAccount(world, id, storage.get(id) ?? []);
    if (change === undefined) continue;
    accounts.push(change);
    const code = newCode(world, id, change);
    if (code !== undefined) codes.set(keyOf(code.codeHash), code);
  }
  accounts.sort((a, b) => compareBytes(a.address, b.address));
  return {
    accounts,
    codes: [...codes.values()].sort((a, b) => compareBytes(a.codeHash, b.codeHash)),
  };
}

function readAccount(
  world: World,
  id: number,
  storage: readonly SlotChange[],
): AccountChange | undefined {
  const { functions } = world.instance;
  const flags = functions.accountFlags(id);
  const base = world.accounts[id];
  if ((flags & EXISTS) === 0) {
    if (base === undefined) return undefined;
    const address = addressAt(world, id);
    return { address, account: undefined, storageCleared: true, storage: [] };
  }
  const storageCleared = (flags & CLEARED) !== 0;
  const account = {
    nonce: nonceAt(world, id),
    balance: readWord(world.instance, functions.accountBalance(id)),
    codeHash: codeHashAt(world, id),
  };
  if (!storageCleared && storage.length === 0 && isSame(base, account)) return undefined;
  return { address: addressAt(world, id), account, storageCleared, storage };
}

function isSame(base: Account | undefined, now: NonNullable<AccountChange['account']>): boolean {
  return (
    base !== undefined &&
    base.nonce === now.nonce &&
    base.balance === now.balance &&
    equalBytes(base.codeHash, now.codeHash)
  );
}

function newCode(
  world: World,
  id: number,
  { account }: AccountChange,
): { codeHash: Hash; code: Uint8Array } | undefined {
  if (account === undefined || equalBytes(account.codeHash, EMPTY_CODE_HASH)) return undefined;
  const base = world.accounts[id];
  if (base !== undefined && equalBytes(base.codeHash, account.codeHash)) return undefined;
  const code = codeBytes(world, world.instance.functions.accountCode(id));
  return { codeHash: account.codeHash, code };
}

/** Written slots that differ from the state underneath, by account, sorted. */
function readStorage(world: World): ReadonlyMap<number, readonly SlotChange[]> {
  const { instance } = world;
  const { functions } = instance;
  const changes = new Map<number, SlotChange[]>();
  for (let slot = 0; slot < functions.slots(); slot += 1) {
    if (functions.describeSlot(slot) === 0) continue;
    const owner = functions.slotOwner(slot);
    const value = readMinimal(instance);
    const key = readOutput(instance, 0, 32);
    if (equalBytes(value, baseValue(world, slot, owner))) continue;
    const own = changes.get(owner) ?? [];
    own.push({ slot: key, value });
    changes.set(owner, own);
  }
  for (const own of changes.values()) own.sort((a, b) => compareBytes(a.slot, b.slot));
  return changes;
}

/** What the slot counts as underneath: nothing where the storage was emptied or never was. */
function baseValue(world: World, slot: number, owner: number): Uint8Array {
  if ((world.instance.functions.accountFlags(owner) & CLEARED) !== 0) return NOTHING;
  return world.slots[slot] ?? NOTHING;
}

/** The word at OUTPUT + 32 without its leading zeros. */
function readMinimal(instance: EngineInstance): Uint8Array {
  const bytes = instance.bytes();
  let start = OUTPUT + 32;
  const end = start + 32;
  while (start < end && bytes[start] === 0) start += 1;
  return bytes.slice(start, end);
}
