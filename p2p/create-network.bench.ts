/** Two nodes on loopback: how long a consensus message takes there and back, and how much goes over. */
import { createNetwork } from './create-network.ts';
import { openLibp2pTransport } from './libp2p-transport.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createPeers, seededRandom } from './testkit/peers.ts';
import type { RunningPeer } from './testkit/recorder.ts';

const ROUND_TRIPS = 5_000;
const MESSAGE_BYTES = 300;
const TRANSACTIONS = 100_000;
const TRANSACTION_BYTES = 110;

const peers = createPeers(
  {
    name: 'libp2p',
    create: createNetwork,
    openTransport: (nodeKey, events) =>
      openLibp2pTransport({ listen: undefined, nodeKey, limits: DEFAULT_LIMITS }, events),
  },
  seededRandom(1),
);

/** Milliseconds per round trip, sorted. */
async function roundTrips(): Promise<readonly number[]> {
  const times: number[] = [];
  const message = new Uint8Array(MESSAGE_BYTES);
  let answered: () => void = () => {};
  const a = await peers.start(0, {}, { onConsensus: () => answered() });
  const b: RunningPeer = await peers.start(
    1,
    { bootPeers: a.network.addresses },
    { onConsensus: () => b.network.sendConsensus('all', message) },
  );
  await a.until('connected', () => a.network.peers().length === 1);
  await b.until('connected', () => b.network.peers().length === 1);
  for (let i = 0; i < ROUND_TRIPS; i += 1) {
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      answered = resolve;
      a.network.sendConsensus('all', message);
    });
    times.push(performance.now() - startedMs);
  }
  await peers.close();
  return times.sort((x, y) => x - y);
}

/** Per second. */
async function transactionRate(): Promise<number> {
  let received = 0;
  let done: () => void = () => {};
  const a = await peers.start(0);
  const b = await peers.start(
    1,
    { bootPeers: a.network.addresses },
    {
      onTransactions(_, raws) {
        received += raws.length;
        if (received >= TRANSACTIONS) done();
      },
    },
  );
  await b.until('connected', () => b.network.peers().length === 1);
  await a.until('connected', () => a.network.peers().length === 1);
  const raws = Array.from({ length: TRANSACTIONS }, (_, i) => {
    const raw = new Uint8Array(TRANSACTION_BYTES);
    new DataView(raw.buffer).setUint32(0, i);
    return raw;
  });
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const startedMs = performance.now();
  for (let i = 0; i < TRANSACTIONS; i += 500) {
    a.network.gossipTransactions(raws.slice(i, i + 500));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await finished;
  const rate = (TRANSACTIONS / (performance.now() - startedMs)) * 1_000;
  await peers.close();
  return rate;
}

/** MB per second. */
async function blockRate(): Promise<number> {
  const block = new Uint8Array(1_000_000);
  const a = await peers.start(0, {}, { serveBlocks: () => [block] });
  const b = await peers.start(1, { bootPeers: a.network.addresses });
  await b.until('connected', () => b.network.peers().length === 1);
  const startedMs = performance.now();
  let bytes = 0;
  for (let i = 0; i < 20; i += 1) {
    const blocks = await b.network.requestBlocks(a.network.peerId, 1n, 10);
    for (const { length } of blocks) bytes += length;
  }
  const rate = bytes / 1_000 / (performance.now() - startedMs);
  await peers.close();
  return rate;
}

const times = await roundTrips();
const at = (share: number): string =>
  `${((times[Math.floor(times.length * share)] ?? 0) * 1_000).toFixed(0)} us`;
console.log(`consensus round trip, ${MESSAGE_BYTES} bytes: p50 ${at(0.5)}, p99 ${at(0.99)}`);
console.log(`transaction gossip: ${(await transactionRate()).toFixed(0)} a second`);
console.log(`blocks by range: ${(await blockRate()).toFixed(0)} MB a second`);
