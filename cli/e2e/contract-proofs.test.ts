// time-limit: 600 s
/** `ehb proof` on a running network whose contract names the validators, `ehb verify-proof` with its genesis file alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf } from '#crypto';
import { bytesToHex, hexToBytes } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createClient } from '../../rpc/client.ts';
import { accountAt, viemAt } from './accounts.ts';
import { type RunningProgram, runEhb, startEhb } from './ehb-process.ts';
import { answers, freeBasePort } from './harness.ts';
import { until } from './until.ts';

const test = suite('proofs where a contract names the validators');
const directory: string = temporaryDirectory();
const running: RunningProgram[] = [];

function startNode(path: string): void {
  running.push(startEhb(['node', 'start', '--data-dir', path, '--log-level', 'error']));
}

test.after(() => {
  for (const { child } of running) child.kill('SIGKILL');
});

test('P-7: a receipt and a slot hold offline across a change of the validators, and no altered one does', async () => {
  const network = join(directory, 'network');
  const base = await freeBasePort(2);
  const made = await runEhb(
    ...['genesis', 'create', '--directory', network, '--validators', '1'],
    ...['--validators-by', 'contract'],
    ...['--development', '--base-port', String(base), '--empty-block-period', '0'],
  );
  assert.is(made.exitCode, 0, made.output);
  const node = join(network, 'node-0');
  const url = `http://127.0.0.1:${base}`;
  startNode(node);
  const client = createClient({ url });
  await until('the node answers', () => answers(client), 120_000);

  const { reader, wallet } = viemAt(url, accountAt(1));
  const transfer = async (): Promise<string> => {
    const hash = await wallet.sendTransaction({ to: accountAt(8).address, value: 5n });
    await reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
    return hash;
  };
  const genesis = ['--genesis', join(node, 'genesis.json')];
  const first = await transfer();
  await assertProved('before', first, url, genesis);

  // The one validator adds another, which votes from a directory of its own.
  const other = join(directory, 'other');
  const { p2p } = JSON.parse(readFileSync(join(node, 'config.json'), 'utf8')) as {
    readonly p2p: { readonly port: number };
  };
  const { peerId } = await client.request('ehb_status', []);
  const created = await runEhb(
    ...['node', 'create', '--data-dir', other, '--genesis', join(node, 'genesis.json')],
    ...['--boot-peer', `/ip4/127.0.0.1/tcp/${p2p.port}/p2p/${peerId}`],
    ...['--rpc-port', String(base + 10), '--p2p-port', String(base + 13)],
  );
  assert.is(created.exitCode, 0, created.output);
  const key = hexToBytes(readFileSync(join(other, 'validator.key'), 'utf8').trim());
  const proposed = await runEhb(
    ...['validators', 'propose', bytesToHex(addressOf(key)), url, '--force'],
    ...['--key', join(node, 'validator.key')],
  );
  assert.is(proposed.exitCode, 0, proposed.output);
  startNode(other);

  const second = await transfer();
  await assertProved('after', second, url, genesis);
  await assertProved('before-again', first, url, genesis);
  const file = join(directory, 'slot.proof');
  const slot = await runEhb(
    'proof',
    'account',
    CONTRACT,
    '--slot',
    '0',
    '--output',
    file,
    '--url',
    url,
  );
  assert.is(slot['ok'], true, slot.output);
  const proved = await runEhb('verify-proof', file, ...genesis);
  const [length] = proved['slots'] as readonly { readonly value: string }[];
  assert.is(length?.value, '0x2', 'two validators, as the contract has them');
});

const CONTRACT = `0x${'0'.repeat(36)}e001`;

async function assertProved(
  name: string,
  hash: string,
  url: string,
  genesis: readonly string[],
): Promise<void> {
  const file = join(directory, `${name}.proof`);
  const made = await runEhb('proof', 'receipt', hash, '--output', file, '--url', url);
  assert.is(made['ok'], true, made.output);
  const proved = await runEhb('verify-proof', file, ...genesis);
  assert.is(proved['transactionHash'], hash, proved.output);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(`${file}.altered`, bytes);
  const refused = await runEhb('verify-proof', `${file}.altered`, ...genesis);
  assert.is(refused.exitCode, 1, refused.output);
}

test.run();
