// time-limit: 900 s
/** A disk that becomes full or read-only under a node: it stops by name, loses nothing, and goes on when that is mended. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hex } from 'viem';
import { createClient } from '../../rpc/client.ts';
import { EXIT } from '../exit-codes.ts';
import { accountAt, viemAt } from './accounts.ts';
import { freeBasePort, killQuietly, MAIN, temporaryDirectory, until } from './harness.ts';

const test = suite('faults of the disk');
const DISK_BYTES: number = 48 * 1024 * 1024;
/** Room for some blocks, and not for all. */
const LEFT_BYTES: number = 2 * 1024 * 1024;
const directory: string = temporaryDirectory();
const disk: string = join(directory, 'disk');
const node: string = join(disk, 'network', 'node-0');

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', [...args]).status === 0;
}

mkdirSync(disk);
const HAS_DISK: boolean =
  process.platform === 'linux' && mount('-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk);
if (!HAS_DISK) console.log('skipped: this process may not mount a small disk');

type Ended = { readonly code: number | null; readonly said: string };
type Running = { readonly child: ChildProcess; readonly ended: Promise<Ended> };
let running: Running | undefined;

function ehb(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, said })));
  return { child, ended };
}

const startNode = (): Running => ehb('node', 'start', '--data-dir', node, '--log-level', 'error');

test.after(() => {
  if (running?.child.pid !== undefined) killQuietly(running.child.pid);
  if (HAS_DISK) spawnSync('umount', ['-l', disk]);
});

const whereMountable = HAS_DISK ? test : test.skip;

whereMountable(
  'full or read-only, it ends the node with its own code; all acknowledged is there afterwards',
  async () => {
    const port = await freeBasePort(1);
    const url = `http://127.0.0.1:${port}`;
    const made = await ehb(
      ...['genesis', 'create', '--directory', join(disk, 'network'), '--validators', '1'],
      ...['--development', '--base-port', String(port), '--empty-block-period', '0'],
    ).ended;
    assert.is(made.code, 0, made.said);
    const client = createClient({ url });
    const answers = (): Promise<boolean> =>
      client.request('eth_blockNumber', []).then(
        () => true,
        () => false,
      );
    running = startNode();
    await until('the node answers', answers, 120_000);

    const { reader, wallet } = viemAt(url, accountAt(0));
    const data: Hex = `0x${'5b'.repeat(60_000)}`;
    const seen: Hex[] = [];
    const send = async (): Promise<void> => {
      const hash = await wallet.sendTransaction({ to: accountAt(9).address, data });
      await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
      seen.push(hash);
    };
    await send();
    const filler = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, new Uint8Array(bavail * bsize - LEFT_BYTES));
    let isUp = true;
    void running.ended.then(() => {
      isUp = false;
    });
    while (isUp && seen.length < 200) await send().catch(() => {});
    const full = await running.ended;
    assert.is(full.code, EXIT.disk, full.said);
    assert.match(full.said, /STORE_DISK_FULL/);
    assert.match(full.said, /Free space/);
    assert.ok(seen.length > 1 && seen.length < 200, `${seen.length} transactions`);

    const again = await startNode().ended;
    assert.is(again.code, EXIT.disk, `still full: ${again.said}`);

    assert.ok(mount('-o', 'remount,ro', disk));
    const readOnly = await startNode().ended;
    assert.is(readOnly.code, EXIT.disk, readOnly.said);
    assert.match(readOnly.said, /STORE_READ_ONLY/);
    assert.ok(mount('-o', 'remount,rw', disk));

    truncateSync(filler, 0);
    running = startNode();
    await until('the node answers again', answers, 120_000);
    for (const hash of seen) assert.ok(await reader.getTransactionReceipt({ hash }));
    await send();
    running.child.kill('SIGTERM');
    assert.is((await running.ended).code, 0);
    const verified = await ehb('verify', '--data-dir', node).ended;
    assert.is(verified.code, 0, verified.said);
  },
);

test.run();
