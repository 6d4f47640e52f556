// time-limit: 180 s
/** Whole nodes on real files whose consensus logs, blocks, or all their files, are gone or damaged. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const test = suite('node/sim/n4-lost-logs');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 300, maxRequestTimeoutMs: 600 };

type Loss = (directory: string) => Promise<void>;

const withoutLog: Loss = (directory) => rm(join(directory, 'consensus.log'));

const withoutAnything: Loss = async (directory) => {
  await withoutLog(directory);
  await rm(join(directory, 'chain'), { recursive: true });
};

const withoutBlocks: Loss = (directory) => rm(join(directory, 'chain'), { recursive: true });

const damaged: Loss = async (directory) => {
  const path = join(directory, 'consensus.log');
  const bytes = await readFile(path);
  bytes[80] = (bytes[80] as number) ^ 1;
  await writeFile(path, bytes);
};

/** Two blocks, then the given nodes lose their files while all are down; two more blocks after that. */
async function playLoss(
  validators: number,
  lost: readonly number[],
  lose: Loss,
  check: (network: TestNetwork, nodes: readonly TestNode[]) => Promise<void> = async () => {},
): Promise<void> {
  const network = await createTestNetwork(validators, TIMING);
  const indexes = Array.from({ length: validators }, (_, index) => index);
  const startAll = () => Promise.all(indexes.map((index) => network.start(index)));
  let nonce = 0;
  const decide = async (nodes: readonly TestNode[]): Promise<void> => {
    const { raw, hash } = transfer(0, nonce);
    nonce += 1;
    await send(nodes[0] as TestNode, raw);
    for (const node of nodes) await receiptOf(node, hash);
  };
  try {
    const before = await startAll();
    for (let i = 0; i < 2; i += 1) await decide(before);
    await Promise.all(before.map((node) => node.running.close()));
    for (const index of lost) await lose(network.directoryOf(index));
    const after = await startAll();
    await check(network, after);
    for (let i = 0; i < 2; i += 1) await decide(after);
    for (const { client } of after) {
      const { consensus } = await client.request('ehb_status', []);
      assert.ok(consensus.voting, consensus.notVotingBecause);
    }
  } finally {
    await network.close();
  }
}

test('R-10.4: one of four without its log says until when, and then votes again', async () => {
  await playLoss(4, [2], withoutLog, async (_, nodes) => {
    const { consensus } = await (nodes[2] as TestNode).client.request('ehb_status', []);
    assert.is(consensus.voting, false);
    assert.match(consensus.notVotingBecause ?? '', /log was lost/);
  });
});

test('R-10.4: one of four without any file syncs from genesis, and then votes again', async () => {
  await playLoss(4, [1], withoutAnything);
});

test('R-10.1, L-6: a damaged log is kept beside the new one', async () => {
  await playLoss(4, [0], damaged, async (network) => {
    const files = await readdir(network.directoryOf(0));
    assert.ok(files.includes('consensus.log.damaged-1'));
    assert.ok(files.includes('consensus.log'));
  });
});

test('R-10.7: two of four without any file: the chain goes on by itself', async () => {
  await playLoss(4, [0, 3], withoutAnything);
});

test('R-10.7: four without logs that kept their blocks: the chain goes on by itself', async () => {
  await playLoss(4, [0, 1, 2, 3], withoutLog);
});

test('R-10.2: one of four that kept its log and lost its blocks fetches them, and then votes again', async () => {
  await playLoss(4, [3], withoutBlocks);
});

test('R-10.7: a single validator without its log goes on', async () => {
  await playLoss(1, [0], withoutLog);
});

test.run();
