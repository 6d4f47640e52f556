import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { runCommand as run } from './e2e/command.ts';
import { EXIT } from './exit-codes.ts';
import { createOutput } from './output.ts';
import { createProgram } from './program.ts';
import { renderCliReference } from './reference.ts';

const test = suite('cli/program');
const directory: string = temporaryDirectory();

function leaves(command: Command, above: readonly string[]): readonly string[][] {
  if (command.commands.length === 0) return [[...above, command.name()]];
  return command.commands.flatMap((child) => leaves(child, [...above, command.name()]));
}

const program = createProgram(createOutput(), () => {});
const COMMANDS = leaves(program, []).map(([, ...path]) => path);

test('there are the commands that the reference page documents', () => {
  const paths = COMMANDS.map((path) => path.join(' '));
  assert.equal(paths, [
    'backup',
    'dev',
    'evidence list',
    'evidence export',
    'evidence verify',
    'export',
    'genesis create',
    'genesis show',
    'genesis check',
    'import',
    'keys encrypt',
    'keys decrypt',
    'keys show',
    'node create',
    'node start',
    'permissions list',
    'permissions allow',
    'permissions deny',
    'permissions forget',
    'permissions everyone',
    'proof transaction',
    'proof receipt',
    'proof account',
    'prune',
    'repair',
    'restore',
    'serve',
    'snapshot create',
    'snapshot load',
    'snapshot join',
    'status',
    'validators list',
    'validators propose',
    'validators discard',
    'verify',
    'verify-proof',
  ]);
  const page = renderCliReference(program);
  for (const path of paths) assert.match(page, `## ehb ${path}\n`);
  assert.match(page, '`ehb genesis check [options] <file>`');
  assert.match(page, '| `--base-port <port>` |');
  assert.not.match(page, '--supervised');
});

for (const path of COMMANDS) {
  test(`${path.join(' ')} --help has a purpose, --json and examples`, async () => {
    const { code, out, err } = await run(...path, '--help');
    assert.is(code, EXIT.ok);
    assert.is(err, '');
    assert.match(out, `Usage: ehb ${path.join(' ')}`);
    assert.match(out, '--json');
    assert.match(out, `$ ehb ${path.join(' ')}`);
  });
}

test('the version is that of the package', async () => {
  const manifest = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, 'utf8'));
  assert.equal(await run('--version'), { code: EXIT.ok, out: version, err: '' });
});

const MISUSES: readonly (readonly string[])[] = [
  [],
  ['constantinople'],
  ['dev', '--colour'],
  ['dev', 'extra'],
  ['dev', '--validators', '0'],
  ['dev', '--validators', 'four'],
  ['dev', '--base-port', '70000'],
  ['dev', '--log-level', 'loud'],
  ['node', 'start'],
  ['node', 'create', '--data-dir', 'x'],
  ['node', 'start', '--data-dir', 'x', '--rpc-port', '65536'],
  ['evidence', 'list', '--author', '0x12'],
  ['evidence', 'list', '--kind', 'vote'],
  ['evidence', 'list', '--from', '-1'],
  ['evidence', 'export'],
  ['evidence', 'verify', 'file'],
  ['genesis', 'create'],
  ['genesis', 'create', '--directory', 'x', '--chain-id', '0'],
  ['genesis', 'create', '--directory', 'x', '--fund', '0x12=1'],
  ['genesis', 'show'],
  ['status', 'localhost:8545'],
  ['validators', 'propose'],
  ['validators', 'propose', '0x12'],
  ['validators', 'discard'],
  ['status', '--timeout', '-1'],
];
for (const args of MISUSES) {
  test(`ehb ${args.join(' ')} is a usage error and says so`, async () => {
    const { code, err } = await run(...args);
    assert.is(code, EXIT.usage);
    assert.is.not(err, '');
  });
}

test('node create makes the directory of a node that joins, and does not write over it', async () => {
  const network = join(directory, 'joined');
  const made = await run(
    'genesis',
    'create',
    '--directory',
    network,
    '--validators',
    '1',
    '--json',
  );
  const [first] = JSON.parse(made.out).nodes;
  const path = join(directory, 'candidate');
  const boot = `/ip4/127.0.0.1/tcp/${first.p2p.port}/p2p/${first.peerId}`;
  const args = ['node', 'create', '--data-dir', path, '--boot-peer', boot, '--genesis'];
  const created = await run(...args, join(first.directory, 'genesis.json'), '--json');
  assert.is(created.code, EXIT.ok, created.err);
  const { address, p2p } = JSON.parse(created.out);
  assert.equal(p2p.bootPeers, [boot]);
  assert.is(p2p.allowlist, 'allowlist.json');
  const files = await Promise.all(
    ['genesis.json', 'config.json', 'allowlist.json'].map((name) =>
      readFile(join(path, name), 'utf8'),
    ),
  );
  assert.ok(files.every((text) => JSON.parse(text)));
  assert.match(address, /^0x[0-9a-f]{40}$/);
  const again = await run(...args, join(first.directory, 'genesis.json'));
  assert.is(again.code, EXIT.dataDirectory);
  assert.match((await run(...args, join(path, 'nothing.json'))).err, 'CLI_FILE_UNREADABLE');
});

test('genesis create makes what show and check accept, and does not write over it', async () => {
  const network = join(directory, 'network');
  const address = `0x${'ab'.repeat(20)}`;
  const create = ['genesis', 'create', '--directory', network, '--validators', '2'];
  const args = ['--chain-id', '4711', '--base-port', '9000', '--fund', `${address}=1.5`, '--json'];
  const made = await run(...create, ...args);
  assert.is(made.code, EXIT.ok, made.err);
  const { hash, nodes } = JSON.parse(made.out);
  assert.is(nodes.length, 2);
  assert.is(nodes[1].rpc.port, 9010);

  const file = join(nodes[0].directory, 'genesis.json');
  const shown = await run('genesis', 'show', file, '--json');
  assert.is(shown.code, EXIT.ok);
  const summary = JSON.parse(shown.out);
  assert.is(summary.hash, hash);
  assert.is(summary.chainId, '4711');
  assert.equal(summary.validators, nodes.map((node: { address: string }) => node.address).sort());
  assert.match((await run('genesis', 'show', file)).out, hash);
  assert.match((await run('genesis', 'check', file)).out, 'valid');
  const genesis = JSON.parse(await readFile(file, 'utf8'));
  assert.is(BigInt(genesis.alloc[address].balance), 15n * 10n ** 17n);

  const again = await run(...create);
  assert.is(again.code, EXIT.dataDirectory);
  assert.match(again.err, 'GENESIS_DIRECTORY_NOT_EMPTY');
  assert.match(again.err, 'what to do');
});

test('genesis check lists every fault, show refuses with the first', async () => {
  const file = join(directory, 'bad.json');
  await writeFile(file, JSON.stringify({ config: { chainId: 0, qbft: {} }, number: 1 }));
  const checked = await run('genesis', 'check', file);
  assert.is(checked.code, EXIT.refused);
  for (const field of ['chainId', 'number', 'gasLimit', 'extraData']) {
    assert.match(checked.out, field);
  }
  const json = JSON.parse((await run('genesis', 'check', file, '--json')).out);
  assert.not(json.ok);
  assert.ok(json.problems.length >= 4);
  const shown = await run('genesis', 'show', file);
  assert.is(shown.code, EXIT.refused);
  assert.match(shown.err, 'more: ehb genesis check');
});

test('a file that is absent or no JSON is an error with the path', async () => {
  const text = join(directory, 'text.json');
  await writeFile(text, 'hello');
  for (const file of [join(directory, 'absent.json'), text]) {
    const { code, err } = await run('genesis', 'check', file);
    assert.is(code, EXIT.failed);
    assert.match(err, file);
    assert.match(err, 'CLI_FILE_UNREADABLE');
  }
});

test('node start refuses an incomplete directory and a port in use', async () => {
  const missing = await run('node', 'start', '--data-dir', join(directory, 'nowhere'));
  assert.is(missing.code, EXIT.refused);
  assert.match(missing.err, 'GENESIS_NODE_DIRECTORY_INCOMPLETE');

  const network = join(directory, 'one');
  await run('genesis', 'create', '--directory', network, '--validators', '1');
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const args = ['--data-dir', join(network, 'node-0'), '--rpc-port', String(port), '--json'];
  const busy = await run('node', 'start', ...args);
  await new Promise((done) => other.close(done));
  assert.is(busy.code, EXIT.portInUse);
  const { code, message } = JSON.parse(busy.err);
  assert.is(code, 'CLI_PORT_IN_USE');
  assert.match(message, `port ${port}`);
  assert.match(message, '--rpc-port');
});

test('status shows the nodes that answer and exits with 4 if one does not', async () => {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: STATUS }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const alive = await run('status', url);
  const both = await run('status', url, 'http://127.0.0.1:1', '--json');
  server.closeAllConnections();
  await new Promise((done) => server.close(done));

  assert.is(alive.code, EXIT.ok);
  assert.match(alive.out, /42 +43\/1 +1 +2\+3 +following/);
  assert.match(alive.out, 'does not vote: no log');
  assert.is(both.code, EXIT.unreachable);
  const [first, second] = JSON.parse(both.out);
  assert.is(first.status.head.number, '0x2a');
  assert.not(second.ok);
  assert.is((await run('status', 'http://127.0.0.1:1')).code, EXIT.unreachable);
});

const STATUS = {
  clientVersion: 'ehb',
  chainId: '0x1',
  genesisHash: '0x00',
  head: { number: '0x2a', hash: '0x01', timestamp: '0x1' },
  syncing: false,
  consensus: { height: '0x2b', round: 1, voting: false, notVotingBecause: 'no log' },
  validatorAddress: '0x02',
  validators: ['0x02'],
  peerId: 'p',
  addresses: [],
  peers: [{ peerId: 'q' }],
  pool: { pending: 2, queued: 3 },
  cryptoBackend: { curve: 'c', keccak: 'k' },
  startedAtMs: 0,
};

test.run();
