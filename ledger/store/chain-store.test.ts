import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Address,
  asAddress,
  type BlockHeader,
  CodedError,
  commitState,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  type ExecutedBlock,
  headerHash,
  type StateChanges,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../model/index.ts';
import { type ChainStore, openStore, type StoreOptions } from './chain-store.ts';

type Context = { directory: string };
const test = suite<Context>('ledger/store/chain-store');

test.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'ehb-store-'));
});
test.after.each(async ({ directory }) => {
  await rm(directory, { recursive: true, force: true });
});

const ALICE = asAddress(new Uint8Array(20).fill(0xa1));
const BOB = asAddress(new Uint8Array(20).fill(0xb0));
const SLOT = new Uint8Array(32).fill(1);

function header(fields: Partial<BlockHeader>): BlockHeader {
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 1n,
    number: 0n,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: 0n,
    extraData: new Uint8Array(0),
    mixHash: ZERO_HASH,
    nonce: new Uint8Array(8),
    ...fields,
  };
}

function funds(
  address: Address,
  balance: bigint,
  slots: readonly (readonly [Uint8Array, number])[] = [],
): StateChanges['accounts'][number] {
  return {
    address,
    account: { nonce: 0n, balance, codeHash: EMPTY_CODE_HASH },
    storageCleared: false,
    storage: slots.map(([slot, value]) => ({
      slot,
      value: value === 0 ? new Uint8Array(0) : Uint8Array.of(value),
    })),
  };
}

const ACCOUNTS: StateChanges = { accounts: [funds(ALICE, 100n)], codes: [] };

function optionsAt(path: string, accounts: StateChanges = ACCOUNTS, seed = 0): StoreOptions {
  const { stateRoot } = commitState(
    { stateRoot: EMPTY_ROOT, account: () => undefined, node: () => undefined },
    accounts,
  );
  const genesis = header({ stateRoot, extraData: Uint8Array.of(seed) });
  return {
    path,
    genesis: {
      block: { header: genesis, transactions: [], ommers: [] },
      hash: headerHash(genesis, 'plain'),
      accounts,
    },
    hashRule: 'plain',
  };
}

function next(store: ChainStore, accounts: StateChanges['accounts']): ExecutedBlock {
  const changes = { accounts, codes: [] };
  const commitment = store.state().commit(changes);
  const { header: parent, hash } = store.head();
  const block = {
    header: header({
      number: parent.number + 1n,
      parentHash: hash,
      stateRoot: commitment.stateRoot,
    }),
    transactions: [],
    ommers: [],
  };
  return { block, senders: [], receipts: [], changes, commitment };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}

test('a new store holds block 0 and its accounts; what was written is there again', async ({
  directory,
}) => {
  const options = optionsAt(join(directory, 'chain'));
  const store = await openStore(options);
  assert.equal(store.head().hash, options.genesis.hash);
  assert.is(store.state().account(ALICE)?.balance, 100n);
  await store.write(next(store, [funds(ALICE, 60n), funds(BOB, 40n, [[SLOT, 5]])]));
  const { hash } = store.head();
  await store.close();
  const again = await openStore(options);
  assert.equal(again.head().hash, hash);
  assert.is(again.state().account(BOB)?.balance, 40n);
  assert.equal([...again.state().storage(BOB, SLOT)], [5]);
  assert.is(again.numberOf(hash), 1n);
  assert.equal(again.hashOf(0n), options.genesis.hash);
  assert.is(again.block(1n)?.header.number, 1n);
  assert.equal(again.receipts(1n), []);
  await again.close();
});

test('any past state can be read', async ({ directory }) => {
  const store = await openStore(optionsAt(join(directory, 'chain')));
  await store.write(next(store, [funds(ALICE, 90n), funds(BOB, 10n, [[SLOT, 1]])]));
  await store.write(next(store, [funds(ALICE, 80n)]));
  await store.write(
    next(store, [
      { address: BOB, account: undefined, storageCleared: true, storage: [] },
      funds(ALICE, 70n),
    ]),
  );
  await store.write(next(store, [funds(BOB, 1n, [[SLOT, 9]])]));
  const balances = [0n, 1n, 2n, 3n, 4n].map((number) => [
    store.stateAt(number)?.account(ALICE)?.balance,
    store.stateAt(number)?.account(BOB)?.balance,
    [...(store.stateAt(number)?.storage(BOB, SLOT) ?? [])],
  ]);
  assert.equal(balances, [
    [100n, undefined, []],
    [90n, 10n, [1]],
    [80n, 10n, [1]],
    [70n, undefined, []],
    [70n, 1n, [9]],
  ]);
  assert.is(store.stateAt(5n), undefined);
  await store.close();
});

test('a block that does not follow the head is a fault of the caller', async ({ directory }) => {
  const store = await openStore(optionsAt(join(directory, 'chain')));
  const block = next(store, [funds(ALICE, 1n)]);
  await store.write(block);
  try {
    await store.write(block);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'follows the head');
  }
  assert.is(store.head().header.number, 1n);
  await store.close();
});

test('a store of another genesis or an unknown format is refused', async ({ directory }) => {
  const path = join(directory, 'chain');
  await (await openStore(optionsAt(path))).close();
  assert.is(await codeOf(openStore(optionsAt(path, ACCOUNTS, 1))), 'STORE_FOREIGN_GENESIS');
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  const { metadataKey } = await import('./keyspace.ts');
  const { withChecksum } = await import('./checksum.ts');
  const key = metadataKey('version');
  await level.put(key, withChecksum(key, Uint8Array.of(99)));
  await level.close();
  assert.is(await codeOf(openStore(optionsAt(path))), 'STORE_UNKNOWN_VERSION');
});

test('accounts that do not give the state root of the header are refused', async ({
  directory,
}) => {
  const options = optionsAt(join(directory, 'chain'));
  const accounts = { accounts: [funds(ALICE, 101n)], codes: [] };
  const wrong = { ...options, genesis: { ...options.genesis, accounts } };
  assert.is(await codeOf(openStore(wrong)), 'STORE_WRONG_GENESIS_STATE');
});

test('a directory that another process has open, and a path that is a file, are refused', async ({
  directory,
}) => {
  const path = join(directory, 'chain');
  await (await openStore(optionsAt(path))).close();
  const script = `import { Level } from 'level'; const l = new Level(${JSON.stringify(path)}); await l.open(); console.log('open'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.is(await codeOf(openStore(optionsAt(path))), 'STORE_LOCKED');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await openStore(optionsAt(path))).close();
  const file = join(directory, 'file');
  await writeFile(file, 'x');
  assert.is(await codeOf(openStore(optionsAt(file))), 'STORE_NOT_WRITABLE');
});

test('a changed value is never served: reading it or opening the store says so', async ({
  directory,
}) => {
  const path = join(directory, 'chain');
  const options = optionsAt(path);
  const store = await openStore(options);
  await store.write(next(store, [funds(ALICE, 60n), funds(BOB, 40n, [[SLOT, 5]])]));
  await store.close();
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  const level = new Level<Uint8Array, Uint8Array>(path, encodings);
  const entries = await level.iterator().all();
  await level.close();
  for (const [key, value] of entries) {
    const raw = new Level<Uint8Array, Uint8Array>(path, encodings);
    const flipped = Uint8Array.from(value);
    flipped[0] = (flipped[0] as number) ^ 1;
    await raw.put(key, flipped);
    await raw.close();
    const { openDatabase } = await import('./database.ts');
    const database = await openDatabase(path);
    try {
      database.get(key);
      assert.unreachable('a damaged value was read');
    } catch (error) {
      assert.is((error as CodedError<{ code: string }>).code, 'STORE_DAMAGED');
    } finally {
      await database.close();
    }
    const repaired = new Level<Uint8Array, Uint8Array>(path, encodings);
    await repaired.put(key, value);
    await repaired.close();
  }
  await (await openStore(options)).close();
  assert.is(entries.length > 10, true);
});

test.run();
