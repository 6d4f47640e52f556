import assert from 'node:assert/strict';
import { createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt';
import { suite } from 'uvu';
import { keccak256 } from '#crypto';
import { decodeAccount, encodeAccount } from './account.ts';
import {
  type Address,
  asAddress,
  bigintToBytes,
  bytesToHex,
  compareBytes,
  hexToBytes,
  keyOf,
} from './bytes.ts';
import { EMPTY_CODE_HASH, EMPTY_ROOT } from './constants.ts';
import { encodeRlp } from './rlp.ts';
import type { Account, AccountChange, SlotChange } from './state.ts';
import { commitState, type StateBefore } from './state-root.ts';
import { seededRandom, type TestRandom } from './testkit/seeded-random.ts';

const test = suite('ledger/model/state-root');

/** A state that keeps exactly what commitments say, as the store does. */
function createState() {
  const accounts = new Map<string, Account>();
  const nodes = new Map<string, string>();
  let stateRoot = EMPTY_ROOT;
  const keyFor = (owner: Uint8Array | undefined, path: Uint8Array): string =>
    `${owner === undefined ? '' : bytesToHex(owner)}/${bytesToHex(path)}`;
  const before = (): StateBefore => ({
    stateRoot,
    account: (address) => accounts.get(keyOf(address)),
    node(owner, path) {
      const node = nodes.get(keyFor(owner, path));
      return node === undefined ? undefined : hexToBytes(node);
    },
  });
  function apply(changes: readonly AccountChange[]): void {
    const commitment = commitState(before(), { accounts: changes, codes: [] });
    for (const owner of commitment.clearedOwners) {
      const prefix = keyFor(owner, new Uint8Array(0)).slice(0, 67);
      for (const key of [...nodes.keys()]) if (key.startsWith(prefix)) nodes.delete(key);
    }
    for (const { owner, path, node } of commitment.nodes) {
      if (node === undefined) nodes.delete(keyFor(owner, path));
      else nodes.set(keyFor(owner, path), bytesToHex(node));
    }
    for (const { address, account } of changes) {
      const storageRoot = commitment.storageRoots.get(keyOf(address));
      if (account === undefined) {
        accounts.delete(keyOf(address));
        assert.equal(storageRoot, undefined);
      } else {
        assert.ok(storageRoot !== undefined);
        accounts.set(keyOf(address), { ...account, storageRoot });
      }
    }
    stateRoot = commitment.stateRoot;
  }
  return { apply, before, nodeCount: () => nodes.size };
}

/** The same changes on plain tries of another implementation. */
async function createOracle() {
  const state = await createMPT();
  const storages = new Map<string, MerklePatriciaTrie>();
  return {
    async apply(changes: readonly AccountChange[]): Promise<void> {
      for (const { address, account, storageCleared, storage } of changes) {
        const key = keyOf(address);
        if (account === undefined) {
          storages.delete(key);
          await state.del(keccak256(address));
          continue;
        }
        const trie = (storageCleared ? undefined : storages.get(key)) ?? (await createMPT());
        storages.set(key, trie);
        for (const { slot, value } of storage) {
          await trie.put(keccak256(slot), value.length === 0 ? null : encodeRlp(value));
        }
        const storageRoot = trie.root() as Account['storageRoot'];
        await state.put(keccak256(address), encodeAccount({ ...account, storageRoot }));
      }
    },
    root: (): string => bytesToHex(state.root()),
  };
}

function randomAccountChange(random: TestRandom, address: Address): AccountChange {
  if (random.below(5) === 0) {
    return { address, account: undefined, storageCleared: false, storage: [] };
  }
  const slots = new Map<number, SlotChange>();
  for (let count = random.below(5); count > 0; count -= 1) {
    const index = random.below(12);
    const slot = new Uint8Array(32).with(31, index);
    slots.set(index, { slot, value: bigintToBytes(BigInt(random.below(4)) ** 60n) });
  }
  return {
    address,
    account: {
      nonce: BigInt(random.below(100)),
      balance: BigInt(random.below(1_000_000)) ** 3n,
      codeHash: EMPTY_CODE_HASH,
    },
    storageCleared: random.below(6) === 0,
    storage: [...slots.values()].sort((a, b) => compareBytes(a.slot, b.slot)),
  };
}

test('random blocks give the roots of @ethereumjs/mpt, and deleting all leaves nothing', async () => {
  const random = seededRandom('state-root');
  const addresses = Array.from({ length: 30 }, () => asAddress(random.bytes(20)));
  for (let round = 0; round < 8; round += 1) {
    const state = createState();
    const oracle = await createOracle();
    for (let block = 0; block < 15; block += 1) {
      const touched = addresses.filter(() => random.below(4) === 0).sort(compareBytes);
      const changes = touched.map((address) => randomAccountChange(random, address));
      state.apply(changes);
      await oracle.apply(changes);
      assert.equal(bytesToHex(state.before().stateRoot), oracle.root(), random.rerun);
    }
    state.apply(
      [...addresses].sort(compareBytes).map((address) => ({
        address,
        account: undefined,
        storageCleared: false,
        storage: [],
      })),
    );
    assert.deepEqual(state.before().stateRoot, EMPTY_ROOT);
    assert.equal(state.nodeCount(), 0, random.rerun);
  }
});

test('an account change without storage keeps the storage root and reads no storage node', () => {
  const address = asAddress(new Uint8Array(20).fill(1));
  const account = { nonce: 1n, balance: 5n, codeHash: EMPTY_CODE_HASH };
  const state = createState();
  const storage = [{ slot: new Uint8Array(32), value: Uint8Array.of(9) }];
  state.apply([{ address, account, storageCleared: false, storage }]);
  const before = state.before();
  const old = before.account(address);
  const commitment = commitState(
    {
      ...before,
      node: (owner, path) => {
        assert.equal(owner, undefined);
        return before.node(owner, path);
      },
    },
    {
      accounts: [
        { address, account: { ...account, nonce: 2n }, storageCleared: false, storage: [] },
      ],
      codes: [],
    },
  );
  assert.deepEqual(commitment.storageRoots.get(keyOf(address)), old?.storageRoot);
  assert.deepEqual(commitment.clearedOwners, []);
  assert.equal(commitment.nodes.length, 1);
});

test('no changes lead to the same root', () => {
  const state = createState();
  const commitment = commitState(state.before(), { accounts: [], codes: [] });
  assert.deepEqual(commitment.stateRoot, EMPTY_ROOT);
  assert.deepEqual(commitment.nodes, []);
});

test('accounts come back from their encoding; anything else is refused', () => {
  const account: Account = {
    nonce: 3n,
    balance: 10n ** 30n,
    storageRoot: EMPTY_ROOT,
    codeHash: EMPTY_CODE_HASH,
  };
  const bytes = encodeAccount(account);
  assert.deepEqual(decodeAccount(bytes), { ok: true, account });
  assert.equal(decodeAccount(bytes.subarray(1)).ok, false);
  assert.equal(decodeAccount(Uint8Array.of(0xc0)).ok, false);
});

test.run();
