// time-limit: 300 s
/** A permissioned network of four validators, one of which has a genesis file without the rule. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { developmentAccounts } from '../../genesis/index.ts';
import {
  type Address,
  bytesToHex,
  decodeExtraData,
  hexToBytes,
  signTransaction,
} from '../../ledger/model/index.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import {
  atSomeHead,
  createTestNetwork,
  receiptOf,
  type TestNetwork,
  type TestNode,
} from '../../node/testkit/test-network.ts';
import { RpcError } from '../../rpc/client.ts';
import { ehb } from './command.ts';

const test = suite('permissions on a running network');
const NOT_PERMITTED = -32_007;
/** The index of the validator whose operator took the rule out of his file; block 0 stays the same. */
const WITHOUT_RULE = 3;
const [ADMIN, BOB] = [0, 1];
const keyFile: string = join(temporaryDirectory(), 'admin.key');
let network: TestNetwork;
let nodes: readonly TestNode[];

const party = (index: number): (typeof developmentAccounts)[number] =>
  developmentAccounts[index] as (typeof developmentAccounts)[number];
const addressOf = (index: number): string => bytesToHex(party(index).address);

test.before(async () => {
  const permissions = { administrators: [party(ADMIN).address], senders: [], everyone: 0 };
  network = await createTestNetwork(
    4,
    { blockPeriodMs: 0, emptyBlockPeriodMs: 0, requestTimeoutMs: 500 },
    { permissions },
  );
  const file = join(network.directoryOf(WITHOUT_RULE), 'genesis.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as { config: { permissions?: object } };
  assert.ok(json.config.permissions);
  delete json.config.permissions;
  writeFileSync(file, JSON.stringify(json));
  writeFileSync(keyFile, bytesToHex(party(ADMIN).privateKey), { mode: 0o600 });
  nodes = await Promise.all([0, 1, 2, 3].map((index) => network.start(index)));
});

test.after(() => network.close());

function nodeAt(index: number): TestNode {
  return nodes[index] as TestNode;
}

const withKey = (index: number): readonly string[] => [
  nodeAt(index).running.rpcUrl,
  '--key',
  keyFile,
];

/** Signed by that account, without fees. */
function transaction(
  from: number,
  nonce: number,
  to: Address | undefined,
): { readonly raw: string; readonly hash: string } {
  const { raw, hash } = signTransaction(
    {
      type: 0,
      chainId: 20_260n,
      nonce: BigInt(nonce),
      gasPrice: 0n,
      gasLimit: 100_000n,
      to,
      value: 0n,
      data: to === undefined ? Uint8Array.of(0x5f, 0x5f, 0xf3) : new Uint8Array(0),
    },
    party(from).privateKey,
  );
  return { raw: bytesToHex(raw), hash: bytesToHex(hash) };
}

/** Hands it to a node; the number of the error, or undefined if it was taken. */
async function offer(node: TestNode, raw: string): Promise<number | undefined> {
  return await node.client.request('eth_sendRawTransaction', [raw]).then(
    () => undefined,
    (error: unknown) => {
      assert.instance(error, RpcError);
      return (error as RpcError).code;
    },
  );
}

async function headOf({ client }: TestNode): Promise<number> {
  return Number(await client.request('eth_blockNumber', []));
}

test('X-53: who has no right is refused with the number that Besu has for it, by each node that has the rule', async () => {
  const target = party(2).address;
  for (const node of nodes.slice(0, WITHOUT_RULE)) {
    assert.is(await offer(node, transaction(BOB, 0, target).raw), NOT_PERMITTED);
    assert.is(await offer(node, transaction(BOB, 0, undefined).raw), NOT_PERMITTED);
  }
  assert.equal(await ehb('permissions', 'list', nodeAt(1).running.rpcUrl), {
    exitCode: 0,
    everyone: [],
    accounts: [{ address: addressOf(ADMIN), rights: ['send', 'deploy', 'administer'] }],
  });
});

test('X-54: a block with a forbidden transaction gets no quorum, and the chain goes on without it', async () => {
  const forbidden = transaction(BOB, 0, party(2).address);
  const lax = nodeAt(WITHOUT_RULE);
  assert.is(await offer(lax, forbidden.raw), undefined, 'this one would take it');
  // At least one turn of each validator.
  for (let nonce = 0; nonce < 5; nonce += 1) {
    const { raw, hash } = transaction(ADMIN, nonce, party(2).address);
    assert.is(await offer(nodeAt(nonce % 3), raw), undefined);
    const { blockNumber } = await receiptOf(nodeAt(0), hash);
    for (const node of nodes) {
      await atSomeHead(node, async () => ((await headOf(node)) >= Number(blockNumber) ? 1 : null));
      const receipt = await node.client.request('eth_getTransactionReceipt', [forbidden.hash]);
      assert.is(receipt, null);
    }
  }
  const count = await nodeAt(0).client.request('eth_getTransactionCount', [
    addressOf(BOB),
    'latest',
  ]);
  assert.is(count, '0x0');
  const rounds = await Promise.all(
    [1, 2, 3, 4, 5].map(async (number) => {
      const { extraData } = await nodeAt(0).client.request<{ extraData: string }>(
        'eth_getBlockByNumber',
        [`0x${number}`, false],
      );
      const decoded = decodeExtraData(hexToBytes(extraData));
      return decoded.ok ? decoded.extraData.round : 0;
    }),
  );
  assert.ok(Math.max(...rounds) > 0, `its proposal was refused: rounds ${rounds}`);
});

test('the commands give and take rights, which hold on every node from the next transaction on', async () => {
  const target = party(2).address;
  const allowed = await ehb('permissions', 'allow', addressOf(BOB), ...withKey(0));
  assert.is(allowed['ok'], true, JSON.stringify(allowed));
  await atHead(Number(allowed['block']));
  const sent = transaction(BOB, 0, target);
  assert.is(await offer(nodeAt(1), transaction(BOB, 0, undefined).raw), NOT_PERMITTED);
  const first = await offer(nodeAt(1), sent.raw);
  assert.ok(
    first === undefined || first === -32_000,
    'taken, or known from the node without the rule',
  );
  await receiptOf(nodeAt(2), sent.hash);
  const deployer = await ehb('permissions', 'allow', addressOf(BOB), ...withKey(2), '--deploy');
  await atHead(Number(deployer['block']));
  const deployment = transaction(BOB, 1, undefined);
  assert.is(await offer(nodeAt(2), deployment.raw), undefined);
  await receiptOf(nodeAt(0), deployment.hash);
  const denied = await ehb('permissions', 'deny', addressOf(BOB), ...withKey(1));
  await atHead(Number(denied['block']));
  assert.is(await offer(nodeAt(0), transaction(BOB, 2, target).raw), NOT_PERMITTED);
  const opened = await ehb('permissions', 'everyone', 'send', ...withKey(1));
  await atHead(Number(opened['block']));
  assert.is(await offer(nodeAt(0), transaction(BOB, 2, target).raw), NOT_PERMITTED, 'still named');
  const forgotten = await ehb('permissions', 'forget', addressOf(BOB), ...withKey(1));
  await atHead(Number(forgotten['block']));
  const last = transaction(BOB, 2, target);
  assert.is(await offer(nodeAt(0), last.raw), undefined);
  await receiptOf(nodeAt(1), last.hash);
  assert.equal((await ehb('permissions', 'list', nodeAt(2).running.rpcUrl))['everyone'], ['send']);
});

async function atHead(height: number): Promise<void> {
  for (const node of nodes) {
    await atSomeHead(node, async () => ((await headOf(node)) >= height ? true : null));
  }
}

test('what the contract refuses is told by its name; a chain without it says so', async () => {
  const last = await ehb('permissions', 'forget', addressOf(ADMIN), ...withKey(0));
  assert.is(last['code'], 'CLI_NODE_REFUSED');
  assert.match(String(last['message']), 'LastAdministrator');
  const other = await createTestNetwork(1, {});
  try {
    const { running } = await other.start(0);
    assert.is((await ehb('permissions', 'list', running.rpcUrl))['code'], 'CLI_NOT_PERMISSIONED');
  } finally {
    await other.close();
  }
});

test('all nodes have the same blocks', async () => {
  const height = Math.min(...(await Promise.all(nodes.map(headOf))));
  for (let number = 1; number <= height; number += 1) {
    const hashes = await Promise.all(
      nodes.map(async ({ client }) => {
        const tag = `0x${number.toString(16)}`;
        return (await client.request<{ hash: string }>('eth_getBlockByNumber', [tag, false])).hash;
      }),
    );
    for (const hash of hashes) assert.is(hash, hashes[0]);
  }
});

test.run();
