/** L-31 around the store: pruning a ledger of QBFT, and what the commands, a node and its clients then say. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Genesis } from '../../genesis/index.ts';
import { genesisOf } from '../../genesis/testkit/genesis-of.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { party } from '../../ledger/model/testkit/party.ts';
import { refusalOf } from '../../ledger/model/testkit/refusal.ts';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { createClient, RpcError } from '../../rpc/client.ts';
import { silentLogger } from '../logger.ts';
import { createPeerHandlers } from '../peer-handlers.ts';
import { startNode } from '../start-node.ts';
import { besuFile, byAddress, forgeBlocks, transfer } from '../testkit/forged-chain.ts';
import { exportBlocks } from './export-blocks.ts';
import type { LedgerPlace } from './ledger-files.ts';
import { pruneLedger } from './prune-ledger.ts';
import { backUpLedger, restoreLedger } from './restore-ledger.ts';
import { verifyLedger } from './verify-ledger.ts';

const test = suite('node/maintenance/prune-ledger');
const four = ['one', 'two', 'three', 'four'].map(party).sort(byAddress);
const rich = party('rich');
const HEAD = 300;

const directory = temporaryDirectory();
const genesis = genesisOf(besuFile(four, rich));
const { signal } = new AbortController();

const freshPlace = (): LedgerPlace<Genesis> => ({ dataDir: temporaryDirectory(), genesis });
const place = freshPlace();

test('a ledger keeps the states and bodies that are to be kept, and is sound', async () => {
  const blocks = Array.from({ length: HEAD }, (_, index) => ({
    validators: four,
    transaction: transfer(rich, index, four[0]?.address ?? rich.address),
  }));
  await forgeBlocks(place, blocks, rich);
  const heights: bigint[] = [];
  const keep = { states: 150, bodies: 200 };
  const summary = await pruneLedger({ ...place, keep, signal }, ({ at }) => heights.push(at));
  assert.is(summary.states, 151n);
  assert.is(summary.bodies, 101n);
  assert.ok(summary.isComplete && summary.deleted > 300 && heights.length > 0);
  assert.equal((await verifyLedger(place, () => {})).problems, []);
  const again = await pruneLedger({ ...place, keep, signal }, () => {});
  assert.is(again.deleted, 0);
});

test('one that is stopped at once has pruned what it said, and goes on', async () => {
  const stopped = new AbortController();
  stopped.abort();
  const keep = { states: 140 };
  const cut = await pruneLedger({ ...place, keep, signal: stopped.signal }, () => {});
  assert.is(cut.isComplete, false);
  const whole = await pruneLedger({ ...place, keep, signal }, () => {});
  assert.is(whole.states, 161n);
  assert.is(whole.bodies, 101n);
});

test('an export from below the horizon is refused, from above it goes', async () => {
  const file = join(directory, 'blocks.rlp');
  const from = (first: bigint) => ({ ...place, file, from: first, to: undefined });
  assert.is(await refusalOf(exportBlocks(from(1n), () => {})), 'STORE_PRUNED');
  rmSync(file, { force: true });
  assert.is((await exportBlocks(from(101n), () => {})).written, 200);
});

test('a backup of a pruned ledger restores to the same', async () => {
  const file = join(directory, 'backup.ehb');
  await backUpLedger({ ...place, file }, () => {});
  const restored = freshPlace();
  await restoreLedger({ ...restored, file }, () => {});
  assert.equal((await verifyLedger(restored, () => {})).problems, []);
});

test('a node on it prunes on, and tells its clients from which block on it knows what', async () => {
  const node = await startNode({
    ...place,
    nodeKey: party('node').key,
    validatorKey: undefined,
    p2p: { host: '127.0.0.1', port: 0, bootPeers: [], allowlistPath: undefined },
    rpc: { host: '127.0.0.1', port: 0, bodyLimitBytes: 1_000_000 },
    keep: { states: 128, bodies: 128 },
    version: '0.0.0',
    logger: silentLogger,
  });
  try {
    const client = createClient({ url: node.rpcUrl });
    type Kept = { readonly oldestBlock: string; readonly deleteStrategy?: unknown };
    type Capabilities = Readonly<Record<'state' | 'blocks' | 'logs' | 'stateproofs', Kept>>;
    const oldest = async (): Promise<string> => {
      const { state, blocks } = await client.request<Capabilities>('eth_capabilities', []);
      return `${Number(state.oldestBlock)} ${Number(blocks.oldestBlock)}`;
    };
    // It began when the node did, and blocks are none to come: what is asked meanwhile is answered.
    while ((await oldest()) !== '173 173') await client.request('eth_blockNumber', []);
    const { state, logs } = await client.request<Capabilities>('eth_capabilities', []);
    const window = { type: 'window', retentionBlocks: '0x80' };
    assert.equal([state.deleteStrategy, logs.deleteStrategy], [window, window]);
    const address = bytesToHex(rich.address);
    const refused = async (method: string, ...params: readonly unknown[]): Promise<void> => {
      const error = await client.request(method, params).catch((reason: unknown) => reason);
      assert.ok(error instanceof RpcError, `${method}: ${JSON.stringify(error)}`);
      assert.is(error.code, 4444, `${method}: ${error.message}`);
      assert.match(error.message, 'pruned', method);
      assert.match(error.message, '173', method);
    };
    const old = '0xac';
    await refused('eth_getBalance', address, old);
    await refused('eth_getTransactionCount', address, old);
    await refused('eth_getStorageAt', address, '0x0', old);
    await refused('eth_getProof', address, [], old);
    await refused('eth_call', { to: address }, old);
    await refused('eth_getBlockByNumber', old, false);
    await refused('eth_getBlockReceipts', old);
    await refused('eth_getLogs', { fromBlock: old, toBlock: 'latest' });
    await refused('ehb_getProof', { kind: 'account', address, block: old });
    const kept = '0xad';
    assert.ok(await client.request('eth_getBalance', [address, kept]));
    assert.ok(await client.request('eth_getProof', [address, [], kept]));
    assert.ok(await client.request('eth_getBlockByNumber', [kept, true]));
    assert.equal(await client.request('eth_getLogs', [{ fromBlock: kept }]), []);
    assert.ok(await client.request('eth_getBlockByNumber', ['0x0', true]));
    const hash = bytesToHex(transfer(rich, 3, four[0]?.address ?? rich.address).hash);
    assert.is(await client.request('eth_getTransactionReceipt', [hash]), null);
  } finally {
    await node.close();
  }
});

test('peers are given no blocks from below the horizon, and those above it', () => {
  const handlers = createPeerHandlers({
    store: { encodedBlock: () => Uint8Array.of(1), oldest: () => ({ state: 0n, bodies: 9n }) },
  } as unknown as Parameters<typeof createPeerHandlers>[0]);
  assert.is(handlers.serveBlocks(8n, 4).length, 0);
  assert.is(handlers.serveBlocks(9n, 4).length, 4);
});

test.run();
