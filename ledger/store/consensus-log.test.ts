import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asAddress, asHash, CodedError } from '../model/index.ts';
import {
  type ConsensusLog,
  type ConsensusLogOptions,
  createConsensusLog,
  openConsensusLog,
} from './consensus-log.ts';

type Context = { directory: string; options: ConsensusLogOptions };
const test = suite<Context>('ledger/store/consensus-log');

test.before.each(async (context) => {
  context.directory = await mkdtemp(join(tmpdir(), 'ehb-log-'));
  context.options = {
    path: join(context.directory, 'consensus.log'),
    genesisHash: asHash(new Uint8Array(32).fill(7)),
    validator: asAddress(new Uint8Array(20).fill(9)),
  };
});
test.after.each(async ({ directory }) => {
  await rm(directory, { recursive: true });
});

const record = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes);
const listed = (log: ConsensusLog): number[][] => log.records().map((bytes) => [...bytes]);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}

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
  assert.is(await codeOf(openConsensusLog(options)), 'STORE_LOG_MISSING');
  await createConsensusLog(options);
  assert.is(await codeOf(createConsensusLog(options)), 'STORE_LOG_EXISTS');
  const otherChain = { ...options, genesisHash: asHash(new Uint8Array(32)) };
  assert.is(await codeOf(openConsensusLog(otherChain)), 'STORE_LOG_FOREIGN');
  const otherKey = { ...options, validator: asAddress(new Uint8Array(20)) };
  assert.is(await codeOf(openConsensusLog(otherKey)), 'STORE_LOG_FOREIGN');
});

test('a log cut at any byte opens with its whole records, or is refused for its header', async ({
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
      assert.is(await codeOf(openConsensusLog(options)), 'STORE_LOG_DAMAGED', `${length}`);
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

test('one flipped bit anywhere is damage: in a length too, and in the last record', async ({
  options,
}) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.append([record(1, 1, 1), record(2, 2), record(3, 3, 3, 3)]);
  await log.close();
  const whole = await readFile(options.path);
  for (let at = 0; at < whole.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = Uint8Array.from(whole);
      flipped[at] = (flipped[at] as number) ^ (1 << bit);
      await writeFile(options.path, flipped);
      assert.is(await codeOf(openConsensusLog(options)), 'STORE_LOG_DAMAGED', `${at}, bit ${bit}`);
    }
  }
});

test('records that changed places are refused', async ({ options }) => {
  await createConsensusLog(options);
  const log = await openConsensusLog(options);
  await log.append([record(1, 1), record(2, 2), record(3, 3)]);
  await log.close();
  const whole = await readFile(options.path);
  const swapped = Buffer.concat([
    whole.subarray(0, 68),
    whole.subarray(82, 96),
    whole.subarray(68, 82),
    whole.subarray(96),
  ]);
  await writeFile(options.path, swapped);
  assert.is(await codeOf(openConsensusLog(options)), 'STORE_LOG_DAMAGED');
});

test('a file above its limit is rewritten with the records that are kept', async ({ options }) => {
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

test.run();
