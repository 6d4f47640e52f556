// time-limit: 900 s
/**
 * `kill -9` at random moments under load, and loss of power: what was said to be durable is there, and the chain is
 * the one that a replay from its genesis gives. `EHB_KILLS` sets how often.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import { asAddress, type Hash } from '../model/index.ts';
import { seededRandom, type TestRandom } from '../model/testkit/seeded-random.ts';
import { temporaryDirectory } from '../model/testkit/temporary-directory.ts';
import type { ChainStore } from './chain-store.ts';
import { createConsensusLog, openConsensusLog } from './consensus-log.ts';
import { numberFrom } from './keyspace.ts';
import { openStore } from './open-store.ts';
import { ledgerOptions, verifyLedger, wholeBlock } from './testkit/whole-ledger.ts';

type Context = { directory: string; chain: string; log: string; replay: ChainStore };
const test = suite<Context>('ledger/store/crash');

const KILLS = Number(process.env['EHB_KILLS'] ?? 10);
const WORKER: string = fileURLToPath(new URL('testkit/crash-worker.ts', import.meta.url));

function logOptions(path: string) {
  const validator = asAddress(new Uint8Array(20).fill(1));
  return { path, genesisHash: ledgerOptions('').genesis.hash, validator };
}

test.before.each(async (context) => {
  context.directory = temporaryDirectory();
  context.chain = join(context.directory, 'chain');
  context.log = join(context.directory, 'consensus.log');
  context.replay = await openStore(ledgerOptions(join(context.directory, 'replay')));
  await createConsensusLog(logOptions(context.log));
});
test.after.each(({ replay }) => replay.close());

/** The hash of that block when the chain is made from its genesis without any crash. */
async function replayed(replay: ChainStore, number: bigint): Promise<Hash | undefined> {
  for (let next = replay.head().header.number + 1n; next <= number; next += 1n) {
    await replay.write(wholeBlock(replay, seededRandom(`crash ${next}`)));
  }
  return replay.hashOf(number);
}

type Said = { readonly log: bigint; readonly block: bigint };

/** The last things that were said to be durable. */
function lastOf(output: string, before: Said): Said {
  const last = (what: string): bigint | undefined => {
    const lines = [...output.matchAll(new RegExp(`^${what} (\\d+)$`, 'gm'))];
    const number = lines.at(-1)?.[1];
    return number === undefined ? undefined : BigInt(number);
  };
  return { log: last('log') ?? before.log, block: last('block') ?? before.block };
}

/** Runs the worker and kills it some time after a number of blocks. */
function runAndKill({ chain, log }: Context, random: TestRandom, before: Said): Promise<Said> {
  const child = spawn(process.execPath, [WORKER, chain, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const blocks = random.below(25);
  const delayMs = random.below(12);
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (timer === undefined && output.split('block').length > blocks) {
      timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    }
  });
  return new Promise((done, fail) =>
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') done(lastOf(output, before));
      else fail(new RangeError(`the worker ended by itself with ${code}`));
    }),
  );
}

/** Nothing that was said to be durable is missing, and what is there is the chain of the replay. */
async function check(context: Context, said: Said, message: string): Promise<void> {
  const store = await openStore(ledgerOptions(context.chain));
  const head = store.head().header.number;
  assert.ok(head >= said.block, `${message}: block ${said.block} is lost, the head is ${head}`);
  for (let number = head > 60n ? head - 60n : 0n; number <= head; number += 1n) {
    const expected = await replayed(context.replay, number);
    assert.deepEqual(store.hashOf(number), expected, message);
    assert.deepEqual(store.encodedBlock(number), context.replay.encodedBlock(number), message);
    assert.deepEqual(store.receipts(number), context.replay.receipts(number), message);
  }
  await store.close();
  const log = await openConsensusLog(logOptions(context.log));
  const last = log.records().at(-1);
  const logged = last === undefined ? 0n : numberFrom(last);
  assert.ok(
    logged >= said.log,
    `${message}: record ${said.log} is lost, the log ends with ${logged}`,
  );
  await log.close();
}

test('L-1, L-3: killed at random moments, a node has all that it said to be durable', async (context) => {
  const random = seededRandom('ledger/store/crash');
  let said: Said = { log: 0n, block: 0n };
  for (let kill = 0; kill < KILLS; kill += 1) {
    said = await runAndKill(context, random, said);
    const message = `kill ${kill}, ${random.rerun}`;
    await check(context, said, message);
    if (kill % 10 === 9)
      assert.deepEqual((await verifyLedger(ledgerOptions(context.chain))).problems, [], message);
  }
  assert.deepEqual((await verifyLedger(ledgerOptions(context.chain))).problems, []);
  console.log(`${KILLS} kills, ${said.block} blocks, nothing said to be durable was missing`);
});

/** Bytes of each file that were synced, and what had been said, whenever something was said. */
type Moment = { readonly said: Said; readonly synced: ReadonlyMap<string, number> };

/** Follows the writes and syncs of a process in what strace tells of them. */
function momentsOf(trace: string): readonly Moment[] {
  const paths = new Map<string, string>();
  const written = new Map<string, number>();
  const synced = new Map<string, number>();
  const moments: Moment[] = [];
  let output = '';
  // A call that another thread interrupted stands in two lines: it counts when it has ended.
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length).trimEnd());
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const call = resumed === null ? rest : `${begun.get(thread) ?? ''}${resumed[1]}`;
    const opened = /^openat\(.*?"(.*?)",.*\)\s+= (\d+)/.exec(call);
    if (opened !== null) {
      const [, path = '', fd = ''] = opened;
      paths.set(fd, path);
      if (call.includes('O_TRUNC')) written.set(path, 0);
      continue;
    }
    const wrote = /^p?write(?:v2?|64)?\((\d+), (.*)\)\s+= (\d+)$/.exec(call);
    if (wrote !== null) {
      const [, fd = '', content = '', length = '0'] = wrote;
      if (fd === '1') {
        output += /"(.*)\\n"/.exec(content)?.[1] ?? '';
        output += '\n';
        moments.push({ said: lastOf(output, { log: 0n, block: 0n }), synced: new Map(synced) });
      } else {
        const path = paths.get(fd) ?? '';
        written.set(path, (written.get(path) ?? 0) + Number(length));
      }
      continue;
    }
    const sync = /^f(?:data)?sync\((\d+)\)\s+= 0/.exec(call);
    if (sync !== null) {
      const path = paths.get(sync[1] ?? '') ?? '';
      synced.set(path, written.get(path) ?? 0);
    }
  }
  return moments;
}

const HAS_STRACE: boolean = spawnSync('strace', ['-V']).status === 0;

(HAS_STRACE ? test : test.skip)(
  'L-1, L-3: when the power fails, all that was said to be durable had been synced',
  async (context) => {
    const { directory, chain, log } = context;
    const traceFile = join(directory, 'trace');
    await check(context, { log: 0n, block: 0n }, 'at first');
    const headerBytes = (await stat(log)).size;
    const calls = 'trace=openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync';
    const args = [
      '-f',
      '-e',
      calls,
      '-e',
      'signal=none',
      '-o',
      traceFile,
      process.execPath,
      WORKER,
      chain,
      log,
      '40',
    ];
    assert.equal(spawnSync('strace', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status, 0);
    const moments = momentsOf(await readFile(traceFile, 'utf8'));
    assert.equal(moments.length, 80, 'the worker speaks twice for each block');
    const lost = { ...context, chain: join(directory, 'lost'), log: join(directory, 'lost.log') };
    for (const { said, synced } of moments.filter((_, index) => index % 3 === 0)) {
      await rm(lost.chain, { recursive: true, force: true });
      await cp(chain, lost.chain, { recursive: true });
      await cp(log, lost.log);
      for (const [path, bytes] of synced) {
        if (path === log) await truncate(lost.log, headerBytes + bytes);
        else if (path.startsWith(chain) && /\d+\.log$/.test(path)) {
          await truncate(join(lost.chain, basename(path)), bytes);
        }
      }
      await check(lost, said, `power lost after ${said.log} and ${said.block}`);
    }
    console.log(`power lost at ${Math.ceil(moments.length / 3)} of ${moments.length} moments`);
  },
);

test.run();
