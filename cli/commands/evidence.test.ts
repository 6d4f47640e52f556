import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressOf, sign } from '#crypto';
import {
  completeMessage,
  encodeEvidence,
  signingHashes,
  type UnsignedMessage,
} from '../../consensus/index.ts';
import { readNodeDirectory } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { asHash, bytesToHex, type Hash } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { runCommand as run } from '../e2e/command.ts';
import { EXIT } from '../exit-codes.ts';

const test = suite('cli/commands/evidence');
const directory: string = temporaryDirectory();

/** A network's genesis file and hash, and the key of its first validator. */
async function makeNetwork(name: string): Promise<{ file: string; hash: Hash; key: Uint8Array }> {
  const network = join(directory, name);
  await run('genesis', 'create', '--directory', network, '--validators', '1');
  const node = await readNodeDirectory(join(network, 'node-0'));
  assert.ok(node.validatorKey !== undefined);
  const file = join(network, 'node-0', 'genesis.json');
  return { file, hash: genesisOf(node.genesis).hash, key: node.validatorKey };
}

/** Two prepares of one view. */
function twoPrepares(genesisHash: Hash, key: Uint8Array, height: bigint): string {
  const [first, second] = [1, 2].map((byte) => {
    const digest = asHash(new Uint8Array(32).fill(byte));
    const unsigned: UnsignedMessage = { kind: 'prepare', height, round: 3, digest };
    const signature = sign(signingHashes(genesisHash, unsigned).message, key);
    const message = completeMessage(unsigned, addressOf(key), signature, undefined);
    assert.ok(message.kind === 'prepare');
    return message;
  });
  assert.ok(first !== undefined && second !== undefined);
  return bytesToHex(encodeEvidence(genesisHash, first, second));
}

/** Answers `ehb_getEvidence` one proof a page, and notes what it was asked. */
async function serveEvidence(
  proofs: readonly object[],
): Promise<{ url: string; asked: unknown[]; close: () => Promise<void> }> {
  const asked: unknown[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { id, params } = JSON.parse(body);
    asked.push(params[0]);
    const { skip } = params[0];
    const result = { total: proofs.length, proofs: proofs.slice(skip, skip + 1) };
    const error = { code: -32_601, message: 'no such method' };
    const answer = proofs.length === 0 ? { error } : { result };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function proof(author: string, height: number, bundle: string): object {
  const restsOnBlock = height === 7 ? `0x${'05'.repeat(32)}` : null;
  const view = { kind: 'prepare', height: `0x${height.toString(16)}`, round: 3, author };
  return { ...view, restsOnBlock, statements: [], bundle };
}

test('list shows every page; export writes what verify proves with the genesis file alone', async () => {
  const { file: genesis, hash, key } = await makeNetwork('own');
  const author = bytesToHex(addressOf(key));
  const node = await serveEvidence([
    proof(author, 5, twoPrepares(hash, key, 5n)),
    proof(author, 7, twoPrepares(hash, key, 7n)),
  ]);
  const listed = await run('evidence', 'list', node.url, '--author', author, '--from', '5');
  assert.is(listed.code, EXIT.ok, listed.err);
  assert.match(listed.out, new RegExp(`5 +3 +prepare +${author}`));
  assert.match(listed.out, new RegExp(`7 +3 +prepare +${author} +0x0505`));
  assert.equal(node.asked, [
    { author, fromBlock: '0x5', skip: 0 },
    { author, fromBlock: '0x5', skip: 1 },
  ]);
  const file = join(directory, 'evidence.json');
  const exported = await run('evidence', 'export', node.url, '--output', file, '--json');
  assert.equal(JSON.parse(exported.out), { file, proofs: 2 });
  const again = await run('evidence', 'export', node.url, '--output', file);
  assert.match(again.err, 'CLI_FILE_UNWRITABLE');
  await node.close();

  const verified = await run('evidence', 'verify', file, '--genesis', genesis);
  assert.is(verified.code, EXIT.ok, verified.out);
  assert.match(verified.out, `${author} (a validator of the genesis file) signed two of prepare`);
  const json = JSON.parse(
    (await run('evidence', 'verify', file, '--genesis', genesis, '--json')).out,
  );
  assert.equal(
    json.map((each: { ok: boolean; height: string }) => [each.ok, each.height]),
    [
      [true, '5'],
      [true, '7'],
    ],
  );
});

test('verify names what proves nothing, and exits with 1', async () => {
  const own = await makeNetwork('mine');
  const other = await makeNetwork('other');
  const good = twoPrepares(own.hash, own.key, 5n);
  const forged = `${good.slice(0, -2)}${good.endsWith('00') ? '01' : '00'}`;
  const foreign = twoPrepares(other.hash, own.key, 5n);
  const file = join(directory, 'mixed.json');
  const bundles = [good, forged, foreign, '0x'];
  await writeFile(file, JSON.stringify({ format: 'ehb-evidence', version: 1, bundles }));
  const { code, out } = await run('evidence', 'verify', file, '--genesis', own.file);
  assert.is(code, EXIT.failed);
  const [first, second, third, fourth] = out.split('\n');
  assert.match(first as string, 'proved 1');
  assert.match(second as string, 'CONSENSUS_BAD_SIGNATURE');
  assert.match(third as string, 'CONSENSUS_FOREIGN_EVIDENCE');
  assert.match(fourth as string, 'CONSENSUS_UNKNOWN_VERSION');
});

test('a file of another kind, and a node that refuses, are errors with what to do', async () => {
  const { file: genesis } = await makeNetwork('third');
  const file = join(directory, 'strange.json');
  const strange = [
    null,
    [],
    { format: 'other' },
    { format: 'ehb-evidence', version: 2 },
    { format: 'ehb-evidence', version: 1 },
    { format: 'ehb-evidence', version: 1, bundles: ['0xz'] },
    { format: 'ehb-evidence', version: 1, bundles: [7] },
  ];
  for (const json of strange) {
    await writeFile(file, JSON.stringify(json));
    const { code, err } = await run('evidence', 'verify', file, '--genesis', genesis);
    assert.is(code, EXIT.failed, JSON.stringify(json));
    assert.match(err, 'CLI_EVIDENCE_FILE');
    assert.match(err, 'what to do');
  }
  const notGenesis = await run('evidence', 'verify', file, '--genesis', file);
  assert.is(notGenesis.code, EXIT.refused);
  const node = await serveEvidence([]);
  const refused = await run('evidence', 'list', node.url);
  assert.match(refused.err, 'CLI_NODE_REFUSED');
  await node.close();
  assert.is((await run('evidence', 'list', node.url)).code, EXIT.unreachable);
  assert.match(await readFile(file, 'utf8'), '7', 'the file is left as it was');
});

test.run();
