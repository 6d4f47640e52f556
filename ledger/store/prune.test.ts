// time-limit: 300 s
/** L-30, L-31: a pruned ledger answers for what it keeps as one that was never pruned, and says what it does not keep. */
import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex, CodedError, type Height, type StateReader } from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import type { ChainStore } from './chain-store.ts';
import { openDatabase } from './database.ts';
import { readHorizons } from './horizons.ts';
import { openStore } from './open-store.ts';
import { pruneBatch } from './prune.ts';
import {
  growLedger,
  LEDGER_ADDRESSES,
  LEDGER_SLOTS,
  ledgerOptions,
  verifyLedger,
  wholeBlock,
} from './testkit/whole-ledger.ts';

const test = suite('ledger/store/prune');
const HEAD = 60n;
const ALL_LOGS = { addresses: [], topics: [] };

let directory: string;
let whole: ChainStore;

test.before(async () => {
  directory = temporaryDirectory();
  await growLedger(join(directory, 'grown'), Number(HEAD));
  await cp(join(directory, 'grown'), join(directory, 'whole'), { recursive: true });
  whole = await openStore(ledgerOptions(join(directory, 'whole')));
});
test.after(async () => {
  await whole.close();
});

let copies = 0;
async function copy(): Promise<string> {
  copies += 1;
  const path = join(directory, `copy-${copies}`);
  await cp(join(directory, 'grown'), path, { recursive: true });
  return path;
}

/** Every account and slot there ever was. */
function contents(state: StateReader | undefined): readonly string[] {
  assert.ok(state !== undefined);
  return LEDGER_ADDRESSES.flatMap((address) => {
    const account = state.account(address);
    const head = account && `${account.nonce} ${account.balance} ${bytesToHex(account.codeHash)}`;
    const slots = LEDGER_SLOTS.map((slot) => bytesToHex(state.storage(address, slot)));
    return [`${bytesToHex(address)} ${head} ${slots.join()}`];
  });
}

function prunedAt(read: () => unknown): bigint | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'STORE_PRUNED', String(error));
    assert.match(error.message, 'pruned');
    return (error.detail as { readonly horizon?: bigint }).horizon;
  }
}

/** What is kept is what the whole ledger has, and the rest says from where on it is kept. */
async function compare(store: ChainStore): Promise<void> {
  const { state, bodies } = store.oldest();
  const head = store.head().header.number;
  for (let number = 0n; number <= head; number += 1n) {
    assert.equal(store.header(number), whole.header(number));
    assert.equal(store.hashOf(number), whole.hashOf(number));
    if (number < state)
      assert.is(
        prunedAt(() => store.stateAt(number)),
        state,
      );
    else assert.equal(contents(store.stateAt(number)), contents(whole.stateAt(number)));
    const isGone = number > 0n && number < bodies;
    for (const part of ['block', 'encodedBlock', 'receipts', 'senders'] as const) {
      if (isGone)
        assert.is(
          prunedAt(() => store[part](number)),
          bodies,
          `${part} ${number}`,
        );
      else assert.equal(store[part](number), whole[part](number));
    }
    for (const { hash } of whole.block(number)?.transactions ?? []) {
      const place = whole.transactionPlace(hash);
      assert.equal(store.transactionPlace(hash), isGone ? undefined : place);
    }
  }
  const bounds = { from: bodies, to: head, limit: 10_000 };
  assert.equal(await store.findLogs(ALL_LOGS, bounds), await whole.findLogs(ALL_LOGS, bounds));
  if (bodies > 1n) {
    const search = store.findLogs(ALL_LOGS, { ...bounds, from: 1n });
    assert.is(await refusalOf(search), 'STORE_PRUNED');
  }
}

async function problems(path: string): Promise<readonly object[]> {
  return (await verifyLedger(ledgerOptions(path))).problems;
}

const CASES: readonly (readonly [state: Height, bodies: Height])[] = [
  [0n, 0n],
  [1n, 0n],
  [0n, 1n],
  [17n, 0n],
  [0n, 23n],
  [30n, 11n],
  [11n, 30n],
  [HEAD, HEAD],
  [1_000n, 1_000n],
];

for (const [state, bodies] of CASES) {
  test(`states from ${state} and bodies from ${bodies} on are all there is, and sound`, async () => {
    const path = await copy();
    const store = await openStore(ledgerOptions(path));
    await store.prune({ state, bodies }, () => true);
    const most = (height: Height): Height => (height > HEAD ? HEAD : height);
    assert.equal(store.oldest(), { state: most(state), bodies: most(bodies) });
    await compare(store);
    await store.compact();
    await store.close();
    assert.equal(await problems(path), []);
    const again = await openStore(ledgerOptions(path));
    await compare(again);
    await again.close();
  });
}

test('proofs of what is kept have the roots in the headers, older ones are refused', async () => {
  const path = await copy();
  const store = await openStore(ledgerOptions(path));
  await store.prune({ state: 40n, bodies: 0n }, () => true);
  for (const at of [40n, 47n, HEAD]) {
    for (const address of LEDGER_ADDRESSES.slice(0, 5)) {
      const request = { address, slots: LEDGER_SLOTS.slice(0, 3), at };
      assert.equal(await store.prove(request), await whole.prove(request));
    }
  }
  const [address] = LEDGER_ADDRESSES;
  assert.ok(address !== undefined);
  assert.is(await refusalOf(store.prove({ address, slots: [], at: 39n })), 'STORE_PRUNED');
  await store.close();
});

test('a reader of a state that is pruned meanwhile is told so, and never given a wrong value', async () => {
  const store = await openStore(ledgerOptions(await copy()));
  const old = store.stateAt(20n);
  const kept = store.stateAt(50n);
  const before = contents(kept);
  const search = store.findLogs(ALL_LOGS, { from: 1n, to: HEAD, limit: 10_000 });
  const pruning = store.prune({ state: 50n, bodies: 50n }, () => true);
  const outcome = await refusalOf(search);
  await pruning;
  assert.ok(outcome === 'STORE_PRUNED' || outcome === 'none');
  assert.is(
    prunedAt(() => contents(old)),
    50n,
  );
  assert.equal(contents(kept), before);
  await store.close();
});

test('a ledger goes on after it was pruned, and is pruned further as it grows', async () => {
  const path = await copy();
  const store = await openStore(ledgerOptions(path));
  const seed = process.env['SEED'] ?? String(Date.now());
  const random = seededRandom(seed);
  const states = new Map<Height, readonly string[]>();
  for (let step = 0; step < 40; step += 1) {
    await store.write(wholeBlock(store, random));
    const { number } = store.head().header;
    states.set(number, contents(store.stateAt(number)));
    const [state, bodies] = [number - BigInt(random.below(12)), number - BigInt(random.below(30))];
    await store.prune({ state, bodies }, () => true);
    const oldest = store.oldest();
    assert.ok(oldest.state >= state && oldest.bodies >= bodies);
    for (const [at, expected] of states) {
      if (at >= oldest.state) assert.equal(contents(store.stateAt(at)), expected, `SEED=${seed}`);
    }
  }
  await store.close();
  assert.equal(await problems(path), [], `SEED=${seed}`);
});

test('stopped after any batch it is sound, says what it keeps, and goes on', async () => {
  const path = await copy();
  const to = { state: 45n, bodies: 38n };
  let steps = 0;
  for (let isDone = false; !isDone; ) {
    const database = await openDatabase(path, false);
    const next = pruneBatch(database, readHorizons(database), to, 300);
    if (next === undefined) isDone = true;
    else await database.write(next.batch.writes());
    await database.close();
    steps += 1;
    assert.equal(await problems(path), []);
    const store = await openStore(ledgerOptions(path));
    await compare(store);
    await store.close();
  }
  assert.ok(steps > 3, `${steps} steps`);
});

test('the room is given back', async () => {
  const path = join(directory, 'large');
  await growLedger(path, 800);
  const store = await openStore(ledgerOptions(path));
  await store.compact();
  const before = await bytesOf(path);
  await store.prune({ state: 790n, bodies: 790n }, () => true);
  await store.compact();
  await store.close();
  const after = await bytesOf(path);
  assert.ok(after < before * 0.6, `${before} bytes before, ${after} after`);
});

async function bytesOf(path: string): Promise<number> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.ldb'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test.run();
