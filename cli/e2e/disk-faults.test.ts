// time-limit: 900 s
/** A disk that becomes full or read-only under a node: it stops by name, loses nothing, and goes on when that is mended. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hex } from 'viem';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createClient } from '../../rpc/client.ts';
import { EXIT } from '../exit-codes.ts';
import { accountAt, viemAt } from './accounts.ts';
import { type RunningProgram, runEhb, startEhb } from './ehb-process.ts';
import { answers, freeBasePort } from './harness.ts';
import { until } from './until.ts';

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

let running: RunningProgram | undefined;

const startNode = (): RunningProgram =>
  startEhb(['node', 'start', '--data-dir', node, '--log-level', 'error']);

test.after(() => {
  running?.child.kill('SIGKILL');
  if (HAS_DISK) spawnSync('umount', ['-l', disk]);
});

const whereMountable = HAS_DISK ? test : test.skip;

whereMountable(
  'full or read-only, it ends the node with its own code; all acknowledged is there afterwards',
  async () => {
    const port = await freeBasePort(1);
    const url = `http://127.0.0.1:${port}`;
    const made = await runEhb(
      ...['genesis', 'create', '--directory', join(disk, 'network'), '--validators', '1'],
      ...['--development', '--base-port', String(port), '--empty-block-period', '0'],
    );
    assert.is(made.exitCode, 0, made.output);
    const client = createClient({ url });
    running = startNode();
    await until('the node answers', () => answers(client), 120_000);

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
    assert.is(await running.ended, EXIT.disk, running.output());
    assert.match(running.output(), /STORE_DISK_FULL/);
    assert.match(running.output(), /Free space/);
    assert.ok(seen.length > 1 && seen.length < 200, `${seen.length} transactions`);

    running = startNode();
    assert.is(await running.ended, EXIT.disk, `still full: ${running.output()}`);

    assert.ok(mount('-o', 'remount,ro', disk));
    running = startNode();
    assert.is(await running.ended, EXIT.disk, running.output());
    assert.match(running.output(), /STORE_READ_ONLY/);
    assert.ok(mount('-o', 'remount,rw', disk));

    truncateSync(filler, 0);
    running = startNode();
    await until('the node answers again', () => answers(client), 120_000);
    for (const hash of seen) assert.ok(await reader.getTransactionReceipt({ hash }));
    await send();
    running.child.kill('SIGTERM');
    assert.is(await running.ended, 0);
    const verified = await runEhb('verify', '--data-dir', node);
    assert.is(verified.exitCode, 0, verified.output);
  },
);

test.run();
