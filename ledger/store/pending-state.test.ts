/**
 * Random blocks on blocks that are not stored yet: what is read and what is committed is what the store
 * itself gives once the block below is written. `node ledger/store/pending-state.test.ts SEED`
 */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AccountChange,
  type Address,
  asAddress,
  asHash,
  bytesToHex,
  EMPTY_CODE_HASH,
  type StateChanges,
  type StateCommitment,
  type StatePort,
} from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { openStore } from './open-store.ts';
import { ALICE, BOB, funds, next, optionsAt } from './testkit/small-chain.ts';

const test = suite('ledger/store/pending-state');

const SEED = process.argv[2] ?? String(Math.floor(Math.random() * 2 ** 31));
const BLOCKS = 60;
const ADDRESSES = Array.from({ length: 8 }, (_, i) => asAddress(new Uint8Array(20).fill(i + 1)));
const SLOTS = Array.from({ length: 6 }, (_, i) => new Uint8Array(32).fill(i + 1));
const CODE_HASH = asHash(new Uint8Array(32).fill(0xc0));

function randomChanges(random: TestRandom): StateChanges {
  const accounts = ADDRESSES.filter(() => random.below(3) === 0).map((address) =>
    randomChange(random, address),
  );
  return { accounts, codes: [{ codeHash: CODE_HASH, code: Uint8Array.of(1, 2) }] };
}

function randomChange(random: TestRandom, address: Address): AccountChange {
  const fate = random.below(8);
  if (fate === 0) return { address, account: undefined, storageCleared: true, storage: [] };
  const storage = SLOTS.filter(() => random.below(2) === 0).map((slot) => ({
    slot,
    value: random.below(3) === 0 ? new Uint8Array(0) : Uint8Array.of(1 + random.below(9)),
  }));
  const account = { nonce: 1n, balance: BigInt(random.below(5)), codeHash: EMPTY_CODE_HASH };
  return { address, account, storageCleared: fate === 1, storage };
}

/** Everything there is to read, as text. */
function read(state: StatePort, upTo: bigint): string {
  const accounts = ADDRESSES.map((address) => {
    const account = state.account(address);
    const { nonce, balance, storageRoot } = account ?? {};
    const slots = SLOTS.map((slot) => bytesToHex(state.storage(address, slot)));
    return [nonce, balance, storageRoot && bytesToHex(storageRoot), ...slots].join(' ');
  });
  const hashes: string[] = [];
  for (let number = 0n; number <= upTo + 1n; number += 1n) {
    const hash = state.blockHash(number);
    hashes.push(hash === undefined ? 'none' : bytesToHex(hash));
  }
  return [...accounts, ...hashes.slice(-3)].join('\n');
}

function written({ stateRoot, nodes, clearedOwners, storageRoots }: StateCommitment): unknown {
  const ofOwner = (owner: Uint8Array | undefined): string => (owner ? bytesToHex(owner) : '');
  return {
    root: bytesToHex(stateRoot),
    nodes: nodes.map(({ owner, path, node }) => [
      ofOwner(owner),
      bytesToHex(path),
      node && bytesToHex(node),
    ]),
    cleared: clearedOwners.map(ofOwner),
    roots: [...storageRoots].map(([key, root]) => [key, bytesToHex(root)]),
  };
}

test(`a block on a pending block gives what it gives on the stored one (seed ${SEED})`, async () => {
  const directory = temporaryDirectory();
  const random = seededRandom(SEED);
  const store = await openStore(optionsAt(join(directory, 'chain')));
  for (let count = 0; count < BLOCKS; count += 1) {
    const below = { ...next(store, randomChanges(random).accounts) };
    const { number } = below.block.header;
    const pending = store.stateAfter(below);
    const above = randomChanges(random);
    const before = { text: read(pending, number), commitment: pending.commit(above) };
    await store.write(below);
    const stored = store.state();
    assert.is(before.text, read(stored, number), `block ${number}`);
    assert.equal(written(before.commitment), written(stored.commit(above)), `block ${number}`);
    // The block was written under it, in the middle of an execution.
    assert.is(read(pending, number), before.text, `block ${number}, read later`);
    assert.equal(written(pending.commit(above)), written(before.commitment));
  }
  await store.close();
});

test('a chain goes on from a block that was executed on a pending one', async () => {
  const directory = temporaryDirectory();
  const options = optionsAt(join(directory, 'chain'));
  const store = await openStore(options);
  const first = next(store, [funds(ALICE, 60n), funds(BOB, 40n)]);
  const pending = store.stateAfter(first);
  assert.equal([...pending.code(EMPTY_CODE_HASH)], []);
  const changes = { accounts: [funds(BOB, 41n, [[SLOTS[0] as Uint8Array, 7]])], codes: [] };
  const commitment = pending.commit(changes);
  await store.write(first);
  const template = next(store, changes.accounts);
  assert.equal(template.commitment.stateRoot, commitment.stateRoot);
  await store.write({ ...template, changes, commitment });
  await store.close();
  const again = await openStore(options);
  assert.is(again.state().account(BOB)?.balance, 41n);
  assert.equal([...again.state().storage(BOB, SLOTS[0] as Uint8Array)], [7]);
  await again.close();
});

test.run();
