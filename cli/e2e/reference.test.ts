// time-limit: 240 s
/** A chain of Ethereum from outside: imported with `--reference`, killed and repeated, verified, served; bad files refused. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createClient } from '../../rpc/client.ts';
import { blockStarts } from './block-file.ts';
import { ehb } from './command.ts';
import { killEhb, startEhb } from './ehb-process.ts';
import { freeBasePort } from './harness.ts';
import { until } from './until.ts';

const test = suite('a reference chain');
const declared = process.env['EHB_FIXTURES'];
const fixtures = join(
  declared ?? join(import.meta.dirname, '../../../shared/fixtures'),
  'execution-apis',
);
const HEAD = '0xd226371d0b1551adb03fb52b71f08e3e11247fe9b1af994768af8cdaa8e7dcd7';

if (existsSync(fixtures)) {
  const directory: string = temporaryDirectory();
  const blocks = join(fixtures, 'chain.rlp');
  const whole = readFileSync(blocks);

  const freshDirectory = (name: string): string => {
    const path = join(directory, name);
    mkdirSync(path);
    cpSync(join(fixtures, 'genesis.json'), join(path, 'genesis.json'));
    return path;
  };
  const target = freshDirectory('whole');

  test('it is imported only where that is asked for', async () => {
    const refused = await ehb('import', blocks, '--data-dir', target);
    assert.is(refused['code'], 'GENESIS_NOT_QBFT');
  });

  test('an import that is killed three times goes on to the published head', async () => {
    const importing = ['import', blocks, '--data-dir', target, '--reference'];
    let before = 0;
    for (let round = 0; round < 3; round += 1) {
      await killEhb(importing, () => sizeOf(target) > before + 20_000);
      before = sizeOf(target);
    }
    const summary = await ehb(...importing);
    assert.is(summary['ok'], true, JSON.stringify(summary));
    assert.is(summary['head'], '54');
    assert.is(Number(summary['imported']) + Number(summary['known']), 54);
    const again = await ehb(...importing);
    assert.is(again['known'], 54);
    assert.equal((await ehb('verify', '--data-dir', target))['problems'], []);
  });

  test('what it exports is the file that it came from', async () => {
    const copy = join(directory, 'copy.rlp');
    assert.is((await ehb('export', copy, '--data-dir', target))['written'], 54);
    assert.equal(readFileSync(copy), whole);
  });

  test('a backup of it restores', async () => {
    const backup = join(directory, 'backup.ehb');
    const taken = await ehb('backup', backup, '--data-dir', target);
    assert.is(taken['height'], '54', JSON.stringify(taken));
    const restored = freshDirectory('restored');
    assert.is((await ehb('restore', backup, '--data-dir', restored))['ok'], true);
  });

  test('altered, reordered, repeated and cut files are refused by name', async () => {
    const starts = blockStarts(whole);
    const [, second = 0, third = 0, fourth = 0] = starts;
    const wrong = join(directory, 'wrong.rlp');
    const importing = async (name: string, bytes: Uint8Array): Promise<Record<string, unknown>> => {
      writeFileSync(wrong, bytes);
      return await ehb('import', wrong, '--data-dir', freshDirectory(name), '--reference');
    };
    const short = whole.subarray(0, fourth);
    assert.is(
      (await importing('cut', whole.subarray(0, fourth + 9)))['code'],
      'NODE_BLOCK_FILE_CUT',
    );
    for (const at of [second + 40, second + 100, third - 20, third + 300]) {
      const altered = Uint8Array.from(short);
      altered[at] = (altered[at] as number) ^ 1;
      const refused = await importing(`altered-${at}`, altered);
      assert.is(refused['code'], 'NODE_IMPORT_REFUSED', `byte ${at}: ${JSON.stringify(refused)}`);
    }
    const swapped = Buffer.concat([whole.subarray(second, third), whole.subarray(0, second)]);
    assert.is((await importing('swapped', swapped))['code'], 'NODE_IMPORT_REFUSED');
    const gap = Buffer.concat([whole.subarray(0, second), whole.subarray(third, fourth)]);
    assert.is((await importing('gap', gap))['code'], 'NODE_IMPORT_REFUSED');
    const twice = await importing('twice', Buffer.concat([whole.subarray(0, third), short]));
    assert.is(twice['known'], 2, JSON.stringify(twice));
    const noise = await importing('noise', Buffer.from('no blocks'));
    assert.is(noise['code'], 'NODE_BLOCK_FILE_DAMAGED');
  });

  test('it is served to read only, the head safe and finalized', async () => {
    const port = await freeBasePort(1);
    const args = ['serve', '--data-dir', target, '--rpc-port', String(port), '--json'];
    const { child, output, ended } = startEhb(args);
    try {
      await until('the chain is served', () => output().includes('the chain is served'), 60_000);
      const client = createClient({ url: `http://127.0.0.1:${port}` });
      for (const tag of ['latest', 'safe', 'finalized']) {
        const block = (await client.request('eth_getBlockByNumber', [tag, false])) as {
          hash: string;
        };
        assert.is(block.hash, HEAD, tag);
      }
      const refused = await client.request('eth_sendRawTransaction', ['0x01']).catch(String);
      assert.match(String(refused), 'gets no more blocks');
      const modules = JSON.stringify(await client.request('rpc_modules', []));
      assert.not.match(modules, 'qbft');
      assert.is((await ehb('verify', '--data-dir', target))['code'], 'STORE_LOCKED');
    } finally {
      child.kill('SIGTERM');
    }
    assert.is(await ended, 0, output());
  });
} else if (declared === undefined) {
  console.log('fixtures absent');
  test.skip('the chain of ethereum/execution-apis: fixtures absent', () => {});
} else {
  test('the fixtures that EHB_FIXTURES names are there', () => void statSync(fixtures));
}

/** Bytes of the store, 0 before there is one. */
function sizeOf(target: string): number {
  const path = join(target, 'chain');
  const names = existsSync(path)
    ? readdirSync(path).filter((name) => /\.(log|ldb)$/.test(name))
    : [];
  return names.reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

test.run();
