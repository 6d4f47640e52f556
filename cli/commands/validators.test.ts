/** The commands against one real node, once for each way to name validators. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createNetworkFiles, type NetworkNode, readNodeDirectory } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createLogger, type RunningNode, startNode } from '../../node/index.ts';
import { type CommandRun, runCommand } from '../e2e/command.ts';
import { EXIT } from '../exit-codes.ts';

const test = suite('cli/commands/validators');
const STRANGER = `0x${'5e'.repeat(20)}`;

const run = (...args: readonly string[]): Promise<CommandRun> => runCommand('validators', ...args);

type Network = { readonly node: NetworkNode; readonly running: RunningNode };

async function withNode(
  validatorsBy: 'headers' | 'contract',
  use: (network: Network, url: string) => Promise<void>,
): Promise<void> {
  const directory = temporaryDirectory();
  const files = await createNetworkFiles({
    directory,
    validators: 1,
    validatorsBy,
    chainId: 20_260n,
    host: '127.0.0.1',
    portsOf: () => ({ rpc: 0, p2p: 0 }),
    accounts: [],
    timestamp: 0n,
    timing: { blockPeriodMs: 0, emptyBlockPeriodMs: 0 },
  });
  const node = files.nodes[0] as NetworkNode;
  const { genesis, config, nodeKey, validatorKey } = await readNodeDirectory(node.directory);
  const running = await startNode({
    dataDir: node.directory,
    genesis: genesisOf(genesis),
    nodeKey,
    validatorKey,
    p2p: { ...config.p2p, allowlistPath: undefined },
    rpc: { ...config.rpc, bodyLimitBytes: 1_000_000 },
    version: '0.0.0',
    logger: createLogger('error', { write: () => {} }),
  });
  try {
    await use({ node, running }, running.rpcUrl);
  } finally {
    await running.close();
  }
}

test('votes in headers: list, propose, discard', async () => {
  await withNode('headers', async ({ node }, url) => {
    const own = bytesToHex(node.address);
    const before = await run('list', url);
    assert.is(before.code, EXIT.ok, before.err);
    assert.match(before.out, '1 validators of block 1, changed by votes in headers, 1 of 1 needed');
    assert.match(before.out, `${own}  this node`);

    const refused = await run('propose', STRANGER, url);
    assert.is(refused.code, EXIT.failed);
    assert.match(refused.err, 'the chain would stop: 2 validators need 2');
    assert.match(refused.err, 'NODE_VOTE_WITHOUT_QUORUM');
    assert.match(refused.err, 'repeat it with force');
    assert.match((await run('propose', own, url, '--drop')).err, 'the last validator');
    assert.match((await run('propose', own, url)).out, 'nothing to do');

    // The vote of a lone validator passes at once; then its chain waits for the other.
    const forced = await run('propose', STRANGER, url, '--force', '--json');
    assert.equal(JSON.parse(forced.out), { address: STRANGER, action: 'add' });
    for (;;) {
      const { validators } = JSON.parse((await run('list', url, '--json')).out);
      if (validators.length === 2) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match((await run('list', url)).out, `${STRANGER}  not connected`);

    const drop = await run('propose', STRANGER, url, '--drop');
    assert.match(drop.out, `votes to drop ${STRANGER}, in the blocks that this node makes`);
    assert.match((await run('list', url)).out, `this node wants to drop ${STRANGER}: to be cast`);
    assert.match((await run('discard', STRANGER, url)).out, 'no longer wants a vote');
    assert.match((await run('discard', STRANGER, url)).out, 'nothing to do');
  });
});

test('votes in a contract are transactions of the validator key', async () => {
  await withNode('contract', async ({ node }, url) => {
    const own = bytesToHex(node.address);
    const key = join(node.directory, 'validator.key');
    assert.match((await run('list', url)).out, 'named by the contract 0x');
    const without = await run('propose', STRANGER, url);
    assert.is(without.code, EXIT.failed);
    assert.match(without.err, 'CLI_KEY_NEEDED');
    const last = await run('propose', own, url, '--drop', '--key', key);
    assert.match(last.err, 'the contract refuses the transaction: TooFewValidators');
    const absent = await run('propose', STRANGER, url, '--key', join(node.directory, 'no.key'));
    assert.is(absent.code, EXIT.refused, absent.err);

    const taken = await run('discard', STRANGER, url, '--key', key);
    assert.match(taken.out, 'no longer wants a vote');
    const vote = await run('propose', STRANGER, url, '--key', key, '--json');
    assert.is(vote.code, EXIT.ok, vote.err);
    assert.is(JSON.parse(vote.out).block, '2');
    assert.match((await run('list', url)).out, '2 validators of block 3');
    assert.match((await run('propose', STRANGER, url, '--key', key)).out, 'nothing to do');
  });
});

test('a node that is not there is said to be so', async () => {
  const { code, err } = await run('list', 'http://127.0.0.1:9');
  assert.is(code, EXIT.unreachable);
  assert.match(err, 'CLI_NODE_UNREACHABLE');
});

test.run();
