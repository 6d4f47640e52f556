// time-limit: 150 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../../ledger/model/index.ts';
import {
  atSomeHead,
  createTestNetwork,
  nextValidators,
  receiptOf,
  send,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const sim = suite('node/sim/n4-epochs-and-transitions');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 500, maxRequestTimeoutMs: 2000 };
const CANDIDATE = `0x${'ca'.repeat(20)}`;

type Genesis = { readonly config: { readonly qbft: object; readonly ehb?: object } };
type Report = {
  readonly votes: readonly { readonly address: string; readonly voters: readonly string[] }[];
  readonly wanted: readonly { readonly isCast: boolean }[];
};

const withConfig =
  (config: (before: Genesis['config']) => object) =>
  (genesis: object): object => ({ ...genesis, config: config((genesis as Genesis).config) });

const report = (node: TestNode): Promise<Report> =>
  node.client.request<Report>('ehb_validators' as string, []);
const heightOf = async (node: TestNode): Promise<number> =>
  Number(await node.client.request('eth_blockNumber', []));

/** One block with a transfer, known to all. */
async function makeBlock(nodes: readonly TestNode[], nonce: number): Promise<void> {
  const { raw, hash } = transfer(0, nonce);
  await send(nodes[0] as TestNode, raw);
  await Promise.all(nodes.map((node) => receiptOf(node, hash)));
}

sim(
  'R-9.5, R-9.7, R-9.12: an epoch drops the votes, and nodes cast theirs again by themselves',
  async () => {
    const network = await createTestNetwork(4, TIMING, {
      amend: withConfig((config) => ({ ...config, qbft: { epochLength: 8 } })),
    });
    try {
      const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.start(index)));
      const [first, second] = nodes as [TestNode, TestNode];
      // Two of the three votes that it needs. An idle chain wakes up for them.
      for (const node of [first, second]) {
        await node.client.request('qbft_proposeValidatorVote', [CANDIDATE, true, true]);
      }
      const hasVotes = (count: number) => async (): Promise<true | null> => {
        const { votes } = await report(first);
        return (votes[0]?.voters.length ?? 0) === count ? true : null;
      };
      await atSomeHead(first, hasVotes(2));
      assert.ok((await report(first)).wanted.every(({ isCast }) => isCast));
      let nonce = 0;
      while ((await heightOf(first)) < 8) await makeBlock(nodes, nonce++);
      // Block 8 has dropped them; without any transaction they come back.
      await atSomeHead(first, hasVotes(2));
      const epoch = await first.client.request<{ miner: string }>('eth_getBlockByNumber', [
        '0x8',
        false,
      ]);
      assert.ok(epoch.miner);
      assert.equal((await nextValidators(first)).length, 4);
      // A restart in the middle: who wanted a vote wants it still, and the third one decides.
      await second.running.close();
      const again = await network.start(second.index);
      assert.equal(await again.client.request('qbft_getPendingVotes', []), { [CANDIDATE]: true });
      const third = nodes[2] as TestNode;
      await third.client.request('qbft_proposeValidatorVote', [CANDIDATE, true, true]);
      await atSomeHead(third, async () =>
        (await nextValidators(third)).includes(CANDIDATE) ? true : null,
      );
      assert.equal(await third.client.request('qbft_getPendingVotes', []), {});
    } finally {
      await network.close();
    }
  },
);

sim(
  'R-9.12: a vote that was wanted while there was no quorum is cast after a restart',
  async () => {
    const network = await createTestNetwork(2, TIMING);
    try {
      const alone = await network.start(0);
      await alone.client.request('qbft_proposeValidatorVote', [CANDIDATE, true, true]);
      await alone.running.close();
      const [back, other] = await Promise.all([network.start(0), network.start(1)]);
      const voters = await atSomeHead(
        other,
        async () => (await report(other)).votes[0]?.voters ?? null,
      );
      assert.equal(voters, [bytesToHex(back.address)]);
    } finally {
      await network.close();
    }
  },
);

sim('R-9.8, R-9.12: a transition is work, and gives an idle chain empty blocks', async () => {
  const network = await createTestNetwork(4, TIMING, {
    amend: withConfig((config) => ({
      ...config,
      ehb: { ...config.ehb, transitions: [{ block: 3, emptyBlockPeriodMs: 100 }] },
    })),
  });
  try {
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.start(index)));
    await makeBlock(nodes, 0);
    assert.is(await heightOf(nodes[0] as TestNode), 1);
    await makeBlock(nodes, 1);
    const last = nodes[3] as TestNode;
    await atSomeHead(last, async () => ((await heightOf(last)) >= 6 ? true : null));
    const block = await last.client.request<{ transactions: readonly string[] }>(
      'eth_getBlockByNumber',
      ['0x3', false],
    );
    assert.is(block.transactions.length, 0);
  } finally {
    await network.close();
  }
});

sim("R-9.8: a longer period of Besu's holds for the block of its transition already", async () => {
  const network = await createTestNetwork(4, TIMING, {
    amend: withConfig(({ ehb: _, ...config }) => ({
      ...config,
      qbft: { blockperiodseconds: 1, requesttimeoutseconds: 4 },
      transitions: {
        qbft: [
          { block: 3, blockperiodseconds: 3 },
          { block: 5, blockperiodseconds: 1 },
        ],
      },
    })),
  });
  try {
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => network.start(index)));
    const first = nodes[0] as TestNode;
    await atSomeHead(first, async () => ((await heightOf(first)) >= 6 ? true : null));
    const times: number[] = [];
    for (let number = 1; number <= 6; number += 1) {
      const at = `0x${number.toString(16)}`;
      const { timestamp } = await first.client.request<{ timestamp: string }>(
        'eth_getBlockByNumber',
        [at, false],
      );
      times.push(Number(timestamp));
    }
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    assert.ok((gaps[0] as number) >= 1 && (gaps[3] as number) >= 1, gaps.join());
    assert.ok((gaps[1] as number) >= 3 && (gaps[2] as number) >= 3, gaps.join());
  } finally {
    await network.close();
  }
});

sim.run();
