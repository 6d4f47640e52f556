// time-limit: 300 s
/** Key files under a password: converted in place, made so from the start, and a node that opens them. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createClient } from '../../rpc/client.ts';
import { ehb } from '../e2e/command.ts';
import { type RunningProgram, startEhb } from '../e2e/ehb-process.ts';
import { freeBasePort } from '../e2e/harness.ts';
import { until } from '../e2e/until.ts';

const test = suite('cli/commands/keys');
const directory: string = temporaryDirectory();
const network: string = join(directory, 'network');
const node: string = join(network, 'node-0');
const [validatorKey, nodeKey] = [join(node, 'validator.key'), join(node, 'node.key')];
const [right, wrong, empty] = ['right', 'wrong', 'empty'].map((name) => join(directory, name));
let basePort: number;

test.before(async () => {
  // Only the first line counts, however it ends.
  writeFileSync(right as string, 'a password\r\nand a note\n');
  writeFileSync(wrong as string, 'another password\n');
  writeFileSync(empty as string, '\na password\n');
  basePort = await freeBasePort(1);
  const made = await ehb(
    ...['genesis', 'create', '--directory', network, '--validators', '1'],
    ...['--base-port', String(basePort)],
  );
  assert.is(made['exitCode'], 0, JSON.stringify(made));
});

const withPassword = (file: string | undefined): readonly string[] => [
  '--password-file',
  file as string,
];

test('keys are encrypted and decrypted in place, readable by their owner alone', async () => {
  const before = [validatorKey, nodeKey].map((file) => readFileSync(file, 'utf8'));
  const shown = await ehb('keys', 'show', validatorKey);
  const encrypted = await ehb('keys', 'encrypt', validatorKey, nodeKey, ...withPassword(right));
  assert.is(encrypted['ok'], true, JSON.stringify(encrypted));
  for (const [index, file] of [validatorKey, nodeKey].entries()) {
    const text = readFileSync(file, 'utf8');
    assert.is(JSON.parse(text).version, 3);
    assert.is(text.includes((before[index] as string).trim().slice(2)), false);
    assert.is(statSync(file).mode & 0o777, 0o600);
  }
  assert.equal(await ehb('keys', 'show', validatorKey, ...withPassword(right)), shown);
  const refused = await ehb('keys', 'decrypt', validatorKey, ...withPassword(wrong));
  assert.is(refused['code'], 'GENESIS_PASSWORD_WRONG');
  assert.is(refused['exitCode'], 3);
  assert.is(JSON.parse(readFileSync(validatorKey, 'utf8')).version, 3, 'left as it was');
  await ehb('keys', 'decrypt', validatorKey, nodeKey, ...withPassword(right));
  assert.equal(
    [validatorKey, nodeKey].map((file) => readFileSync(file, 'utf8')),
    before,
  );
  assert.is(statSync(validatorKey).mode & 0o777, 0o600);
});

test('a password is changed with the old one', async () => {
  const before = readFileSync(nodeKey, 'utf8');
  await ehb('keys', 'encrypt', nodeKey, ...withPassword(wrong));
  const needed = await ehb('keys', 'encrypt', nodeKey, ...withPassword(right));
  assert.is(needed['code'], 'GENESIS_PASSWORD_NEEDED');
  const old = ['--old-password-file', wrong as string];
  const changed = await ehb('keys', 'encrypt', nodeKey, ...old, ...withPassword(right));
  assert.is(changed['ok'], true, JSON.stringify(changed));
  await ehb('keys', 'decrypt', nodeKey, ...withPassword(right));
  assert.is(readFileSync(nodeKey, 'utf8'), before);
});

test('what is wrong with files is told by its code, and no file changes', async () => {
  const before = readFileSync(nodeKey, 'utf8');
  const absent = await ehb('keys', 'encrypt', nodeKey, ...withPassword(join(directory, 'absent')));
  assert.is(absent['code'], 'GENESIS_PASSWORD_FILE');
  assert.is(
    (await ehb('keys', 'encrypt', nodeKey, ...withPassword(empty)))['code'],
    absent['code'],
  );
  const large = join(directory, 'large');
  writeFileSync(large, 'x'.repeat(1_000_000));
  assert.is((await ehb('keys', 'show', large))['code'], 'GENESIS_KEY_INVALID');
  assert.is(
    (await ehb('keys', 'encrypt', nodeKey, ...withPassword(large)))['code'],
    absent['code'],
  );
  const none = await ehb('keys', 'show', join(directory, 'none'));
  assert.is(none['code'], 'GENESIS_NODE_DIRECTORY_INCOMPLETE');
  assert.is(readFileSync(nodeKey, 'utf8'), before);
});

test('a node is made with encrypted keys', async () => {
  const dataDir = join(directory, 'joining');
  const made = await ehb(
    ...['node', 'create', '--data-dir', dataDir, '--genesis', join(node, 'genesis.json')],
    ...['--boot-peer', '/ip4/127.0.0.1/tcp/1/p2p/x', ...withPassword(right)],
  );
  const shown = await ehb(
    ...['keys', 'show', join(dataDir, 'validator.key'), join(dataDir, 'node.key')],
    ...withPassword(right),
  );
  const keys = shown['keys'] as readonly { address: string; peerId: string }[];
  assert.is(keys[0]?.address, made['address']);
  assert.is(keys[1]?.peerId, made['peerId']);
  for (const name of ['validator.key', 'node.key']) {
    assert.is(statSync(join(dataDir, name)).mode & 0o777, 0o600);
    assert.is(JSON.parse(readFileSync(join(dataDir, name), 'utf8')).version, 3);
  }
  rmSync(dataDir, { recursive: true });
});

test('a node starts with the password, by option or environment, and not without it', async () => {
  await ehb('keys', 'encrypt', validatorKey, nodeKey, ...withPassword(right));
  const start = ['node', 'start', '--data-dir', node];
  assert.is((await ehb(...start))['code'], 'GENESIS_PASSWORD_NEEDED');
  const refused = await ehb(...start, ...withPassword(wrong));
  assert.is(refused['code'], 'GENESIS_PASSWORD_WRONG');
  assert.is(String(refused['message']).includes('another password'), false);
  for (const [args, env] of [
    [withPassword(right), {}],
    [[], { EHB_PASSWORD_FILE: right as string }],
  ] as const) {
    const log = await untilAnswering(startEhb([...start, ...args, '--json'], env));
    assert.is(log.includes('a password'), false, 'it is logged nowhere');
  }
});

/** Waits for JSON-RPC and a block, stops the node, and gives what it logged. */
async function untilAnswering({ child, output, ended }: RunningProgram): Promise<string> {
  try {
    const client = createClient({ url: `http://127.0.0.1:${basePort}` });
    await until(
      'the node makes blocks',
      async () => {
        assert.is(child.exitCode, null, output());
        return client.request('eth_blockNumber', []).then(
          (number) => Number(number) > 0,
          () => false,
        );
      },
      60_000,
    );
  } finally {
    child.kill('SIGTERM');
  }
  assert.is(await ended, 0);
  return output();
}

test.run();
