/** Two nodes in one process on loopback: each figure is the work of both sides. */
import { Bench } from 'tinybench';
import { createNetwork } from './create-network.ts';
import { openLibp2pTransport } from './libp2p-transport.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { createPeers, seededRandom } from './testkit/peers.ts';

const MESSAGE_BYTES = 300;
const TRANSACTIONS = 1_000;
const TRANSACTION_BYTES = 110;
const BLOCK_BYTES = 100_000;
const BLOCKS = 10;

export async function run(): Promise<Bench> {
  const peers = createPeers(
    {
      name: 'libp2p',
      create: createNetwork,
      openTransport: (nodeKey, events) =>
        openLibp2pTransport({ listen: undefined, nodeKey, limits: DEFAULT_LIMITS }, events),
    },
    seededRandom(1),
  );
  const message = new Uint8Array(MESSAGE_BYTES);
  const block = new Uint8Array(BLOCK_BYTES);
  let answered: () => void = () => {};
  let received = 0;
  const a = await peers.start(0, {}, { onConsensus: () => answered(), serveBlocks: () => [block] });
  const b = await peers.start(
    1,
    { bootPeers: a.network.addresses },
    {
      onConsensus: () => b.network.sendConsensus('all', message),
      onTransactions: (_, raws) => {
        received += raws.length;
        if (received % TRANSACTIONS === 0) answered();
      },
    },
  );
  await a.until('connected', () => a.network.peers().length === 1);
  await b.until('connected', () => b.network.peers().length === 1);

  let nonce = 0;
  const newTransaction = (): Uint8Array => {
    const raw = new Uint8Array(TRANSACTION_BYTES);
    new DataView(raw.buffer).setUint32(0, ++nonce);
    return raw;
  };

  const bench = new Bench({ time: 2_000, warmupTime: 500 });
  bench.add(`consensus message of ${MESSAGE_BYTES} bytes, there and back`, async () => {
    const answer = Promise.withResolvers<void>();
    answered = answer.resolve;
    a.network.sendConsensus('all', message);
    await answer.promise;
  });
  bench.add(`gossip of ${TRANSACTIONS} new transactions`, async () => {
    const answer = Promise.withResolvers<void>();
    answered = answer.resolve;
    a.network.gossipTransactions(Array.from({ length: TRANSACTIONS }, newTransaction));
    await answer.promise;
  });
  bench.add(`request of ${BLOCKS} blocks of ${BLOCK_BYTES / 1_000} kB`, async () => {
    await b.network.requestBlocks(a.network.peerId, 1n, BLOCKS);
  });
  try {
    await bench.run();
  } finally {
    await peers.close();
  }
  return bench;
}
