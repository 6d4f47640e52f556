/**
 * Field for field against the exchanges of ethereum/execution-apis, over its own chain: every method that
 * needs no state. As its runner does, messages are free and codes, data and results count.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../ledger/model/index.ts';
import { createRpcServer, type RpcServer } from './server.ts';
import {
  createImportedChain,
  type GenesisFixture,
  type ReceiptFixture,
} from './testkit/imported-chain.ts';
import { createMemoryChain } from './testkit/memory-chain.ts';
import { createMemoryNode, silentLogger } from './testkit/memory-node.ts';

const test = suite('rpc/conformance');
const root = join(
  process.env['EHB_FIXTURES'] ?? join(import.meta.dirname, '../../shared/fixtures'),
  'execution-apis',
);

/** Folders whose every exchange is tried, then single files of those that need state for the others. */
const WHOLE = [
  'eth_blockNumber',
  'eth_chainId',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
  'eth_getBlockTransactionCountByHash',
  'eth_getBlockTransactionCountByNumber',
  'eth_getTransactionByBlockHashAndIndex',
  'eth_getTransactionByBlockNumberAndIndex',
  'eth_getTransactionByHash',
  'eth_getTransactionReceipt',
  'eth_syncing',
  'net_version',
];
const SINGLE = [
  'eth_getLogs/filter-error-future-block-range.io',
  'eth_getLogs/filter-error-invalid-blockHash-and-range.io',
  'eth_getLogs/filter-error-reversed-block-range.io',
  'eth_getStorageAt/get-storage-invalid-key.io',
  'eth_getStorageAt/get-storage-invalid-key-too-large.io',
];

type Answer = { id: unknown; result?: unknown; error?: { code: number; data?: unknown } };

function exchanges(file: string): readonly { readonly request: string; readonly answer: Answer }[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const requests = lines.filter((line) => line.startsWith('>> '));
  const answers = lines.filter((line) => line.startsWith('<< '));
  return requests.map((request, index) => ({
    request: request.slice(3),
    answer: JSON.parse(answers[index]?.slice(3) ?? 'null'),
  }));
}

/** What of an answer counts. */
function counted({ id, result, error }: Answer): unknown {
  return error === undefined ? { id, result } : { id, code: error.code, data: error.data };
}

function receiptFixtures(): readonly ReceiptFixture[] {
  const folders = ['eth_getBlockReceipts', 'eth_getTransactionReceipt'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => join(folder, file)),
  );
  return files
    .flatMap(exchanges)
    .flatMap(({ answer }) => answer.result as ReceiptFixture | ReceiptFixture[] | null)
    .filter((receipt) => receipt !== null);
}

if (existsSync(root)) {
  const genesis = JSON.parse(readFileSync(join(root, 'genesis.json'), 'utf8'));
  const chainId = BigInt(genesis.config.chainId);
  const [shown] = exchanges('eth_getBlockByNumber/get-genesis.io');
  const { stateRoot, hash } = (shown?.answer.result ?? {}) as Record<'stateRoot' | 'hash', string>;
  const facts: GenesisFixture = { ...genesis, stateRoot };
  const rlp = readFileSync(join(root, 'chain.rlp'));
  const chain = createImportedChain(facts, rlp, receiptFixtures());
  const { ports } = createMemoryNode(createMemoryChain([]));
  let server: RpcServer;
  test.before(async () => {
    server = await createRpcServer(
      { host: '127.0.0.1', port: 0 },
      {
        ports: { ...ports, chain, node: { ...ports.node, chainId } },
        logger: silentLogger,
        now: () => 0,
      },
    );
  });
  test.after(() => server.close());

  test('block 0 of the fixture has its hash', () => {
    assert.is(bytesToHex(chain.hashOf(0n) ?? new Uint8Array()), hash);
  });

  const files = WHOLE.flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => join(folder, file)),
  );
  for (const file of [...files, ...SINGLE]) {
    test(file, async () => {
      for (const { request, answer } of exchanges(file)) {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(server.url, { method: 'POST', body: request, headers });
        assert.equal(counted((await response.json()) as Answer), counted(answer));
      }
    });
  }
} else if (process.env['EHB_FIXTURES'] === undefined) {
  console.log('fixtures absent');
  test.skip('exchanges of ethereum/execution-apis: fixtures absent', () => {});
} else {
  test('the fixtures that EHB_FIXTURES names are there', () => assert.unreachable(root));
}

test.run();
