/** Random chains against a model that keeps every state whole (invariant 4 of the design, for storage). */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AccountChange,
  type Address,
  asAddress,
  bytesToHex,
  commitState,
  compareBytes,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  hexToBytes,
  type StateReader,
} from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { openStore } from './open-store.ts';
import { next, optionsAt } from './testkit/small-chain.ts';

const test = suite('ledger/store/state-history');

/** Slot values by slot, both in hexadecimal. */
type ModelAccount = { readonly balance: bigint; readonly slots: ReadonlyMap<string, string> };
type ModelState = ReadonlyMap<string, ModelAccount>;

const ADDRESSES = Array.from({ length: 6 }, (_, i) => asAddress(new Uint8Array(20).fill(i + 1)));
const SLOTS = Array.from({ length: 5 }, (_, i) => new Uint8Array(32).fill(i + 1));
const NONE = new Uint8Array(0);

function randomChange(random: TestRandom, address: Address): AccountChange {
  const fate = random.below(8);
  if (fate === 0) return { address, account: undefined, storageCleared: true, storage: [] };
  const storage = SLOTS.filter(() => random.below(3) === 0).map((slot) => ({
    slot,
    value: random.below(3) === 0 ? NONE : Uint8Array.of(1 + random.below(3)),
  }));
  const balance = BigInt(random.below(4));
  const account = { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH };
  return { address, account, storageCleared: fate === 1, storage };
}

function applied(state: ModelState, changes: readonly AccountChange[]): ModelState {
  const after = new Map(state);
  for (const { address, account, storageCleared, storage } of changes) {
    const key = bytesToHex(address);
    if (account === undefined) {
      after.delete(key);
      continue;
    }
    const slots = new Map(storageCleared ? [] : state.get(key)?.slots);
    for (const { slot, value } of storage) {
      if (value.length === 0) slots.delete(bytesToHex(slot));
      else slots.set(bytesToHex(slot), bytesToHex(value));
    }
    after.set(key, { balance: account.balance, slots });
  }
  return after;
}

/** The state root of a model state, from nothing. */
function rootOf(state: ModelState): string {
  const accounts = [...state].map(([address, { balance, slots }]) => ({
    address: asAddress(hexToBytes(address)),
    account: { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: [...slots]
      .map(([slot, value]) => ({ slot: hexToBytes(slot), value: hexToBytes(value) }))
      .sort((a, b) => compareBytes(a.slot, b.slot)),
  }));
  accounts.sort((a, b) => compareBytes(a.address, b.address));
  const nothing = { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined };
  return bytesToHex(commitState(nothing, { accounts, codes: [] }).stateRoot);
}

function assertShows(reader: StateReader | undefined, state: ModelState, message: string): void {
  for (const address of ADDRESSES) {
    const expected = state.get(bytesToHex(address));
    assert.is(reader?.account(address)?.balance, expected?.balance, message);
    for (const slot of SLOTS) {
      const value = bytesToHex(reader?.storage(address, slot) ?? NONE);
      assert.is(value, expected?.slots.get(bytesToHex(slot)) ?? '0x', message);
    }
  }
}

test('L-6: each state of a random chain equals the model, at the time and ever after', async () => {
  const random = seededRandom('ledger/store/state-history');
  const directory = temporaryDirectory();
  const options = optionsAt(join(directory, 'chain'), { accounts: [], codes: [] });
  let store = await openStore(options);
  const states: ModelState[] = [new Map()];
  try {
    for (let number = 1; number <= 120; number += 1) {
      // Some accounts change at every block, some once in a while: both ends of the history's search.
      const changes = ADDRESSES.filter((_, i) => i === 0 || random.below(2 ** i) === 0).map(
        (address) => randomChange(random, address),
      );
      await store.write(next(store, changes));
      const state = applied(states.at(-1) as ModelState, changes);
      states.push(state);
      const place = `block ${number}: ${random.rerun}`;
      assert.is(bytesToHex(store.head().header.stateRoot), rootOf(state), place);
      assertShows(store.state(), state, place);
      if (random.below(30) === 0) {
        await store.close();
        store = await openStore(options);
      }
    }
    for (const [number, state] of states.entries()) {
      assertShows(store.stateAt(BigInt(number)), state, `state ${number}: ${random.rerun}`);
    }
  } finally {
    await store.close();
  }
});

test.run();
