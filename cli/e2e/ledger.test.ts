// time-limit: 240 s
/** The operator's commands on a ledger: backup under load, restore, verify, export, import, kill and repeat. */
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { openStore } from '../../ledger/store/index.ts';
import { accountAt, viemAt } from './accounts.ts';
import { blockStarts } from './block-file.ts';
import { ehb } from './command.ts';
import { killEhb } from './ehb-process.ts';
import { blockHashes, type DevNetwork, freeBasePort, heightOf, startDev } from './harness.ts';

const test = suite('the ledger commands');
const directory: string = temporaryDirectory();
const dataDir: string = join(directory, 'network');
const backup: string = join(directory, 'backup.ehb');
const blocks: string = join(directory, 'blocks.rlp');
let network: DevNetwork;
let node: string;
let hashes: readonly string[];
/** Where the transaction that was reverted is. */
let reverted: bigint;
/** `Error("no")` in the encoding of Solidity. */
const REASON = `0x08c379a0${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${'6e6f'.padEnd(64, '0')}`;

/** A directory with the genesis of the network and nothing else. */
function freshDirectory(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  cpSync(join(node, 'genesis.json'), join(path, 'genesis.json'));
  return path;
}

async function transfers(count: number): Promise<void> {
  const { reader, wallet } = viemAt(network.urls[0] as string, accountAt(0));
  for (let sent = 0; sent < count; sent += 1) {
    const hash = await wallet.sendTransaction({ to: accountAt(9).address, value: 1n });
    await reader.waitForTransactionReceipt({ hash, timeout: 20_000 });
  }
}

/** Creation code that reverts with a reason: what is behind its 12 bytes. */
async function revert(): Promise<void> {
  const { reader, wallet } = viemAt(network.urls[0] as string, accountAt(2));
  const size = ((REASON.length - 2) / 2).toString(16).padStart(2, '0');
  const data = `0x60${size}600c60003960${size}6000fd${REASON.slice(2)}` as const;
  const hash = await wallet.sendTransaction({ data, gas: 200_000n });
  const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 20_000 });
  assert.is(receipt.status, 'reverted');
  reverted = receipt.blockNumber;
}

/** The reasons that the ledger in a directory keeps for that block. */
async function reasonsIn(dataDir: string): Promise<readonly (string | undefined)[]> {
  const file = JSON.parse(readFileSync(join(dataDir, 'genesis.json'), 'utf8'));
  const { block, hash, accounts, hashRule } = genesisOf(file);
  const store = await openStore({
    path: join(dataDir, 'chain'),
    genesis: { block, hash, accounts },
    hashRule,
  });
  try {
    const receipts = store.receipts(reverted) ?? [];
    return receipts.map(({ revertReason }) => revertReason && bytesToHex(revertReason));
  } finally {
    await store.close();
  }
}

test.before(async () => {
  const basePort = await freeBasePort();
  network = await startDev({ dataDir, basePort, validators: 1 });
  node = join(dataDir, 'node-0');
});

test('proofs made by the node hold offline with the genesis file alone, and no altered one does', async () => {
  const { reader, wallet } = viemAt(network.urls[0] as string, accountAt(1));
  const hash = await wallet.sendTransaction({ to: accountAt(8).address, value: 5n });
  const { blockNumber } = await reader.waitForTransactionReceipt({ hash, timeout: 20_000 });
  const url = ['--url', network.urls[0] as string];
  const genesis = ['--genesis', join(node, 'genesis.json')];
  const subjects = [
    ['transaction', hash],
    ['receipt', hash],
    ['account', accountAt(8).address, '--slot', '0', '--block', String(blockNumber)],
  ];
  for (const subject of subjects) {
    const file = join(directory, `${subject[0]}.proof`);
    const made = await ehb('proof', ...subject, '--output', file, ...url);
    assert.is(made['ok'], true, JSON.stringify(made));
    const proved = await ehb('verify-proof', file, ...genesis);
    assert.is(proved['blockNumber'], String(blockNumber), JSON.stringify(proved));
    if (subject[0] !== 'account') assert.is(proved['transactionHash'], hash);
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += 101) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] as number) ^ 4;
      writeFileSync(`${file}.altered`, altered);
      const refused = await ehb('verify-proof', `${file}.altered`, ...genesis);
      assert.is(refused['exitCode'], 1, `byte ${at}`);
    }
  }
  const nothing = await ehb(
    'proof',
    'receipt',
    `0x${'12'.repeat(32)}`,
    '--output',
    `${directory}/x`,
    ...url,
  );
  assert.is(nothing['code'], 'CLI_NODE_REFUSED');
});

test('a backup is taken while blocks are made; a running ledger is left alone by the others', async () => {
  await transfers(5);
  await revert();
  const load = transfers(15);
  const taken = await ehb('backup', backup, '--url', network.urls[0] as string);
  await load;
  assert.is(taken['ok'], true, JSON.stringify(taken));
  assert.ok(Number(taken['height']) >= 5);
  const again = await ehb('backup', backup, '--url', network.urls[0] as string);
  assert.is(again['code'], 'CLI_BACKUP_FAILED');
  assert.is((await ehb('verify', '--data-dir', node))['code'], 'STORE_LOCKED');
  const client = network.clients[0] as DevNetwork['clients'][number];
  hashes = await blockHashes(client, 0, await heightOf(client));
  await network.stop('SIGTERM');
});

test('the ledger of the stopped node is sound, and exports; an export goes on where it was cut', async () => {
  const report = await ehb('verify', '--data-dir', node);
  assert.equal(report['problems'], []);
  assert.is(report['exitCode'], 0);
  assert.equal(await reasonsIn(node), [REASON]);
  const written = await ehb('export', blocks, '--data-dir', node);
  assert.is(written['written'], hashes.length - 1, JSON.stringify(written));
  const whole = readFileSync(blocks);
  writeFileSync(blocks, whole.subarray(0, whole.length >> 1));
  const resumed = await ehb('export', blocks, '--data-dir', node);
  assert.ok(Number(resumed['found']) > 0 && Number(resumed['written']) > 0);
  assert.equal(readFileSync(blocks), whole);
  const range = await ehb('export', blocks, '--data-dir', node, '--to', '100000');
  assert.is(range['code'], 'NODE_EXPORT_RANGE');
  const foreign = await ehb('export', blocks, '--data-dir', node, '--from', '2');
  assert.is(foreign['code'], 'NODE_EXPORT_FOREIGN');
});

test('blocks are imported into an empty ledger, also after the process was killed', async () => {
  const target = freshDirectory('imported');
  const importing = ['import', blocks, '--data-dir', target];
  for (let round = 0; round < 3; round += 1) await killEhb(importing, () => isBegun(target));
  const summary = await ehb(...importing);
  assert.is(summary['ok'], true, JSON.stringify(summary));
  assert.is(summary['head'], String(hashes.length - 1));
  const report = await ehb('verify', '--data-dir', target);
  assert.equal(report['problems'], []);
  assert.equal(await reasonsIn(target), [REASON], 'blocks are executed again');
});

test('X-50: a ledger without revert reasons is as sound as one with them', async () => {
  const target = freshDirectory('without-reasons');
  const summary = await ehb('import', blocks, '--data-dir', target, '--revert-reasons', 'off');
  assert.is(summary['ok'], true, JSON.stringify(summary));
  assert.equal(await reasonsIn(target), [undefined]);
  assert.equal((await ehb('verify', '--data-dir', target))['problems'], []);
});

function isBegun(target: string): boolean {
  try {
    return statSync(join(target, 'chain', 'EHB-STORE')).isFile();
  } catch {
    return false;
  }
}

test('altered, reordered, repeated and cut files are refused by name, and what was sound stays', async () => {
  const whole = readFileSync(blocks);
  const starts = blockStarts(whole);
  const wrong = join(directory, 'wrong.rlp');
  const importing = async (name: string, bytes: Uint8Array): Promise<Record<string, unknown>> => {
    writeFileSync(wrong, bytes);
    return await ehb('import', wrong, '--data-dir', freshDirectory(name));
  };
  const [, second = 0, third = 0] = starts;
  const cut = await importing('cut', whole.subarray(0, whole.length - 3));
  assert.is(cut['code'], 'NODE_BLOCK_FILE_CUT');
  const altered = Uint8Array.from(whole);
  altered[third - 10] = (altered[third - 10] as number) ^ 1;
  assert.is((await importing('altered', altered))['code'], 'NODE_IMPORT_REFUSED');
  const swapped = Buffer.concat([whole.subarray(second, third), whole.subarray(0, second)]);
  assert.is((await importing('swapped', swapped))['code'], 'NODE_IMPORT_REFUSED');
  const twice = await importing('twice', Buffer.concat([whole.subarray(0, third), whole]));
  assert.is(twice['known'], 2);
  assert.is(twice['ok'], true);
  assert.is(
    (await importing('noise', Buffer.from('no blocks')))['code'],
    'NODE_BLOCK_FILE_DAMAGED',
  );
  assert.is((await importing('empty', new Uint8Array(0)))['imported'], 0);
});

test('a restored node has the blocks of the backup, gets the rest, and never a consensus log', async () => {
  const target = freshDirectory('restored');
  const restored = await ehb('restore', backup, '--data-dir', target);
  assert.is(restored['ok'], true, JSON.stringify(restored));
  assert.throws(() => statSync(join(target, 'consensus.log')), 'ENOENT');
  assert.equal((await ehb('verify', '--data-dir', target))['problems'], []);
  assert.equal(await reasonsIn(target), [REASON], 'they are part of a backup');
  const summary = await ehb('import', blocks, '--data-dir', target);
  assert.is(summary['known'], Number(restored['height']));
  assert.is(summary['head'], String(hashes.length - 1));
  assert.is((await ehb('restore', backup, '--data-dir', target))['code'], 'STORE_NOT_EMPTY');
});

test.run();
