/**
 * Packs the release as npm would publish it, installs it in an empty folder, and uses it there:
 * `npx ehb dev` must make a block, the entry must work from plain JavaScript and carry its types.
 * About two minutes, most of it the install; a command of its own (`npm run check:package`).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeBasePort, heightOf, killQuietly } from '../cli/e2e/harness.ts';
import { descendantsOf } from '../cli/e2e/processes.ts';
import { until } from '../cli/e2e/until.ts';
import { bytesToHex, hexToBytes, signTransaction } from '../ledger/model/index.ts';
import { createClient } from '../rpc/client.ts';

const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
/** Account 0 of the public development mnemonic. */
const DEVELOPMENT_KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const CHAIN_ID = 20_260n;

const SCRIPT = `
import { createClient, decodeExtraData, decodeHeader, hexToBytes, verifySealedHeader } from 'ehb';
const client = createClient({ url: process.argv[2] });
if (await client.request('eth_chainId', []) !== '0x4f24') throw new Error('chain id');
if (typeof verifySealedHeader !== 'function' || typeof decodeHeader !== 'function') throw new Error('exports');
if (decodeExtraData(hexToBytes('0x00')).ok) throw new Error('one byte is no extraData');
console.log('entry works');
`;

const TYPED = `
import { createClient, verifySealedHeader, type BlockHeader, type Address } from 'ehb';
const client = createClient({ url: 'http://127.0.0.1:8545' });
export const height: Promise<string> = client.request('eth_blockNumber', []);
export const check = (header: BlockHeader, set: readonly Address[]): boolean => verifySealedHeader(header, set).ok;
// @ts-expect-error the types are real: a number is no header
verifySealedHeader(1, []);
`;

const TYPED_CONFIG = {
  compilerOptions: { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, types: [] },
  include: ['typed.ts'],
};

function run(folder: string, command: string, args: readonly string[]): string {
  process.stdout.write(`${command} ${args.join(' ')}\n`);
  return execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function useNetwork(folder: string): Promise<void> {
  const basePort = await freeBasePort();
  const url = `http://127.0.0.1:${basePort}`;
  const args = ['ehb', 'dev', '--fresh', '--data-dir', join(folder, 'data')];
  const child = spawn('npx', [...args, '--base-port', String(basePort)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  try {
    const client = createClient({ url });
    const height = (): Promise<number> => heightOf(client).catch(() => -1);
    await until('the packed network answers', async () => (await height()) >= 0, 60_000);
    await client.request('eth_sendRawTransaction', [firstTransaction()]);
    await until('a block', async () => (await height()) >= 1, 20_000);
    process.stdout.write(run(folder, process.execPath, ['entry.mjs', url]));
  } catch (cause) {
    throw new Error(`the packed network failed:\n${output}`, { cause });
  } finally {
    endAll(child);
  }
}

function firstTransaction(): string {
  const key = hexToBytes(DEVELOPMENT_KEY);
  const transaction = signTransaction(
    {
      type: 2,
      chainId: CHAIN_ID,
      nonce: 0n,
      gasLimit: 100_000n,
      to: undefined,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
    },
    key,
  );
  return bytesToHex(transaction.raw);
}

function endAll(child: ChildProcess): void {
  if (child.pid === undefined) return;
  for (const pid of [child.pid, ...descendantsOf(child.pid)]) killQuietly(pid);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ehb-package-'));
  try {
    run(ROOT, 'npm', ['pack', '--pack-destination', folder]);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new TypeError('npm pack wrote no package');
    writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}\n');
    run(folder, 'npm', ['install', '--no-audit', '--no-fund', `./${tarball}`]);
    writeFileSync(join(folder, 'entry.mjs'), SCRIPT);
    writeFileSync(join(folder, 'typed.ts'), TYPED);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TYPED_CONFIG));
    run(folder, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    await useNetwork(folder);
    process.stdout.write('the package works\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
