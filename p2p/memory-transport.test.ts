import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryNetwork } from './create-memory-network.ts';
import { createMemoryHub, type MemoryHub } from './memory-transport.ts';
import { createPeers, type Peers, seededRandom, systemClock } from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

const test = suite('p2p/memory-transport');
const MESSAGES = 1_000;

type Setup = { readonly hub: MemoryHub; readonly peers: Peers; readonly nodes: RunningPeer[] };

/** So many nodes, all connected. */
async function setUp(count: number): Promise<Setup> {
  const hub = createMemoryHub({ clock: systemClock, random: seededRandom(1) });
  const peers = createPeers(
    {
      name: 'memory',
      create: (options, modules) => createMemoryNetwork(options, { ...modules, hub }),
      openTransport: async (nodeKey, events) => hub.join(nodeKey, events),
    },
    seededRandom(2),
  );
  const nodes: RunningPeer[] = [];
  for (let i = 0; i < count; i += 1) {
    const bootPeers = nodes[0]?.network.addresses ?? [];
    nodes.push(await peers.start(i, { bootPeers, limits: { maxBackoffMs: 200 } }));
  }
  await meshed(nodes);
  return { hub, peers, nodes };
}

async function meshed(nodes: readonly RunningPeer[]): Promise<void> {
  for (const node of nodes) {
    await node.until('all are met', () => node.network.peers().length === nodes.length - 1);
  }
}

const numbersAt = (node: RunningPeer | undefined): readonly number[] =>
  (node?.consensus ?? []).map(
    ({ message }) => (message[0] as number) * 256 + (message[1] as number),
  );

/** Sends numbers from the first to the second and returns what arrived before an undisturbed one. */
async function sendNumbers({ hub, nodes }: Setup): Promise<readonly number[]> {
  const [a, b] = nodes as [RunningPeer, RunningPeer];
  for (let i = 0; i < MESSAGES; i += 1) {
    a.network.sendConsensus('all', Uint8Array.of(i >> 8, i));
  }
  hub.setFaults({ lossRate: 0, duplicateRate: 0, minDelayMs: 30, maxDelayMs: 30 });
  a.network.sendConsensus('all', Uint8Array.of(255, 255));
  await b.until('the last one is there', () => numbersAt(b).includes(0xffff));
  return numbersAt(b).filter((number) => number !== 0xffff);
}

test('messages are lost and doubled as often as asked', async () => {
  const setup = await setUp(2);
  setup.hub.setFaults({ lossRate: 0.2, duplicateRate: 0.3 });
  const numbers = await sendNumbers(setup);
  const different = new Set(numbers).size;
  // A message is missing when it was lost and not doubled: 0.2 * 0.7.
  assert.ok(Math.abs(MESSAGES - different - 140) < 60, `${MESSAGES - different} are missing`);
  assert.ok(Math.abs(numbers.length - 1_100) < 80, `${numbers.length} came`);
  await setup.peers.close();
});

test('unequal delays reorder and lose nothing', async () => {
  const setup = await setUp(2);
  setup.hub.setFaults({ minDelayMs: 0, maxDelayMs: 20 });
  const numbers = await sendNumbers(setup);
  const inOrder = [...Array(MESSAGES).keys()];
  assert.not.equal(numbers, inOrder);
  assert.equal(
    [...numbers].sort((x, y) => x - y),
    inOrder,
  );
  await setup.peers.close();
});

test('a partition cuts its sides apart until it heals', async () => {
  const { hub, peers, nodes } = await setUp(4);
  const [a, b, c, d] = nodes as [RunningPeer, RunningPeer, RunningPeer, RunningPeer];
  const idsOf = (...some: RunningPeer[]): string[] => some.map(({ network }) => network.peerId);
  hub.partition([idsOf(a, b), idsOf(c)]);
  await a.until('only b is left', () => a.network.peers().length === 1);
  await d.until('nobody is left', () => d.network.peers().length === 0);
  assert.equal(
    a.network.peers().map(({ peerId }) => peerId),
    idsOf(b),
  );
  assert.is(c.network.peers().length, 0);
  hub.heal();
  await meshed(nodes);
  await peers.close();
});

test.run();
