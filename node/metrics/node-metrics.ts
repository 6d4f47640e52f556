/** Chain, pool and readiness: ours, and the names that dashboards for Hyperledger Besu read. */
import type { ComposedNode } from '../compose-node.ts';
import type { MetricsRegistry } from './registry.ts';

export const NODE_METRICS = {
  info: {
    kind: 'gauge',
    name: 'ehb_node_info',
    help: 'Always 1; the label tells the version that runs.',
    labels: { version: 'the version of the node' },
  },
  inSync: {
    kind: 'gauge',
    name: 'ehb_node_in_sync',
    help: '1 if no peer is known to be more than a block ahead, else 0.',
  },
  blocks: {
    kind: 'counter',
    name: 'ehb_chain_blocks_total',
    help: 'Blocks stored since the start, decided here or fetched.',
  },
  transactions: {
    kind: 'counter',
    name: 'ehb_chain_transactions_total',
    help: 'Transactions in those blocks.',
  },
  gasUsed: {
    kind: 'counter',
    name: 'ehb_chain_gas_used_total',
    help: 'Gas that they used.',
  },
  poolTransactions: {
    kind: 'gauge',
    name: 'ehb_pool_transactions',
    help: 'Transactions that wait: executable ones, and those that miss an earlier nonce.',
    labels: { state: ['pending', 'queued'] },
  },
  poolBytes: {
    kind: 'gauge',
    name: 'ehb_pool_bytes',
    help: 'Memory that the waiting transactions are counted with.',
  },
} as const;

/** Their names and units are those of Besu, also where Prometheus would advise others. */
export const BESU_METRICS = {
  height: {
    kind: 'gauge',
    name: 'ethereum_blockchain_height',
    help: 'Height of the stored chain.',
  },
  bestKnown: {
    kind: 'gauge',
    name: 'ethereum_best_known_block_number',
    help: 'The highest block that a peer is known to have, or the own head.',
  },
  peers: {
    kind: 'gauge',
    name: 'ethereum_peer_count',
    help: 'Admitted peers that are connected.',
  },
  minGasPrice: {
    kind: 'gauge',
    name: 'ethereum_min_gas_price',
    help: 'Least tip that the pool takes, in wei.',
  },
  difficulty: {
    kind: 'gauge',
    name: 'besu_blockchain_difficulty',
    help: 'Total difficulty: 1 for each block of QBFT.',
  },
  timestamp: {
    kind: 'gauge',
    name: 'besu_blockchain_chain_head_timestamp',
    help: 'Unix seconds of the head.',
  },
  gasUsed: {
    kind: 'gauge',
    name: 'besu_blockchain_chain_head_gas_used',
    help: 'Gas that the head used.',
  },
  gasLimit: {
    kind: 'gauge',
    name: 'besu_blockchain_chain_head_gas_limit',
    help: 'Gas limit of the head.',
  },
  transactions: {
    kind: 'gauge',
    name: 'besu_blockchain_chain_head_transaction_count',
    help: 'Transactions of the head.',
  },
  poolTransactions: {
    kind: 'gauge',
    name: 'besu_transaction_pool_number_of_transactions',
    help: 'Transactions that wait in the pool.',
  },
  inSync: {
    kind: 'gauge',
    name: 'besu_synchronizer_in_sync',
    help: 'The same as ehb_node_in_sync.',
  },
} as const;

/** Counts the node's blocks from now on, and reads the rest at each scrape. */
export function measureNode(
  registry: MetricsRegistry,
  node: Pick<ComposedNode, 'store' | 'pool' | 'network' | 'events' | 'progress'>,
  version: string,
): void {
  const metrics = registry.add(NODE_METRICS);
  metrics.info.set(1, { version });
  node.events.onBlock((number) => {
    metrics.blocks.add(1);
    metrics.transactions.add(node.store.block(number)?.transactions.length ?? 0);
    metrics.gasUsed.add(Number(node.store.header(number)?.gasUsed ?? 0n));
  });
  registry.onScrape(() => {
    const { pending, queued, bytes } = node.pool.status();
    metrics.poolTransactions.set(pending, { state: 'pending' });
    metrics.poolTransactions.set(queued, { state: 'queued' });
    metrics.poolBytes.set(bytes);
    metrics.inSync.set(node.progress() === undefined ? 1 : 0);
  });
  measureAsBesu(registry, node);
}

function measureAsBesu(
  registry: MetricsRegistry,
  { store, pool, network, progress }: Pick<ComposedNode, 'store' | 'pool' | 'network' | 'progress'>,
): void {
  const metrics = registry.add(BESU_METRICS);
  metrics.minGasPrice.set(0);
  registry.onScrape(() => {
    const { header } = store.head();
    const { number } = header;
    const catchingUp = progress();
    const { pending, queued } = pool.status();
    metrics.height.set(Number(number));
    metrics.bestKnown.set(Number(catchingUp?.highest ?? number));
    metrics.peers.set(network.peers().length);
    metrics.difficulty.set(Number(number) + 1);
    metrics.timestamp.set(Number(header.timestamp));
    metrics.gasUsed.set(Number(header.gasUsed));
    metrics.gasLimit.set(Number(header.gasLimit));
    metrics.transactions.set(store.block(number)?.transactions.length ?? 0);
    metrics.poolTransactions.set(pending + queued);
    metrics.inSync.set(catchingUp === undefined ? 1 : 0);
  });
}
