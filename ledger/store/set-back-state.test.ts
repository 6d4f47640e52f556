/** State roots on top of earlier blocks, against those that the headers have. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite } from 'uvu';
import {
  type AccountChange,
  type Address,
  asAddress,
  bytesToHex,
  compareBytes,
  EMPTY_CODE_HASH,
  keyOf,
  type StateChanges,
} from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import type { ChainStore } from './chain-store.ts';
import { openStore } from './open-store.ts';
import { next, optionsAt } from './testkit/small-chain.ts';

const test = suite<{ directory: string; path: string }>('ledger/store/set-back-state');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

const SLOTS = Array.from({ length: 700 }, (_, index) => {
  const slot = new Uint8Array(32);
  slot[30] = index >> 8;
  slot[31] = index & 255;
  return slot;
});

function randomChange(random: TestRandom, address: Address): AccountChange {
  const fate = random.below(10);
  if (fate === 0) return { address, account: undefined, storageCleared: true, storage: [] };
  const often = random.below(8) === 0 ? 2 : 300;
  return {
    address,
    account: { nonce: BigInt(random.below(5)), balance: 7n, codeHash: EMPTY_CODE_HASH },
    storageCleared: fate === 1,
    storage: SLOTS.filter(() => random.below(often) === 0).map((slot) => ({
      slot,
      value: random.below(4) === 0 ? new Uint8Array(0) : Uint8Array.of(1 + random.below(9)),
    })),
  };
}

/** Blocks of random changes; what each of them changed. */
async function grow(
  store: ChainStore,
  random: TestRandom,
  blocks: number,
): Promise<readonly StateChanges[]> {
  const addresses = Array.from({ length: 60 }, () => asAddress(random.bytes(20)));
  const made: StateChanges[] = [];
  for (let number = 0; number < blocks; number += 1) {
    const touched = new Map(
      Array.from({ length: number === 0 ? 50 : 6 }, () => {
        const address = addresses[random.below(addresses.length)] as Address;
        return [keyOf(address), address];
      }),
    );
    const sorted = [...touched.values()].sort(compareBytes);
    const executed = next(
      store,
      sorted.map((address) => randomChange(random, address)),
    );
    await store.write(executed);
    made.push(executed.changes);
  }
  return made;
}

const { signal } = new AbortController();
const NOTHING: StateChanges = { accounts: [], codes: [] };
const BLOCKS = 12;

test('on every earlier block, no change gives its root and the next changes give the next root', async ({
  path,
}) => {
  const random = seededRandom('set-back-state');
  const store = await openStore(optionsAt(path));
  try {
    const made = await grow(store, random, BLOCKS);
    for (let at = 0; at <= BLOCKS; at += 1) {
      const root = (number: number): string =>
        bytesToHex(store.header(BigInt(number))?.stateRoot ?? new Uint8Array(0));
      const given = await store.setBack(BigInt(at), signal, ({ rootAfter }) => ({
        same: bytesToHex(rootAfter(NOTHING)),
        next: bytesToHex(rootAfter(made[at] ?? NOTHING)),
        again: bytesToHex(rootAfter(NOTHING)),
      }));
      assert.deepEqual(given, {
        same: root(at),
        next: root(Math.min(at + 1, BLOCKS)),
        again: root(at),
      });
    }
  } finally {
    await store.close();
  }
});

test('blocks that come meanwhile change nothing', async ({ path }) => {
  const random = seededRandom('set-back-meanwhile');
  const store = await openStore(optionsAt(path));
  try {
    await grow(store, random, 3);
    const root = bytesToHex(store.header(1n)?.stateRoot ?? new Uint8Array(0));
    const given = await store.setBack(1n, signal, async ({ rootAfter }) => {
      await grow(store, random, 3);
      return bytesToHex(rootAfter(NOTHING));
    });
    assert.equal(given, root);
  } finally {
    await store.close();
  }
});

test('it ends when nobody waits for it any more', async ({ path }) => {
  const store = await openStore(optionsAt(path));
  try {
    await grow(store, seededRandom('set-back-left'), 2);
    const left = new Error('left');
    await assert.rejects(
      store.setBack(0n, AbortSignal.abort(left), () => 1),
      left,
    );
  } finally {
    await store.close();
  }
});

test.run();
