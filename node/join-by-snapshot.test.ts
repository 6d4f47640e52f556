// time-limit: 180 s
/** A new node takes the snapshot of a peer over real sockets, part by part, and none that does not hold. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNodeDirectory } from '../genesis/index.ts';
import { genesisOf } from '../genesis/testkit/genesis-of.ts';
import { CodedError } from '../ledger/model/index.ts';
import { temporaryDirectory } from '../ledger/model/testkit/temporary-directory.ts';
import { systemClock } from './clock.ts';
import { type JoinConfig, joinBySnapshot } from './join-by-snapshot.ts';
import { silentLogger } from './logger.ts';
import { verifyLedger } from './maintenance/verify-ledger.ts';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from './testkit/test-network.ts';

const test = suite('node/join-by-snapshot');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 500, maxRequestTimeoutMs: 2000 };
const directory = temporaryDirectory();
const file = join(directory, 'served.snapshot');
let network: TestNetwork;
let member: TestNode;
let nonce = 0;

async function decide(nodes: readonly TestNode[]): Promise<void> {
  const { raw, hash } = transfer(0, nonce);
  nonce += 1;
  await send(nodes[0] as TestNode, raw);
  for (const node of nodes) await receiptOf(node, hash);
}

async function joinConfig(index: number): Promise<JoinConfig> {
  const dataDir = network.directoryOf(index);
  const { genesis, config, nodeKey, validatorKey } = await readNodeDirectory(dataDir);
  const { p2p } = config;
  return {
    dataDir,
    genesis: genesisOf(genesis),
    nodeKey,
    validatorKey,
    p2p: { ...p2p, allowlistPath: p2p.allowlist && join(dataDir, p2p.allowlist) },
    logger: silentLogger,
  };
}

test.before(async () => {
  network = await createTestNetwork(1, TIMING, { candidates: 2 });
  member = await network.start(0);
  for (let block = 0; block < 6; block += 1) await decide([member]);
});
test.after(async () => {
  await network.close();
});

test('who finds no peer with a snapshot is told so, and nothing is left behind', async () => {
  const config = await joinConfig(1);
  const modules = { clock: systemClock, patienceMs: 1_500 };
  const error = await joinBySnapshot(config, () => {}, modules).catch((reason: unknown) => reason);
  assert.ok(error instanceof CodedError && error.code === 'NODE_NO_SNAPSHOT', String(error));
  assert.is(existsSync(join(config.dataDir, 'chain')), false);
});

test('a member makes a snapshot and serves it; a new node joins by it and follows', async () => {
  await member.running.close();
  member = await network.start(0, { servesSnapshot: file });
  const config = await joinConfig(1);
  const peers = new Set<string>();
  const summary = await joinBySnapshot(config, ({ peerId }) => peers.add(peerId));
  assert.is(summary.height, 6n);
  assert.equal([...peers], [member.running.peerId]);
  assert.equal((await verifyLedger(config, () => {})).problems, []);
  const joined = await network.start(1);
  for (let block = 0; block < 2; block += 1) await decide([member, joined]);
  const balance = (node: TestNode): Promise<unknown> =>
    node.client.request('eth_getBalance', [`0x${Buffer.from(member.address).toString('hex')}`]);
  assert.is(await balance(joined), await balance(member));
});

test('a snapshot with a wrong byte is refused, whoever serves it', async () => {
  await member.running.close();
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(file, bytes);
  member = await network.start(0, { servesSnapshot: file });
  const config = await joinConfig(2);
  const modules = { clock: systemClock, patienceMs: 3_000 };
  const error = await joinBySnapshot(config, () => {}, modules).catch((reason: unknown) => reason);
  assert.ok(error instanceof CodedError && error.code === 'NODE_NO_SNAPSHOT', String(error));
  assert.is(existsSync(join(config.dataDir, 'chain')), false);
});

test.run();
