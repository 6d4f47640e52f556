import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex, CodedError } from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import { seededRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { crc32c, withChecksum, withoutChecksum } from './checksum.ts';
import { accountKey, historyKey } from './keyspace.ts';
import { openStore } from './open-store.ts';
import { ACCOUNTS, ALICE, BOB, funds, next, optionsAt, SLOT } from './testkit/small-chain.ts';

type Context = { directory: string; path: string };
const test = suite<Context>('ledger/store/open-store');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.path = join(context.directory, 'chain');
});

/** Makes a chain and returns the hash of each of its blocks. */
async function makeChain(path: string, length: number): Promise<readonly string[]> {
  const store = await openStore(optionsAt(path));
  const hashes = [bytesToHex(store.head().hash)];
  for (let i = 1; i <= length; i += 1) {
    const slots = [[SLOT, i % 251]] as const;
    await store.write(next(store, [funds(ALICE, BigInt(i)), funds(BOB, 1n, slots)]));
    hashes.push(bytesToHex(store.head().hash));
  }
  await store.close();
  return hashes;
}

test('L-9: a store of another genesis is refused, whether or not it was marked', async ({
  path,
}) => {
  await makeChain(path, 0);
  const other = optionsAt(path, ACCOUNTS, 1);
  assert.is(await refusalOf(openStore(other)), 'STORE_FOREIGN_GENESIS');
  await rm(join(path, 'EHB-STORE'));
  assert.is(await refusalOf(openStore(other)), 'STORE_FOREIGN_GENESIS');
  await (await openStore(optionsAt(path))).close();
  assert.ok((await readdir(path)).includes('EHB-STORE'), 'a store left unmarked is marked');
});

test('L-9: names without contents, left by a loss of power, become a store; records never do', async ({
  path,
}) => {
  const leaveNames = async (log: Uint8Array): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
    await writeFile(join(path, 'CURRENT'), 'MANIFEST-000001\n');
    await writeFile(join(path, 'MANIFEST-000001'), '');
    await writeFile(join(path, '000003.log'), log);
  };
  await leaveNames(new Uint8Array(0));
  await makeChain(path, 1);
  await leaveNames(Uint8Array.of(1, 2, 3));
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_DAMAGED');
  assert.equal(new Uint8Array(await readFile(join(path, '000003.log'))), Uint8Array.of(1, 2, 3));
});

test('L-6: an overwritten record that comes back is refused, and so is a newest one that is gone', async ({
  path,
}) => {
  await makeChain(path, 3);
  const key = accountKey(ALICE);
  const records = async (change: (level: Level<Uint8Array, Uint8Array>) => Promise<void>) => {
    const level = new Level<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await change(level);
    await level.close();
  };
  const reading = async (): Promise<string> => {
    const store = await openStore(optionsAt(path));
    try {
      return await refusalOf(Promise.resolve().then(() => store.stateAt(1n)?.account(ALICE)));
    } finally {
      await store.close();
    }
  };
  await records(async (level) => {
    const older = historyKey(key, 1);
    const value = withoutChecksum(older, (await level.get(older)) as Uint8Array) as Uint8Array;
    await level.put(key, withChecksum(key, value));
  });
  assert.is(await reading(), 'STORE_DAMAGED');
  await records((level) => level.del(key));
  assert.is(await reading(), 'STORE_DAMAGED');
});

test('L-9: a store of another format is refused by its version; a damaged mark is damage', async ({
  path,
}) => {
  await makeChain(path, 0);
  const mark = await readFile(join(path, 'EHB-STORE'));
  for (let at = 0; at < mark.length; at += 1) {
    const flipped = Uint8Array.from(mark);
    flipped[at] = (flipped[at] as number) ^ 1;
    await writeFile(join(path, 'EHB-STORE'), flipped);
    assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_DAMAGED', `byte ${at}`);
  }
  mark.writeUInt32BE(99, 8);
  mark.writeUInt32BE(crc32c(mark.subarray(0, 44)), 44);
  await writeFile(join(path, 'EHB-STORE'), mark);
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_UNKNOWN_VERSION');
});

test('accounts that do not give the state root of the header are refused', async ({ path }) => {
  const options = optionsAt(path);
  const accounts = { accounts: [funds(ALICE, 101n)], codes: [] };
  const wrong = { ...options, genesis: { ...options.genesis, accounts } };
  assert.is(await refusalOf(openStore(wrong)), 'STORE_WRONG_GENESIS_STATE');
  await (await openStore(options)).close();
});

test('a directory that another process has open is refused until that process is dead', async ({
  path,
}) => {
  await makeChain(path, 0);
  const script = `import { Level } from 'level'; const l = new Level(${JSON.stringify(path)}); await l.open(); console.log('open'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_LOCKED');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await openStore(optionsAt(path))).close();
});

test('a path that is a file, or whose parent is missing, cannot be written', async ({
  directory,
}) => {
  const file = join(directory, 'file');
  await writeFile(file, 'x');
  assert.is(await refusalOf(openStore(optionsAt(file))), 'STORE_NOT_WRITABLE');
  const orphan = join(directory, 'missing', 'chain');
  assert.is(await refusalOf(openStore(optionsAt(orphan))), 'STORE_NOT_WRITABLE');
});

test('L-9: lost files are damage, and a marked store is never made anew', async ({
  directory,
  path,
}) => {
  await makeChain(path, 3);
  // Opening it once more turns the log into a table.
  await makeReopened(path);
  const names = await readdir(path);
  const losses = names.filter((name) => /^(CURRENT|MANIFEST-.*|.*\.ldb)$/.test(name));
  assert.ok(losses.length >= 3, `${names}`);
  for (const name of losses) {
    for (const alsoMark of [false, true]) {
      const copy = join(directory, `without-${name}-${alsoMark}`);
      await cp(path, copy, { recursive: true });
      await rm(join(copy, name));
      if (alsoMark) await rm(join(copy, 'EHB-STORE'));
      assert.is(await refusalOf(openStore(optionsAt(copy))), 'STORE_DAMAGED', name);
    }
  }
  await emptyDatabase(path);
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_DAMAGED');
});

test('a database of something else is refused', async ({ path }) => {
  await mkdir(path);
  const { Level } = await import('level');
  const level = new Level(path);
  await level.put('a', 'b');
  await level.close();
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_DAMAGED');
});

async function makeReopened(path: string): Promise<void> {
  await (await openStore(optionsAt(path))).close();
}

async function emptyDatabase(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== 'EHB-STORE') await rm(join(path, name));
  }
  const { Level } = await import('level');
  const level = new Level(path);
  await level.open();
  await level.close();
}

test("L-7, L-8: bytes flipped in LevelDB's log are found at open, or the chain ends before them", async ({
  directory,
  path,
}) => {
  const random = seededRandom('ledger/store/open-store');
  const length = 60;
  const hashes = await makeChain(path, length);
  const log = (await readdir(path)).find((name) => name.endsWith('.log')) as string;
  const bytes = await readFile(join(path, log));
  let refused = 0;
  let shorter = 0;
  for (let round = 0; round < 60; round += 1) {
    const copy = join(directory, `flipped-${round}`);
    await cp(path, copy, { recursive: true });
    const at = random.below(bytes.length);
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] as number) ^ (1 << random.below(8));
    await writeFile(join(copy, log), flipped);
    try {
      const store = await openStore(optionsAt(copy));
      const { header } = store.head();
      if (header.number < BigInt(length)) shorter += 1;
      for (let number = 0n; number <= header.number; number += 1n) {
        const hash = store.hashOf(number);
        assert.is(hash && bytesToHex(hash), hashes[Number(number)], random.rerun);
        const balance = store.stateAt(number)?.account(ALICE)?.balance;
        assert.is(balance, number === 0n ? 100n : number, random.rerun);
      }
      await store.close();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      assert.is(error.code, 'STORE_DAMAGED', `byte ${at}: ${random.rerun}`);
      refused += 1;
    }
    await rm(copy, { recursive: true });
  }
  assert.ok(refused > 0 && refused + shorter === 60, `${refused} refused, ${shorter} shorter`);
});

test('L-2: a value changed on disk is named by its table and key, and never served', async ({
  path,
}) => {
  await makeChain(path, 2);
  const { Level } = await import('level');
  const { openDatabase } = await import('./database.ts');
  const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
  const level = new Level<Uint8Array, Uint8Array>(path, encodings);
  const entries = await level.iterator().all();
  for (const [key, value] of entries) {
    const flipped = Uint8Array.from(value);
    flipped[value.length >> 1] = (flipped[value.length >> 1] as number) ^ 1;
    await level.put(key, flipped);
  }
  await level.close();
  const database = await openDatabase(path, false);
  for (const [key] of entries) {
    assert.throws(
      () => database.get(key),
      (error: unknown) =>
        error instanceof CodedError &&
        error.code === 'STORE_DAMAGED' &&
        error.detail.key === bytesToHex(key) &&
        error.message.includes(`table ${error.detail.table}`),
    );
  }
  await database.close();
  assert.is(await refusalOf(openStore(optionsAt(path))), 'STORE_DAMAGED');
});

test('L-1: a batch that finds no room leaves the head where it was, and nothing is written after it', async ({
  path,
}) => {
  await makeChain(path, 1);
  const command = `ulimit -f 60; exec "$0" "$1" "$2"`;
  const script = join(import.meta.dirname, 'testkit', 'store-worker.ts');
  const child = spawn('sh', ['-c', command, process.execPath, script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'exit');
  const [, codes, number, balance] = output.match(/^(\S+) (\d+) (\d+)\n$/) ?? [];
  assert.is(codes, 'STORE_WRITE_FAILED,STORE_WRITE_FAILED', output);
  assert.is(Number(balance), Number(number) - 1);
  const store = await openStore(optionsAt(path));
  assert.ok(store.head().header.number >= BigInt(number ?? 0), 'nothing acknowledged is lost');
  await store.close();
});

test.run();
