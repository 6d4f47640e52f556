// time-limit: 120 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesToHex } from '../../ledger/model/index.ts';
import {
  atSomeHead,
  createTestNetwork,
  nextValidators,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const sim = suite('node/sim/n7-validator-votes');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 500, maxRequestTimeoutMs: 2000 };

/** Transfers of one account, one after the other, for as long as it is not stopped. */
function keepSending(to: TestNode, account: number): { stop(): Promise<number> } {
  let stopped = false;
  const running = (async () => {
    let nonce = 0;
    while (!stopped) {
      const { raw, hash } = transfer(account, nonce);
      await send(to, raw);
      await receiptOf(to, hash);
      nonce += 1;
    }
    return nonce;
  })();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

const vote = (node: TestNode, address: string, add: boolean, force = false): Promise<true> =>
  node.client.request('qbft_proposeValidatorVote', [address, add, force]);

const pendingVotes = (node: TestNode): Promise<Record<string, boolean>> =>
  node.client.request('qbft_getPendingVotes', []);

const heightOf = async (node: TestNode): Promise<number> =>
  Number(await node.client.request('eth_blockNumber', []));

async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  const failure = await attempt.catch((error: unknown) => error);
  return failure instanceof Error && 'data' in failure ? failure.data : failure;
}

/** Resolves when the node follows a head from which on exactly these make blocks. */
function untilSet(node: TestNode, set: readonly string[]): Promise<true> {
  const wanted = [...set].sort().join();
  return atSomeHead(node, async () =>
    (await nextValidators(node)).join() === wanted ? true : null,
  );
}

async function startAll(network: TestNetwork, indexes: readonly number[]): Promise<TestNode[]> {
  return await Promise.all(indexes.map((index) => network.start(index)));
}

sim(
  'R-9.2, R-9.7: a set grows from 1 to 4 to 7 and shrinks to 4 while transactions flow',
  async () => {
    const network = await createTestNetwork(1, TIMING, { candidates: 6 });
    try {
      const addresses = network.addresses.map(bytesToHex);
      const nodes = await startAll(network, [0]);
      const first = nodes[0] as TestNode;
      const traffic = keepSending(first, 0);

      // Nobody else is there yet: two validators need both.
      assert.is(
        await codeOf(vote(first, addresses[1] as string, true)),
        'NODE_VOTE_WITHOUT_QUORUM',
      );
      assert.is(await codeOf(vote(first, addresses[0] as string, false)), 'NODE_VOTE_FOR_NOBODY');

      nodes.push(...(await startAll(network, [1, 2, 3])));
      for (const index of [1, 2, 3]) {
        const voters = nodes.slice(0, index);
        await Promise.all(voters.map((node) => vote(node, addresses[index] as string, true, true)));
        await Promise.all(voters.map((node) => untilSet(node, addresses.slice(0, index + 1))));
      }
      assert.equal(await pendingVotes(first), {});

      nodes.push(...(await startAll(network, [4, 5, 6])));
      const joining = addresses.slice(4);
      for (const node of nodes.slice(0, 4))
        for (const one of joining) await vote(node, one, true, true);
      await Promise.all(nodes.map((node) => untilSet(node, addresses)));

      // A node that is no member any more cannot pass transactions on; the last one stays.
      const growing = await traffic.stop();
      const last = nodes[6] as TestNode;
      const more = keepSending(last, 1);
      // Those who are voted out take part in it, and follow afterwards: node 0 as a former validator,
      // the others because they are on the allowlist.
      for (const node of nodes) {
        for (const one of addresses.slice(0, 3)) await vote(node, one, false, true);
      }
      const rest = addresses.slice(3);
      await Promise.all(nodes.map((node) => untilSet(node, rest)));
      const shrinking = await more.stop();
      assert.ok(growing > 5 && shrinking > 1, `${growing} and ${shrinking} transfers`);

      const after = transfer(2, 0);
      await send(last, after.raw);
      const { blockNumber } = await receiptOf(last, after.hash);
      for (const node of nodes) {
        assert.is((await receiptOf(node, after.hash)).blockNumber, blockNumber);
      }
      const status = await last.client.request('ehb_status', []);
      assert.equal(status.validators, [...rest].sort());
      assert.ok(status.consensus.voting);
      const away = await first.client.request('ehb_status', []);
      assert.match(away.consensus.notVotingBecause ?? '', 'not in the validator set');
      const guest = status.peers.find(({ address }) => address === addresses[0]);
      assert.is(guest?.kind, 'former');

      // Any past set can be asked for.
      const head = await heightOf(first);
      const sizes: number[] = [];
      for (let number = 0; number <= head; number += 1) {
        const set = await first.client.request<readonly string[]>(
          'qbft_getValidatorsByBlockNumber',
          [`0x${number.toString(16)}`],
        );
        if (sizes.at(-1) !== set.length) sizes.push(set.length);
      }
      assert.is(sizes.join(' '), '1 2 3 4 5 6 7 6 5 4');
      const metrics = await first.client.request<readonly { address: string }[]>(
        'qbft_getSignerMetrics',
        ['earliest', 'latest'],
      );
      assert.ok(addresses.every((address) => metrics.some((one) => one.address === address)));
    } finally {
      await network.close();
    }
  },
);

sim.run();
