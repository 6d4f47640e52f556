/** Admission, order, holding, bounds and following the head. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  bytesToHex,
  EMPTY_CODE_HASH,
  type ExecutedBlock,
  equalBytes,
  keyOf,
  recoverSender,
  signTransaction,
  type Transaction,
} from '../../ledger/model/index.ts';
import { type Party, party } from '../../ledger/model/testkit/party.ts';
import { type ChainRules, RIGHTS } from '../../vm/index.ts';
import { testRules } from '../../vm/testkit/chain.ts';
import type { PoolHead } from './admission.ts';
import type { PoolLimits } from './limits.ts';
import { createPool, type Pool, type PooledTransaction, type PoolState } from './pool.ts';

const test = suite('node/txpool');
const COIN = 10n ** 18n;

const RULES: ChainRules = testRules('osaka');

const HEAD: PoolHead = { number: 0n, timestamp: 0n, gasLimit: 30_000_000n, nextBaseFee: 0n };

const alice = party('alice');
const bob = party('bob');
const carol = party('carol');

type Fields = {
  readonly gasPrice?: bigint;
  readonly gasLimit?: bigint;
  readonly value?: bigint;
  readonly chainId?: bigint;
  readonly data?: Uint8Array;
  readonly to?: Address | undefined;
};

function sign(from: Party, nonce: number | bigint, fields: Fields = {}): Transaction {
  const data = new Uint8Array(0);
  const call = { to: bob.address, gasPrice: 0n, gasLimit: 21_000n, value: 0n, data, ...fields };
  return signTransaction({ type: 0, chainId: 20_260n, nonce: BigInt(nonce), ...call }, from.key);
}

type World = {
  readonly pool: Pool;
  readonly accepted: PooledTransaction[];
  readonly executable: PooledTransaction[];
  nowMs: number;
  /** Recoveries asked for. */
  recovered: number;
  add(...transactions: Transaction[]): Promise<string[]>;
  /** The next head, with these accounts changed. */
  head(changes: readonly AccountState[], head?: Partial<PoolHead>): void;
};

type AccountState = { readonly party: Party; readonly nonce: bigint; readonly balance?: bigint };

function createWorld(limits: Partial<PoolLimits> = {}, head: Partial<PoolHead> = {}): World {
  const accounts = new Map<string, { nonce: bigint; balance: bigint }>();
  const state: PoolState = {
    nonce: (address) => accounts.get(keyOf(address))?.nonce ?? 0n,
    balance: (address) => accounts.get(keyOf(address))?.balance ?? COIN,
    storage: () => new Uint8Array(0),
  };
  let current: PoolHead = { ...HEAD, ...head };
  const world: World = {
    accepted: [],
    executable: [],
    nowMs: 1_000,
    recovered: 0,
    pool: createPool(
      { rules: RULES, head: current, state, limits },
      {
        recoverSenders: async (transactions) => {
          world.recovered += transactions.length;
          return transactions.map(recoverSender);
        },
        now: () => world.nowMs,
        accepted: (list) => world.accepted.push(...list),
        executable: (list) => world.executable.push(...list),
      },
    ),
    add: async (...transactions) => {
      const verdicts = await world.pool.add(
        transactions.map(({ raw }) => raw),
        'local',
      );
      return verdicts.map((verdict) => (verdict.ok ? 'ok' : `${verdict.code}: ${verdict.message}`));
    },
    head: (changes, next = {}) => {
      for (const { party: who, nonce, balance = COIN } of changes) {
        accounts.set(keyOf(who.address), { nonce, balance });
      }
      current = { ...current, number: current.number + 1n, ...next };
      world.pool.onHead(executedWith(changes), current, state);
    },
  };
  return world;
}

function executedWith(changes: readonly AccountState[]): Pick<ExecutedBlock, 'changes'> {
  return {
    changes: {
      accounts: changes.map(({ party: who, nonce, balance = COIN }) => ({
        address: who.address,
        account: { nonce, balance, codeHash: EMPTY_CODE_HASH },
        storageCleared: false,
        storage: [],
      })),
      codes: [],
    },
  };
}

function namesOf(entries: readonly PooledTransaction[]): string[] {
  const who = new Map([alice, bob, carol].map((p, i) => [keyOf(p.address), 'abc'[i]]));
  return entries.map(({ transaction, sender }) => `${who.get(keyOf(sender))}${transaction.nonce}`);
}

test('a transaction is accepted once, told once, and found by hash', async () => {
  const world = createWorld();
  const transaction = sign(alice, 0);
  assert.equal(await world.add(transaction), ['ok']);
  assert.equal(await world.add(transaction), ['POOL_ALREADY_KNOWN: already known']);
  assert.equal(namesOf(world.accepted), ['a0']);
  assert.equal(namesOf(world.executable), ['a0']);
  assert.equal(world.pool.get(transaction.hash)?.sender, alice.address);
  assert.equal(world.pool.missing([transaction.hash, sign(alice, 1).hash]), [sign(alice, 1).hash]);
  assert.is(world.recovered, 1);
});

test('copies that arrive while the sender is being recovered cost one recovery', async () => {
  const world = createWorld();
  const transaction = sign(alice, 0);
  const answers = await Promise.all([world.add(transaction, transaction), world.add(transaction)]);
  assert.equal(answers.flat().filter((answer) => answer === 'ok').length, 1);
  assert.is(world.recovered, 1);
});

test('what can never run is refused with the wording of geth', async () => {
  const world = createWorld();
  world.head([{ party: alice, nonce: 5n, balance: 1_000_000n }]);
  const cases: readonly (readonly [Transaction, RegExp])[] = [
    [sign(alice, 4), /^VM_NONCE_TOO_LOW: nonce too low/],
    [
      sign(alice, 5, { value: 1_000_001n }),
      /^VM_INSUFFICIENT_FUNDS: insufficient funds for gas \* price \+ value/,
    ],
    [sign(alice, 5, { gasPrice: 48n }), /^VM_INSUFFICIENT_FUNDS/],
    [sign(alice, 5, { gasLimit: 20_999n }), /^VM_INTRINSIC_GAS: intrinsic gas too low/],
    [sign(alice, 5, { gasLimit: 30_000_001n }), /^VM_BLOCK_GAS_EXCEEDED: exceeds block gas limit/],
    [
      sign(alice, 5, { gasLimit: 16_777_217n }),
      /^VM_GAS_LIMIT_CAP: transaction gas limit too high/,
    ],
    [sign(alice, 5, { chainId: 1n }), /^VM_CHAIN_ID: invalid chain id/],
    [
      sign(alice, 5, { data: new Uint8Array(131_072), gasLimit: 10_000_000n }),
      /^POOL_OVERSIZED: oversized data/,
    ],
  ];
  for (const [transaction, expected] of cases) {
    assert.match((await world.add(transaction))[0] as string, expected);
  }
  const damaged = sign(alice, 5).raw.slice(0, -1);
  assert.match(
    (await world.pool.add([damaged], 'peer')).map((v) => (v.ok ? '' : v.code))[0] as string,
    /^MODEL_/,
  );
  assert.equal(world.pool.status(), { pending: 0, queued: 0, bytes: 0 });
});

test('an unrecoverable signature is an invalid sender', async () => {
  const pool = createPool(
    {
      rules: RULES,
      head: HEAD,
      state: { nonce: () => 0n, balance: () => 0n, storage: () => new Uint8Array(0) },
    },
    { recoverSenders: (list) => list.map(() => undefined), now: () => 0 },
  );
  const [verdict] = await pool.add([sign(alice, 0).raw], 'peer');
  assert.equal(verdict, { ok: false, code: 'POOL_INVALID_SENDER', message: 'invalid sender' });
});

test('blob transactions are refused', async () => {
  const world = createWorld();
  const blob = signTransaction(
    {
      type: 3,
      chainId: 20_260n,
      nonce: 0n,
      gasLimit: 21_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: bob.address,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerBlobGas: 1n,
      blobVersionedHashes: [Object.assign(sign(alice, 0).hash.slice(), { 0: 1 }) as never],
    },
    alice.key,
  );
  assert.match((await world.add(blob))[0] as string, /^VM_BLOB_TRANSACTION/);
});

test('a nonce ahead is held, told, and runs when the gap closes', async () => {
  const world = createWorld();
  assert.equal(await world.add(sign(alice, 2), sign(alice, 1)), ['ok', 'ok']);
  assert.equal(namesOf(world.accepted), ['a2', 'a1']);
  assert.equal(world.executable, []);
  assert.is(world.pool.hasWork(), false);
  assert.is(world.pool.nextNonce(alice.address), 0n);
  await world.add(sign(alice, 0));
  assert.equal(namesOf(world.executable), ['a0', 'a1', 'a2']);
  assert.equal(namesOf(world.pool.executable()), ['a0', 'a1', 'a2']);
  assert.is(world.pool.nextNonce(alice.address), 3n);
  assert.ok(world.pool.hasWork());
});

test('256 transactions of one sender may wait for a nonce, one more is refused until it comes', async () => {
  const world = createWorld();
  const ahead = Array.from({ length: 256 }, (_, i) => sign(alice, i + 1));
  assert.ok((await world.add(...ahead)).every((answer) => answer === 'ok'));
  assert.match((await world.add(sign(alice, 257)))[0] as string, /^POOL_SENDER_FULL/);
  assert.equal(await world.add(sign(alice, 0), sign(alice, 257)), ['ok', 'ok']);
  assert.equal(world.pool.status().pending, 258);
});

test('held transactions go after ten minutes, executable ones stay', async () => {
  const world = createWorld();
  await world.add(sign(alice, 0), sign(bob, 1));
  world.nowMs += 600_000 - 1;
  await world.add(sign(carol, 1));
  world.pool.tick();
  assert.is(world.pool.status().queued, 2);
  world.nowMs += 1;
  world.pool.tick();
  assert.equal(namesOf(world.pool.content().queued), ['c1']);
  assert.equal(namesOf(world.pool.content().pending), ['a0']);
});

test('a replacement pays ten per cent more or is underpriced', async () => {
  const world = createWorld();
  await world.add(sign(alice, 0, { gasPrice: 100n }), sign(alice, 1, { gasPrice: 100n }));
  assert.match(
    (await world.add(sign(alice, 0, { gasPrice: 109n })))[0] as string,
    /^POOL_UNDERPRICED_REPLACEMENT: replacement transaction underpriced/,
  );
  const better = sign(alice, 0, { gasPrice: 110n });
  assert.equal(await world.add(better), ['ok']);
  assert.is(world.pool.get(sign(alice, 0, { gasPrice: 100n }).hash), undefined);
  assert.equal(namesOf(world.pool.executable()), ['a0', 'a1']);
  assert.is(
    world.pool.executable()[0]?.transaction.hash,
    world.pool.get(better.hash)?.transaction.hash,
  );
  await world.add(sign(bob, 0));
  assert.match((await world.add(sign(bob, 0, { value: 1n })))[0] as string, /underpriced/);
});

test('the order is by tip, then arrival, with the nonces of a sender in turn', async () => {
  const world = createWorld();
  await world.add(
    sign(alice, 0, { gasPrice: 1n }),
    sign(alice, 1, { gasPrice: 9n }),
    sign(bob, 0, { gasPrice: 5n }),
    sign(carol, 0, { gasPrice: 5n }),
    sign(bob, 1, { gasPrice: 1n }),
  );
  assert.equal(namesOf(world.pool.executable()), ['b0', 'c0', 'a0', 'a1', 'b1']);
  assert.equal(namesOf(world.pool.executable({ count: 2 })), ['b0', 'c0']);
  assert.equal(namesOf(world.pool.executable({ gas: 63_000n })), ['b0', 'c0', 'a0']);
  assert.is(world.pool.executable({ bytes: 250 }).length, 2);
});

test('what does not cover the base fee waits and is no work', async () => {
  const world = createWorld({}, { nextBaseFee: 10n });
  await world.add(sign(alice, 0, { gasPrice: 9n }));
  assert.is(world.pool.hasWork(), false);
  assert.equal(world.pool.executable(), []);
  world.head([], { nextBaseFee: 9n });
  assert.ok(world.pool.hasWork());
});

test('what the balance cannot carry together is not offered together', async () => {
  const world = createWorld();
  world.head([{ party: alice, nonce: 0n, balance: 10n }]);
  await world.add(sign(alice, 0, { value: 6n }), sign(alice, 1, { value: 6n }));
  assert.equal(namesOf(world.pool.executable()), ['a0']);
  world.head([{ party: alice, nonce: 1n, balance: 6n }]);
  assert.equal(namesOf(world.pool.executable()), ['a1']);
});

test('a new head takes out what is included, wherever it came from', async () => {
  const world = createWorld();
  await world.add(sign(alice, 0), sign(alice, 1), sign(alice, 3));
  world.head([{ party: alice, nonce: 1n }]);
  assert.equal(namesOf(world.pool.executable()), ['a1']);
  world.executable.length = 0;
  world.head([{ party: alice, nonce: 3n }]);
  assert.equal(namesOf(world.executable), ['a3']);
  assert.equal(namesOf(world.pool.executable()), ['a3']);
  world.head([{ party: alice, nonce: 10n }]);
  assert.equal(world.pool.status(), { pending: 0, queued: 0, bytes: 0 });
});

test('what a new head leaves unpayable goes, and those after it wait', async () => {
  const world = createWorld();
  await world.add(sign(alice, 0, { value: 5n }), sign(alice, 1));
  world.head([{ party: alice, nonce: 0n, balance: 4n }]);
  assert.equal(world.pool.executable(), []);
  assert.equal(namesOf(world.pool.content().queued), ['a1']);
  assert.equal(await world.add(sign(alice, 0)), ['ok']);
  assert.equal(namesOf(world.pool.executable()), ['a0', 'a1']);
});

test('what the builder found invalid goes, what did not fit stays', async () => {
  const world = createWorld();
  const [first, second] = [sign(alice, 0), sign(bob, 0)];
  await world.add(first, second);
  world.pool.discard([
    { hash: first.hash, code: 'VM_SENDER_HAS_CODE' },
    { hash: second.hash, code: 'VM_BLOCK_GAS_EXCEEDED' },
  ]);
  assert.equal(namesOf(world.pool.executable()), ['b0']);
  world.head([], { gasLimit: 20_000n });
  world.pool.discard([{ hash: second.hash, code: 'VM_BLOCK_GAS_EXCEEDED' }]);
  assert.is(world.pool.hasWork(), false);
});

test('a full pool gives up what it holds for what can run, and nothing else', async () => {
  const world = createWorld({ maxCount: 3 });
  await world.add(sign(alice, 0), sign(bob, 1), sign(carol, 1));
  assert.match((await world.add(sign(bob, 2)))[0] as string, /^POOL_FULL: txpool is full/);
  assert.equal(await world.add(sign(alice, 1)), ['ok']);
  assert.equal(namesOf(world.pool.content().queued), ['c1']);
  assert.equal(await world.add(sign(alice, 2)), ['ok']);
  assert.match((await world.add(sign(alice, 3)))[0] as string, /^POOL_FULL/);
  assert.equal(await world.add(sign(alice, 2, { gasPrice: 1n })), ['ok']);
});

test('bytes are bounded too and given back', async () => {
  const length = sign(alice, 0).raw.length;
  const world = createWorld({ maxBytes: 2 * length });
  assert.equal(await world.add(sign(alice, 0), sign(alice, 1)), ['ok', 'ok']);
  assert.match((await world.add(sign(bob, 0)))[0] as string, /^POOL_FULL/);
  world.head([{ party: alice, nonce: 1n }]);
  assert.equal(await world.add(sign(bob, 0)), ['ok']);
  assert.is(world.pool.status().bytes, 2 * length);
});

test('one account arriving in any order, mixed with heads, ends executable from end to end', async () => {
  const seed = Number(process.env['EHB_TEST_SEED'] ?? 20_260);
  console.log(`EHB_TEST_SEED=${seed}`);
  const random = generator(seed);
  for (let trial = 0; trial < 20; trial += 1) {
    const world = createWorld();
    const parties = [alice, bob, carol];
    const waiting = parties.flatMap((who) =>
      Array.from({ length: 40 }, (_, nonce) => ({ who, transaction: sign(who, nonce) })),
    );
    shuffle(waiting, random);
    const nonces = new Map(parties.map((who) => [who, 0n]));
    const finals: string[] = [];
    while (waiting.length > 0 || world.pool.hasWork()) {
      const batch = waiting.splice(0, 1 + Math.floor(random() * 9));
      const answers = await world.add(...batch.map(({ transaction }) => transaction));
      assert.ok(
        answers.every((answer) => answer === 'ok'),
        answers.join('\n'),
      );
      if (random() < 0.5 && waiting.length > 0) continue;
      const block = world.pool.executable({ count: 1 + Math.floor(random() * 20) });
      for (const { transaction, sender } of block) {
        const who = parties.find(({ address }) => address.every((byte, i) => byte === sender[i]));
        assert.is(transaction.nonce, nonces.get(who as Party));
        nonces.set(who as Party, transaction.nonce + 1n);
        finals.push(bytesToHex(transaction.hash));
      }
      world.head(parties.map((who) => ({ party: who, nonce: nonces.get(who) as bigint })));
    }
    assert.is(new Set(finals).size, 120);
    assert.equal(world.pool.status(), { pending: 0, queued: 0, bytes: 0 });
  }
});

/** Mulberry32: a small generator with a seed of 32 bits. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}

test('X-54: who has no right is refused at the door, and what waits goes when the right does', async () => {
  const contract = asAddress(new Uint8Array(20).fill(0xe2));
  let rights = RIGHTS.named | RIGHTS.send;
  const state: PoolState = {
    nonce: () => 0n,
    balance: () => COIN,
    // Every account is named and has the same rights.
    storage: (address) =>
      equalBytes(address, contract) ? Uint8Array.of(rights) : new Uint8Array(0),
  };
  const pool = createPool(
    { rules: { ...RULES, permissions: { contract, from: 0n } }, head: HEAD, state },
    {
      recoverSenders: async (transactions) => transactions.map(recoverSender),
      now: () => 1_000,
    },
  );
  const add = async (transaction: Transaction): Promise<string> => {
    const [verdict] = await pool.add([transaction.raw], 'local');
    return verdict?.ok === true ? 'ok' : (verdict?.code ?? '');
  };
  const [first, second] = [sign(alice, 0), sign(alice, 1)];
  assert.is(await add(first), 'ok');
  assert.is(
    await add(sign(alice, 1, { to: undefined, gasLimit: 100_000n })),
    'VM_DEPLOYMENT_NOT_PERMITTED',
  );
  const nextHead = { ...HEAD, number: HEAD.number + 1n };
  pool.onHead(executedWith([]), nextHead, state);
  assert.is(pool.status().pending, 1);
  rights = RIGHTS.named;
  const changed = { key: new Uint8Array(32), address: contract };
  pool.onHead(executedWith([{ party: changed, nonce: 1n }]), nextHead, state);
  assert.equal(pool.status(), { pending: 0, queued: 0, bytes: 0 });
  assert.is(await add(second), 'VM_SENDER_NOT_PERMITTED');
});

test.run();
