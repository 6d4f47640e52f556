import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, asHash } from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import {
  createMemoryDisk,
  createMemoryLog,
  type Device,
  type DiskMoment,
  losePower,
  type MemoryDisk,
  openMemoryLog,
  openMemoryStore,
} from './testkit/memory-disk.ts';
import { ALICE, BOB, funds, next, optionsAt, SLOT } from './testkit/small-chain.ts';

const test = suite('ledger/store/memory-disk');
const BINDING = {
  genesisHash: asHash(new Uint8Array(32).fill(7)),
  validator: asAddress(new Uint8Array(20).fill(9)),
};
const SOUND: Device = { reach: async () => {} };
const RECORDS = [Uint8Array.of(1), Uint8Array.of(2, 3)];

/** Never answers at that moment. */
function dyingAt(fatal: DiskMoment): Device {
  return { reach: (moment) => (moment === fatal ? new Promise(() => {}) : Promise.resolve()) };
}

async function recordsOf(disk: MemoryDisk): Promise<readonly number[][]> {
  const log = await openMemoryLog(disk, SOUND, BINDING);
  return log.records().map((bytes) => [...bytes]);
}

/** Appends on a device that dies, and lets everything happen that still does. */
async function appendAndDie(fatal: DiskMoment): Promise<MemoryDisk> {
  const disk = createMemoryDisk();
  createMemoryLog(disk, BINDING);
  const log = await openMemoryLog(disk, dyingAt(fatal), BINDING);
  void log.append(RECORDS);
  await new Promise((resolve) => setImmediate(resolve));
  return disk;
}

test('what was synced is there after a crash, what was not may be, in part', async () => {
  const before = await appendAndDie('before-log-write');
  losePower(before, before.unsynced.length);
  assert.equal(await recordsOf(before), []);
  for (const [share, expected] of [
    [0, []],
    [0.7, [[1]]],
    [1, [[1], [2, 3]]],
  ] as const) {
    const torn = await appendAndDie('before-log-sync');
    losePower(torn, Math.floor(torn.unsynced.length * share));
    assert.equal(await recordsOf(torn), expected);
  }
  const synced = await appendAndDie('after-log-sync');
  losePower(synced, 0);
  assert.equal(await recordsOf(synced), [[1], [2, 3]]);
});

test('a log that is missing, damaged or of another key is refused as the one on disk is', async () => {
  const disk = createMemoryDisk();
  assert.is(await refusalOf(openMemoryLog(disk, SOUND, BINDING)), 'STORE_LOG_MISSING');
  createMemoryLog(disk, BINDING);
  const other = { ...BINDING, validator: asAddress(new Uint8Array(20)) };
  assert.is(await refusalOf(openMemoryLog(disk, SOUND, other)), 'STORE_LOG_FOREIGN');
  const log = await openMemoryLog(disk, SOUND, BINDING);
  await log.append(RECORDS);
  const damaged = disk.log?.slice() as Uint8Array;
  damaged[damaged.length - 1] = 0xff;
  disk.log = damaged;
  assert.is(await refusalOf(openMemoryLog(disk, SOUND, BINDING)), 'STORE_LOG_DAMAGED');
});

test('a block is there whole after a crash, or not at all', async () => {
  const options = optionsAt('');
  for (const [fatal, head] of [
    ['before-store-write', 0n],
    ['after-store-write', 1n],
  ] as const) {
    const disk = createMemoryDisk();
    await openMemoryStore(disk, SOUND, options);
    const store = await openMemoryStore(disk, dyingAt(fatal), options);
    void store.write(next(store, [funds(ALICE, 60n), funds(BOB, 40n, [[SLOT, 5]])]));
    await new Promise((resolve) => setImmediate(resolve));
    const again = await openMemoryStore(disk, SOUND, options);
    assert.is(again.head().header.number, head);
    assert.is(again.state().account(BOB)?.balance, head === 0n ? undefined : 40n);
  }
});

test('storage that is cleared is gone from a store in memory, and its past is not', async () => {
  const store = await openMemoryStore(createMemoryDisk(), SOUND, optionsAt(''));
  await store.write(next(store, [funds(ALICE, 90n), funds(BOB, 10n, [[SLOT, 1]])]));
  await store.write(
    next(store, [{ address: BOB, account: undefined, storageCleared: true, storage: [] }]),
  );
  assert.equal([...store.state().storage(BOB, SLOT)], []);
  assert.equal([...(store.stateAt(1n)?.storage(BOB, SLOT) ?? [])], [1]);
});

test.run();
