/** Transactions that only some can see, proposers that are down: each still becomes final (design D3). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { proposerOf } from '../../consensus/index.ts';
import { compareBytes, equalBytes, ZERO_ADDRESS } from '../../ledger/model/index.ts';
import {
  createTestNetwork,
  receiptOf,
  send,
  type TestNetwork,
  type TestNode,
  transfer,
} from '../testkit/test-network.ts';

const test = suite('node/sim/n4-liveness');
const TIMING = { blockPeriodMs: 0, requestTimeoutMs: 300, maxRequestTimeoutMs: 600 };
const VALIDATORS = [0, 1, 2, 3];

async function withNetwork(run: (network: TestNetwork) => Promise<void>): Promise<void> {
  const network = await createTestNetwork(4, TIMING);
  try {
    await run(network);
  } finally {
    await network.close();
  }
}

/** Index of the validator that proposes block 1 in round 0. */
function firstProposer(network: TestNetwork): number {
  const sorted = [...network.addresses].sort(compareBytes);
  const proposer = proposerOf(ZERO_ADDRESS, sorted, 0);
  return network.addresses.findIndex((address) => equalBytes(address, proposer));
}

test('a transaction that only one pool accepts becomes final', async () => {
  await withNetwork(async (network) => {
    const silent = (firstProposer(network) + 1) % 4;
    const nodes = await Promise.all(
      VALIDATORS.map((index) => network.start(index, { gossips: index !== silent })),
    );
    const { raw, hash } = transfer(0, 0);
    await send(nodes[silent] as TestNode, raw);
    for (const node of nodes) await receiptOf(node, hash);
  });
});

test('a transaction sent to an idle chain whose next proposer is dead becomes final', async () => {
  await withNetwork(async (network) => {
    const dead = firstProposer(network);
    const alive = VALIDATORS.filter((index) => index !== dead);
    const nodes = await Promise.all(alive.map((index) => network.start(index)));
    const { raw, hash } = transfer(0, 0);
    await send(nodes[0] as TestNode, raw);
    for (const node of nodes) await receiptOf(node, hash);
  });
});

/** The one that would propose next waits with its proposal; any other one asks for round 1. */
const LONERS = [
  { who: 'the next proposer', offset: 0, resends: 'proposal', round: 0 },
  { who: 'another validator', offset: 1, resends: 'round-change', round: 1 },
] as const;

for (const { who, offset, resends, round } of LONERS) {
  test(`${who}, alone for twenty timeouts, goes on with two others, the fourth dead`, async () => {
    await withNetwork(async (network) => {
      const lone = (firstProposer(network) + offset) % 4;
      const { promise: twenty, resolve } = Promise.withResolvers<void>();
      let sent = 0;
      let highest = 0;
      const alone = await network.start(lone, {
        onConsensus: (message) => {
          highest = Math.max(highest, message.signed.round);
          if (message.kind === resends) sent += 1;
          if (sent === 20) resolve();
          return true;
        },
      });
      const { raw, hash } = transfer(0, 0);
      await send(alone, raw);
      await twenty;
      assert.is(highest, round, 'alone it does not run ahead');
      const others = await Promise.all([1, 2].map((step) => network.start((lone + step) % 4)));
      for (const node of [alone, ...others]) await receiptOf(node, hash);
    });
  });
}

test("one account's nonces 0..9 at four nodes in any order all become final", async () => {
  await withNetwork(async (network) => {
    const nodes = await Promise.all(VALIDATORS.map((index) => network.start(index)));
    const order = [7, 2, 9, 0, 5, 3, 8, 1, 6, 4];
    const sent = order.map((nonce) => ({ nonce, ...transfer(0, nonce) }));
    for (const { nonce, raw } of sent) await send(nodes[(nonce * 7) % 4] as TestNode, raw);
    for (const { hash } of sent) for (const node of nodes) await receiptOf(node, hash);
  });
});

test('one validator alone makes blocks when it is the whole set', async () => {
  const network = await createTestNetwork(1, TIMING);
  try {
    const node = await network.start(0);
    const { raw, hash } = transfer(0, 0);
    await send(node, raw);
    assert.is((await receiptOf(node, hash)).blockNumber, '0x1');
  } finally {
    await network.close();
  }
});

test.run();
