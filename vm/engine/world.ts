/**
 * Answers what the engine asks for while it runs: accounts, slots, code and block hashes out of the state
 * underneath, and precompiles. Remembers what the state said, so that a block's changes can be told.
 */
import {
  type Account,
  type Address,
  EMPTY_ROOT,
  equalBytes,
  type Hash,
  invariant,
  keyOf,
  type StateReader,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import type { Precompile } from '../precompiles/index.ts';
import { isDelegation } from '../transaction-rules.ts';
import {
  type EngineInstance,
  engineFault,
  readOutput,
  writePadded,
  writeQuantity,
} from './instance.ts';
import {
  BLOCK_HASHES,
  BLOCK_HASHES_KNOWN,
  CLEARED,
  INPUT,
  LOADED,
  NEED_ACCOUNT,
  NEED_BLOCK_HASH,
  NEED_CODE,
  NEED_MEMORY,
  NEED_PRECOMPILE,
  NEED_SLOT,
  OUTPUT,
} from './layout.ts';

/** Prefix and address (EIP-7702). */
const DELEGATION_LENGTH = 23;

/** An instance at work on one state. */
export type World = {
  readonly instance: EngineInstance;
  readonly state: StateReader;
  readonly precompiles: ReadonlyMap<number, Precompile>;
  /** Number of the block. */
  readonly number: bigint;
  /** Numbers of codes in the instance by hash; outlives the block. */
  readonly codes: Map<string, number>;
  /** What the state says of the account with that number. */
  readonly accounts: (Account | undefined)[];
  /** The same for slots, minimal; undefined where nobody asked. */
  readonly slots: (Uint8Array | undefined)[];
};

/** What crosses from the engine as 64 bits comes signed. */
export function nonceAt({ instance }: World, id: number): bigint {
  return BigInt.asUintN(64, instance.functions.accountNonce(id));
}

/** Number of the account in the instance, whether or not its state is there. */
export function findAccount({ instance }: World, address: Uint8Array): number {
  instance.bytes().set(address, INPUT);
  return instance.functions.findAccount();
}

/** The same with its state. */
export function loadAccount(world: World, address: Address): number {
  const id = findAccount(world, address);
  if ((world.instance.functions.accountFlags(id) & LOADED) === 0) fill(world, id, address);
  return id;
}

/** Brings in the state of an account that the instance already numbered. */
export function ensureLoaded(world: World, id: number): void {
  if ((world.instance.functions.accountFlags(id) & LOADED) === 0)
    fill(world, id, addressAt(world, id));
}

function fill({ instance, state, accounts }: World, id: number, address: Address): void {
  const account = state.account(address);
  accounts[id] = account;
  if (account === undefined) {
    instance.functions.fillMissingAccount(id);
    return;
  }
  writeQuantity(instance, 0, account.balance);
  instance.bytes().set(account.codeHash, INPUT + 32);
  const hasStorage = !equalBytes(account.storageRoot, EMPTY_ROOT);
  instance.functions.fillAccount(id, account.nonce, hasStorage);
}

export function addressAt({ instance }: World, id: number): Address {
  instance.functions.describeAccount(id);
  return readOutput(instance, 0, 20) as Address;
}

export function codeHashAt({ instance }: World, id: number): Hash {
  instance.functions.describeAccount(id);
  return readOutput(instance, 32, 32) as Hash;
}

/** Code of an account; empty if it has none. */
export function codeAt(world: World, id: number): Uint8Array {
  const { functions } = world.instance;
  if (functions.hasAccountCode(id) === 0) return new Uint8Array(0);
  if (functions.isCodeKnown(functions.accountCode(id)) === 0) bringCode(world, id);
  return codeBytes(world, functions.accountCode(id));
}

/** A copy of the code with that number. */
export function codeBytes({ instance }: World, code: number): Uint8Array {
  const place = instance.functions.codePlace(code);
  return instance.bytes().slice(place, place + instance.functions.codeSize(code));
}

/** Puts code that the block makes into the instance; its number. */
export function addCode({ instance }: World, code: Uint8Array): number {
  return writeCode(instance, instance.functions.makeCode(code.length, true), code);
}

/** Puts code of the state into the instance, where it stays until room is needed. */
function keepCode({ instance, codes }: World, code: Uint8Array): number {
  const { functions } = instance;
  let number = functions.makeCode(code.length, false);
  if (number === 0) {
    functions.dropCodes();
    codes.clear();
    number = functions.makeCode(code.length, false);
  }
  // Longer than all the room there is: pinned, as long as the instance lives.
  if (number === 0) number = functions.makeCode(code.length, true);
  return writeCode(instance, number, code);
}

function writeCode(instance: EngineInstance, number: number, code: Uint8Array): number {
  const { functions } = instance;
  instance.bytes().set(code, functions.codePlace(number));
  functions.analyseCode(number);
  return number;
}

/** The account that code of this account delegates to (EIP-7702); undefined if it is no delegation. */
export function delegateAt(world: World, id: number): Address | undefined {
  const { functions } = world.instance;
  if (functions.hasAccountCode(id) === 0) return undefined;
  if (functions.isCodeKnown(functions.accountCode(id)) === 0) bringCode(world, id);
  if (functions.codeSize(functions.accountCode(id)) !== DELEGATION_LENGTH) return undefined;
  const code = codeBytes(world, functions.accountCode(id));
  return isDelegation(code) ? (code.subarray(3) as Address) : undefined;
}

function bringCode(world: World, id: number): void {
  const hash = codeHashAt(world, id);
  const key = keyOf(hash);
  let number = world.codes.get(key);
  if (number === undefined) {
    number = keepCode(world, world.state.code(hash));
    world.codes.set(key, number);
  }
  world.instance.functions.setAccountCode(id, number);
}

/** Gives the engine what it stopped for. */
export function answer(world: World, status: number): void {
  const { functions } = world.instance;
  switch (status) {
    case NEED_ACCOUNT:
      ensureLoaded(world, functions.askedFor());
      return;
    case NEED_SLOT:
      bringSlot(world, functions.askedFor());
      return;
    case NEED_CODE:
      bringCode(world, functions.askedFor());
      return;
    case NEED_BLOCK_HASH:
      bringBlockHash(world, functions.askedFor());
      return;
    case NEED_PRECOMPILE:
      runPrecompile(world);
      return;
    case NEED_MEMORY:
      throw engineFault('no message may use more memory than there is; lower the gas limit');
    default:
      throw engineFault(`status ${status} is none of its own`);
  }
}

/** The value under a slot that the block may have changed. */
export function bringSlot(world: World, slot: number): void {
  const { instance, state, slots } = world;
  const address = addressAt(world, instance.functions.slotOwner(slot));
  instance.functions.describeSlot(slot);
  const value = state.storage(address, readOutput(instance, 0, 32));
  slots[slot] = value;
  writePadded(instance, value);
  instance.functions.fillSlotValue(slot);
}

/** 32 bytes: what the block has left in a slot so far. Nothing becomes warm or counts as touched. */
export function slotValue(world: World, address: Address, slot: Uint8Array): Uint8Array {
  const { instance, slots } = world;
  const { functions } = instance;
  const account = loadAccount(world, address);
  writePadded(instance, slot);
  const number = functions.findSlot(account);
  const isWritten = functions.describeSlot(number) !== 0;
  const isCleared = (functions.accountFlags(account) & CLEARED) !== 0;
  // What the block wrote, or emptied, is not to be taken from the state again.
  if (!isWritten && !isCleared && slots[number] === undefined) {
    bringSlot(world, number);
    functions.describeSlot(number);
  }
  return readOutput(instance, 32, 32);
}

function bringBlockHash({ instance, state, number }: World, distance: number): void {
  const wanted = number - BigInt(distance);
  const hash = state.blockHash(wanted) ?? ZERO_HASH;
  const cell = Number(wanted & 255n);
  const bytes = instance.bytes();
  for (let i = 0; i < 32; i += 1) bytes[BLOCK_HASHES + 32 * cell + i] = hash[31 - i] as number;
  bytes[BLOCK_HASHES_KNOWN + cell] = 1;
}

function runPrecompile({ instance, precompiles }: World): void {
  const { functions } = instance;
  functions.describePrecompile();
  const view = instance.view();
  const gas = view.getBigUint64(OUTPUT, true);
  const number = view.getUint32(OUTPUT + 8, true);
  const place = view.getUint32(OUTPUT + 12, true);
  const input = instance.bytes().slice(place, place + view.getUint32(OUTPUT + 16, true));
  const precompile = precompiles.get(number);
  invariant(precompile !== undefined, 'a precompile that the engine knows is there');
  const price = precompile.gas(input);
  if (price > gas) {
    // More than there is: out of gas, however much more.
    functions.finishPrecompile(false, gas + 1n);
    return;
  }
  const result = precompile.run(input);
  if (result !== undefined) {
    const at = functions.reserveOutput(result.length);
    instance.bytes().set(result, at);
  }
  functions.finishPrecompile(result !== undefined, price);
}
