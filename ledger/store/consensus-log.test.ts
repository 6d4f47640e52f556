import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, asHash } from '../model/index.ts';
import { refusalOf } from '../model/testkit/refusal.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import { crc32c } from './checksum.ts';
import {
  type ConsensusLog,
  type ConsensusLogOptions,
  createConsensusLog,
  openConsensusLog,
  renewConsensusLog,
} from './consensus-log.ts';
import { acquireLock } from './file-lock.ts';

type Context = { directory: string; options: ConsensusLogOptions };
const test = suite<Context>('ledger/store/consensus-log');

test.before.each((context) => {
  context.directory = temporaryDirectory();
  context.options = {
    path: join(context.directory, 'consensus.log'),
    genesisHash: asHash(new Uint8Array(32).fill(7)),
    validator: asAddress(new Uint8Array(20).fill(9)),
  };
});

const LOG_WORKER = join(import.meta.dirname, 'testkit', 'log-worker.ts');
const record = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes);
const listed = (log: ConsensusLog): number[][] => log.records().map((bytes) => [...bytes]);

test('what was appended is there after opening again, in order', async ({ options }) => {
  await createConsensusLog(options);
  const first = await openConsensusLog(options);
  await first.append([record(1), record(2, 3)]);
  await first.append([record(4)]);
  await first.close();
  const second = await openConsensusLog(options);
  assert.equal(listed(second), [[1], [2, 3], [4]]);
  await second.append([record(5)]);
  await second.close();
  const third = await openConsensusLog(options);
  assert.equal(listed(third), [[1], [2, 3], [4], [5]]);
  await third.close();
});

test('a missing log, an existing one and one of another chain or key are refused', async ({
  options,
}) => {
  assert.is(await refusalOf(openConsensusLog(options)), 'STORE_LOG_MISSING');
  await createConsensusLog(options);
  assert.is(await refusalOf(createConsensusLog(options)), 'STORE_LOG_EXISTS');
  const otherChain = { ...options, genesisHash: asHash(new Uint8Array(32)) };
  assert.is(await refusalOf(openConsensusLog(otherChain)), 'STORE_LOG_FOREIGN');
  const otherKey = { ...options, validator: asAddress(new Uint8Array(20)) };
  assert.is(await refusalOf(openConsensusLog(otherKey)), 'STORE_LOG_FOREIGN');
});

test('L-4: a log cut at any byte opens with its whole records, or is refused for its header', async ({
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.append([record(1, 1, 1), record(2, 2)]);
  await log.close();
  const whole = await readFile(options.path);
  for (let length = 0; length < whole.length; length += 1) {
    await writeFile(options.path, whole.subarray(0, length));
    if (length < 68) {
      assert.is(await refusalOf(openConsensusLog(options)), 'STORE_LOG_DAMAGED', `${length}`);
      continue;
    }
    const cut = await openConsensusLog(options);
    assert.equal(listed(cut), length < 68 + 15 ? [] : [[1, 1, 1]], `${length}`);
    await cut.append([record(9)]);
    await cut.close();
    const again = await openConsensusLog(options);
    assert.equal(listed(again).at(-1), [9]);
    await again.close();
  }
});

test('L-4: a flipped byte anywhere is damage, and the file is left as it is', async ({
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.append([record(1, 1, 1), record(2, 2)]);
  await log.close();
  const whole = await readFile(options.path);
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Uint8Array.from(whole);
    flipped[at] = (flipped[at] as number) ^ 0x10;
    await writeFile(options.path, flipped);
    assert.is(await refusalOf(openConsensusLog(options)), 'STORE_LOG_DAMAGED', `${at}`);
    assert.equal(Uint8Array.from(await readFile(options.path)), flipped);
  }
});

test('L-4: a log of an unknown format is refused as that', async ({ options }) => {
  await createConsensusLog(options);
  const header = await readFile(options.path);
  header.writeUInt32BE(2, 8);
  header.writeUInt32BE(crc32c(header.subarray(0, 64)), 64);
  await writeFile(options.path, header);
  assert.is(await refusalOf(openConsensusLog(options)), 'STORE_UNKNOWN_VERSION');
});

test('appends that are asked for together are kept whole and in order', async ({ options }) => {
  await createConsensusLog(options);
  const log = await openConsensusLog({ ...options, rewriteAboveBytes: 500 });
  const expected: number[][] = [];
  const done: Promise<void>[] = [];
  for (let i = 0; i < 50; i += 1) {
    expected.push([i, 0], [i, 1]);
    done.push(log.append([record(i, 0), record(i, 1)]));
    if (i % 10 === 9) done.push(log.retain(() => true));
  }
  await Promise.all(done);
  assert.equal(listed(log), expected);
  await log.close();
  const again = await openConsensusLog(options);
  assert.equal(listed(again), expected);
  await again.close();
});

test('what the caller does to its bytes afterwards changes no record', async ({ options }) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  const bytes = record(1, 2, 3);
  await log.append([bytes]);
  bytes.fill(0);
  assert.equal(listed(log), [[1, 2, 3]]);
  await log.close();
});

test('L-6: a new log in place of a damaged one holds its first records; no file is overwritten', async ({
  options,
  directory,
}) => {
  const renew = (): Promise<string | undefined> => renewConsensusLog(options, [record(7)]);
  assert.is(await renew(), undefined);
  for (const number of [1, 2]) {
    await writeFile(options.path, `damaged ${number}`);
    const kept = `${options.path}.damaged-${number}`;
    assert.is(await renew(), kept);
    assert.is(await readFile(kept, 'utf8'), `damaged ${number}`);
  }
  const log = await openConsensusLog(options);
  assert.equal(listed(log), [[7]]);
  assert.is(await refusalOf(renew()), 'STORE_LOCKED', 'a log in use stays where it is');
  await log.close();
  const names = (await readdir(directory)).filter((name) => !name.endsWith('.lock')).sort();
  assert.equal(names, ['consensus.log', 'consensus.log.damaged-1', 'consensus.log.damaged-2']);
});

test('L-5: a log that another process has open is refused until that process is dead', async ({
  options,
}) => {
  await createConsensusLog(options);
  const child = spawn(process.execPath, [LOG_WORKER, options.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.is(await refusalOf(openConsensusLog(options)), 'STORE_LOCKED');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const log = await openConsensusLog(options);
  assert.is(await refusalOf(openConsensusLog(options)), 'STORE_LOCKED', 'by the same process too');
  await log.append([record(1)]);
  await log.close();
});

test('L-3: an append that finds no room fails, leaves nothing behind, and the log goes on', async ({
  options,
}) => {
  await createConsensusLog(options);
  // The limit of the shell, in blocks of 512 or 1024 bytes, ends a write as a full disk does.
  const command = `ulimit -f 20; exec "$0" "$1" "$2" 1000`;
  const child = spawn('sh', ['-c', command, process.execPath, LOG_WORKER, options.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'exit');
  const [, code, count] = output.match(/^open\n(\S+) (\d+)\n$/) ?? [];
  assert.is(code, 'STORE_LOG_WRITE_FAILED', output);
  const log = await openConsensusLog(options);
  assert.is(log.records().length, Number(count) + 1);
  assert.equal(listed(log).at(-1), [77]);
  await log.close();
});

test('a record above 64 MiB is a mistake of the caller, and nothing is written', async ({
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  try {
    await log.append([record(1), new Uint8Array(64 * 1024 * 1024 + 1)]);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, RangeError);
  }
  assert.equal(listed(log), []);
  assert.is((await stat(options.path)).size, 68);
  await log.close();
});

test('a closed log takes nothing', async ({ options }) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.close();
  await log.close();
  assert.is(await refusalOf(log.append([record(1)])), 'STORE_CLOSED');
  assert.is(await refusalOf(log.retain(() => true)), 'STORE_CLOSED');
});

test('L-5: a file above its limit is rewritten with the records that are kept', async ({
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog({ ...options, rewriteAboveBytes: 100 });
  await log.append([record(1)]);
  await log.retain(() => false);
  assert.equal(listed(log), [[1]], 'below the limit nothing is dropped');
  await log.append([new Uint8Array(100).fill(2), record(3)]);
  await log.retain((bytes) => bytes[0] === 3);
  await log.append([record(4)]);
  assert.equal(listed(log), [[3], [4]]);
  await log.close();
  const again = await openConsensusLog(options);
  assert.equal(listed(again), [[3], [4]]);
  await again.close();
});

test('L-5: a rewrite that was interrupted changes nothing, and its remains are removed', async ({
  directory,
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.append([record(1)]);
  await log.close();
  await writeFile(`${options.path}.tmp`, 'half a rewr');
  const again = await openConsensusLog(options);
  assert.equal(listed(again), [[1]]);
  await again.close();
  assert.equal((await readdir(directory)).sort(), ['consensus.log', 'consensus.log.lock']);
});

test('L-5: a lock of which a loss of power left names without contents is taken; one that is held is not', async ({
  directory,
}) => {
  const path = join(directory, 'lock');
  await mkdir(path);
  await writeFile(join(path, 'CURRENT'), 'MANIFEST-000001\n');
  await writeFile(join(path, 'MANIFEST-000001'), '');
  const lock = await acquireLock(path);
  assert.is(await refusalOf(acquireLock(path)), 'STORE_LOCKED');
  await lock.release();
  await (await acquireLock(path)).release();
});

test.run();
