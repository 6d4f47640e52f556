// time-limit: 300 s
/** `kill -9` of validators under load: what a client has seen stays, and the chain goes on. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hex, TransactionReceipt } from 'viem';
import { temporaryDirectory } from '../../ledger/model/testkit/temporary-directory.ts';
import { accountAt, viemAt } from './accounts.ts';
import {
  blockHashes,
  type DevNetwork,
  describeNetwork,
  freeBasePort,
  heightOf,
  killQuietly,
  startDev,
} from './harness.ts';
import { until } from './until.ts';

const test = suite('kill -9 of validators');
let network: DevNetwork;

type Load = {
  /** Receipts that some node has shown so far. */
  readonly seen: Map<Hex, TransactionReceipt>;
  stop(): Promise<void>;
};

test.before(async () => {
  network = await startDev({ dataDir: temporaryDirectory(), basePort: await freeBasePort() });
});

test.after(async () => {
  console.log(await describeNetwork(network));
  await network.stop('SIGTERM');
});

/** One account for each node sends one transfer after the other; failures of dead nodes are skipped. */
function startLoad(nodes: readonly number[]): Load {
  const seen = new Map<Hex, TransactionReceipt>();
  let running = true;
  const send = async (node: number): Promise<void> => {
    const account = accountAt(node);
    const { reader, wallet } = viemAt(network.urls[node] as string, account);
    while (running) {
      try {
        const hash = await wallet.sendTransaction({ to: accountAt(9).address, value: 1n });
        const receipt = await reader.waitForTransactionReceipt({ hash, timeout: 10_000 });
        seen.set(hash, receipt);
      } catch {
        // The node is down, or came back without this transaction: a client would try again.
        await new Promise((resume) => setTimeout(resume, 100));
      }
    }
  };
  const loops = nodes.map(send);
  return {
    seen,
    stop: async () => {
      running = false;
      await Promise.all(loops);
    },
  };
}

async function height(node: number): Promise<number> {
  return heightOf(network.clients[node] as DevNetwork['clients'][number]).catch(() => -1);
}

async function assertKept(seen: ReadonlyMap<Hex, TransactionReceipt>, node: number): Promise<void> {
  const { reader } = viemAt(network.urls[node] as string, accountAt(0));
  for (const [hash, before] of seen) {
    const after = await reader.getTransactionReceipt({ hash });
    assert.is(after.blockHash, before.blockHash);
  }
}

test('the others go on without one, and it votes again within 10 s of its start', async () => {
  const load = startLoad([0, 1, 2]);
  await until('ten receipts', () => load.seen.size >= 10, 30_000);
  const dead = network.validatorPid(3);
  assert.ok(dead);
  killQuietly(dead);
  const receiptsThen = load.seen.size;
  await until(
    'ten receipts without validator 3',
    () => load.seen.size >= receiptsThen + 10,
    30_000,
  );
  // `ehb dev` starts it again by itself.
  await until('validator 3 answers', async () => (await height(3)) >= 0, 20_000);
  const target = await height(0);
  await until('validator 3 has caught up', async () => (await height(3)) >= target, 10_000);
  const address = (await network.clients[3]?.request('ehb_status', []))?.validatorAddress;
  const from = await height(3);
  await until('it seals blocks', () => sealsSince(from, address ?? ''), 10_000);
  await load.stop();
  for (const node of [0, 1, 2, 3]) await assertKept(load.seen, node);
});

/** Whether a block above `from` was proposed by that validator. */
async function sealsSince(from: number, address: string): Promise<boolean> {
  const head = await height(0);
  for (let number = from + 1; number <= head; number += 1) {
    const params = [`0x${number.toString(16)}`, false];
    const block = await network.clients[0]?.request<{ miner: string }>(
      'eth_getBlockByNumber',
      params,
    );
    if (block?.miner.toLowerCase() === address.toLowerCase()) return true;
  }
  return false;
}

test('all four killed at once: each receipt that was seen is there, and the chain goes on', async () => {
  const load = startLoad([0, 1, 2, 3]);
  await until('twenty receipts', () => load.seen.size >= 20, 30_000);
  const pids = [0, 1, 2, 3].map((node) => network.validatorPid(node));
  const seen = new Map(load.seen);
  for (const pid of pids) {
    assert.ok(pid);
    killQuietly(pid);
  }
  for (const node of [0, 1, 2, 3]) {
    await until(`validator ${node} answers`, async () => (await height(node)) >= 0, 30_000);
    await assertKept(seen, node);
  }
  const receiptsThen = load.seen.size;
  await until('ten more receipts', () => load.seen.size >= receiptsThen + 10, 30_000);
  await load.stop();
  const last = await height(0);
  await until(
    'all nodes have the last block',
    async () => (await Promise.all([1, 2, 3].map(height))).every((own) => own >= last),
    10_000,
  );
  const chains = await Promise.all(network.clients.map((each) => blockHashes(each, 0, last)));
  for (const chain of chains) assert.equal(chain, chains[0]);
});

test.run();
