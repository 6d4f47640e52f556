// time-limit: 600 s
/** `ehb proof` on a running network whose contract names the validators, `ehb verify-proof` with its genesis file alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf } from '#crypto';
import { bytesToHex, hexToBytes } from '../../ledger/model/index.ts';
import { createClient } from '../../rpc/client.ts';
import { accountAt, viemAt } from './accounts.ts';
import { freeBasePort, killQuietly, MAIN, temporaryDirectory, until } from './harness.ts';

const test = suite('proofs where a contract names the validators');
const directory: string = temporaryDirectory();
const running: ChildProcess[] = [];

type Printed = Readonly<Record<string, unknown>>;

/** A command as a process; the JSON that it printed. */
async function ehb(...args: readonly string[]): Promise<Printed> {
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exitCode = await new Promise((done) => child.once('close', done));
  const line = output.split('\n').find((each) => each.startsWith('{'));
  return { exitCode, ...(JSON.parse(line ?? '{}') as object), output };
}

function startNode(path: string): void {
  const args = [MAIN, 'node', 'start', '--data-dir', path, '--log-level', 'error'];
  running.push(spawn(process.execPath, args, { stdio: 'ignore' }));
}

test.after(() => {
  for (const { pid } of running) if (pid !== undefined) killQuietly(pid);
});

test('P-7: a receipt and a slot hold offline across a change of the validators, and no altered one does', async () => {
  const network = join(directory, 'network');
  const base = await freeBasePort(2);
  const made = await ehb(
    ...['genesis', 'create', '--directory', network, '--validators', '1'],
    ...['--validators-by', 'contract'],
    ...['--development', '--base-port', String(base), '--empty-block-period', '0'],
  );
  assert.is(made['exitCode'], 0, String(made['output']));
  const node = join(network, 'node-0');
  const url = `http://127.0.0.1:${base}`;
  startNode(node);
  const client = createClient({ url });
  const answers = (): Promise<boolean> =>
    client.request('eth_blockNumber', []).then(
      () => true,
      () => false,
    );
  await until('the node answers', answers, 120_000);

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
  const created = await ehb(
    ...['node', 'create', '--data-dir', other, '--genesis', join(node, 'genesis.json')],
    ...['--boot-peer', `/ip4/127.0.0.1/tcp/${p2p.port}/p2p/${peerId}`],
    ...['--rpc-port', String(base + 10), '--p2p-port', String(base + 13)],
  );
  assert.is(created['exitCode'], 0, String(created['output']));
  const key = hexToBytes(readFileSync(join(other, 'validator.key'), 'utf8').trim());
  const proposed = await ehb(
    ...['validators', 'propose', bytesToHex(addressOf(key)), url, '--force'],
    ...['--key', join(node, 'validator.key')],
  );
  assert.is(proposed['exitCode'], 0, String(proposed['output']));
  startNode(other);

  const second = await transfer();
  await assertProved('after', second, url, genesis);
  await assertProved('before-again', first, url, genesis);
  const file = join(directory, 'slot.proof');
  const slot = await ehb(
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
  assert.is(slot['ok'], true, String(slot['output']));
  const proved = await ehb('verify-proof', file, ...genesis);
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
  const made = await ehb('proof', 'receipt', hash, '--output', file, '--url', url);
  assert.is(made['ok'], true, String(made['output']));
  const proved = await ehb('verify-proof', file, ...genesis);
  assert.is(proved['transactionHash'], hash, String(proved['output']));
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(`${file}.altered`, bytes);
  const refused = await ehb('verify-proof', `${file}.altered`, ...genesis);
  assert.is(refused['exitCode'], 1, String(refused['output']));
}

test.run();
