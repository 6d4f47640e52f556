import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite } from 'uvu';
import { keccak256 } from '#crypto';
import {
  type AccountChange,
  type Address,
  asAddress,
  compareBytes,
  decodeAccount,
  EMPTY_CODE_HASH,
  EMPTY_ROOT,
  encodeRlp,
  keyOf,
  verifyTrieProof,
} from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { createBatch } from './batch.ts';
import type { ChainStore } from './chain-store.ts';
import { openDatabase } from './database.ts';
import { numberKey } from './keyspace.ts';
import { openStore } from './open-store.ts';
import { next, optionsAt } from './testkit/small-chain.ts';

const test = suite<{ directory: string; path: string }>('ledger/store/state-proof');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

const SLOTS = Array.from({ length: 40 }, (_, index) => new Uint8Array(32).fill(index));

function randomChange(random: TestRandom, address: Address): AccountChange {
  const fate = random.below(10);
  if (fate === 0) return { address, account: undefined, storageCleared: true, storage: [] };
  return {
    address,
    account: { nonce: BigInt(random.below(5)), balance: 7n, codeHash: EMPTY_CODE_HASH },
    storageCleared: fate === 1,
    storage: SLOTS.filter(() => random.below(12) === 0).map((slot) => ({
      slot,
      value: random.below(4) === 0 ? new Uint8Array(0) : Uint8Array.of(1 + random.below(9)),
    })),
  };
}

async function grow(store: ChainStore, random: TestRandom, blocks: number) {
  const addresses = Array.from({ length: 300 }, () => asAddress(random.bytes(20)));
  for (let number = 0; number < blocks; number += 1) {
    const touched = new Map(
      Array.from({ length: number === 0 ? 250 : 12 }, () => {
        const address = addresses[random.below(addresses.length)] as Address;
        return [keyOf(address), address];
      }),
    );
    const sorted = [...touched.values()].sort(compareBytes);
    await store.write(
      next(
        store,
        sorted.map((address) => randomChange(random, address)),
      ),
    );
  }
  return addresses;
}

/** Checks a proof as a stranger would: against the state root in the header. */
async function check(
  store: ChainStore,
  address: Address,
  at: bigint,
  slots: readonly Uint8Array[],
) {
  const proof = await store.prove({ address, slots, at });
  assert.ok(typeof proof === 'object');
  const stateRoot = store.header(at)?.stateRoot ?? EMPTY_ROOT;
  const account = verifyTrieProof(stateRoot, keccak256(address), proof.accountProof);
  assert.ok(account.ok);
  const held = account.value === undefined ? undefined : decodeAccount(account.value);
  const expected = store.stateAt(at)?.account(address);
  assert.deepEqual(held?.ok === true ? held.account : undefined, expected);
  for (const [index, slot] of slots.entries()) {
    const storageProof = proof.storageProofs[index] ?? [];
    const root = expected?.storageRoot ?? EMPTY_ROOT;
    const verdict = verifyTrieProof(root, keccak256(slot), storageProof);
    assert.ok(verdict.ok);
    const value = store.stateAt(at)?.storage(address, slot) ?? new Uint8Array(0);
    assert.deepEqual(verdict.value, value.length === 0 ? undefined : encodeRlp(value));
  }
}

test('L-12: accounts and slots, there or not, are proved at the head and at every earlier block', async ({
  path,
}) => {
  const random = seededRandom('state-proof');
  const store = await openStore(optionsAt(path, { accounts: [], codes: [] }));
  const addresses = await grow(store, random, 60);
  for (let at = 0n; at <= 60n; at += 1n) {
    for (let turn = 0; turn < 6; turn += 1) {
      const address = addresses[random.below(addresses.length)] as Address;
      await check(
        store,
        address,
        at,
        SLOTS.filter(() => random.below(8) === 0),
      );
    }
    await check(store, asAddress(random.bytes(20)), at, SLOTS.slice(0, 2));
  }
  await store.close();
});

test('a proof is of its moment, also if blocks are written while it is made', async ({ path }) => {
  const random = seededRandom('state-proof-moment');
  const store = await openStore(optionsAt(path, { accounts: [], codes: [] }));
  const addresses = await grow(store, random, 20);
  const checks = addresses.slice(0, 20).map((address) => check(store, address, 5n, SLOTS));
  await grow(store, random, 5);
  await Promise.all(checks);
  await store.close();
});

test('a block older than the records is said to be so; an aborted proof ends', async ({ path }) => {
  const random = seededRandom('state-proof-old');
  let store = await openStore(optionsAt(path, { accounts: [], codes: [] }));
  const [address] = (await grow(store, random, 10)) as [Address];
  await store.close();
  const database = await openDatabase(path, false);
  const batch = createBatch();
  batch.delete(numberKey('changed', 4n));
  await database.write(batch.writes());
  await database.close();
  store = await openStore(optionsAt(path, { accounts: [], codes: [] }));
  assert.equal(await store.prove({ address, slots: [], at: 3n }), 'before-records');
  await check(store, address, 4n, SLOTS);
  const signal = AbortSignal.abort(new TypeError('late'));
  await assert.rejects(store.prove({ address, slots: [], at: 5n, signal }), TypeError);
  await store.close();
});

test.run();
