/** What p2p has counted, read at each scrape. */
import type { Network, NetworkMetrics } from '../../p2p/index.ts';
import type { Instruments, MetricsRegistry } from './registry.ts';

export const NETWORK_METRICS = {
  peers: {
    kind: 'gauge',
    name: 'ehb_p2p_peers',
    help: 'Admitted peers that are connected.',
    labels: { kind: ['validator', 'former', 'allowed'] },
  },
  dials: {
    kind: 'counter',
    name: 'ehb_p2p_dials_total',
    help: 'Connections that this node tried to open.',
    labels: { result: ['opened', 'failed'] },
  },
  inbound: {
    kind: 'counter',
    name: 'ehb_p2p_inbound_connections_total',
    help: 'Connections that came in, whatever became of them.',
  },
  connections: {
    kind: 'counter',
    name: 'ehb_p2p_connections_total',
    help: 'Connections whose peer was admitted.',
  },
  replaced: {
    kind: 'counter',
    name: 'ehb_p2p_connections_replaced_total',
    help: 'Of those, the ones that took the place of another with the same peer.',
  },
  dropped: {
    kind: 'counter',
    name: 'ehb_p2p_connections_dropped_total',
    help: 'Connections that this node refused or ended, by code.',
    labels: { code: 'a P2P_ code' },
  },
  refusals: {
    kind: 'counter',
    name: 'ehb_p2p_refusals_received_total',
    help: 'Refusals that other nodes sent, by code.',
    labels: { code: 'a P2P_ code' },
  },
  faults: {
    kind: 'counter',
    name: 'ehb_p2p_faults_total',
    help: 'Invalid content that peers were charged for, by code.',
    labels: { code: 'a code of the part that found it' },
  },
  consensus: {
    kind: 'counter',
    name: 'ehb_p2p_consensus_messages_total',
    help: 'Consensus messages sent to each peer, received, and dropped from a full queue.',
    labels: { event: ['sent', 'received', 'dropped'] },
  },
  transactions: {
    kind: 'counter',
    name: 'ehb_p2p_transactions_total',
    help: 'Transactions sent to each peer, received, dropped from a full queue, and not sent because the peer had them.',
    labels: { event: ['sent', 'received', 'dropped', 'known'] },
  },
  notPermitted: {
    kind: 'counter',
    name: 'ehb_p2p_messages_not_permitted_total',
    help: "Messages of a kind that the sender's admission does not cover.",
  },
  requests: {
    kind: 'counter',
    name: 'ehb_p2p_requests_total',
    help: 'Requests for blocks, bodies and transactions: sent, those of others served, and failed ones.',
    labels: { event: ['sent', 'served', 'failed'] },
  },
  bytes: {
    kind: 'counter',
    name: 'ehb_p2p_bytes_total',
    help: 'Bytes of frames, before encryption.',
    labels: { direction: ['sent', 'received'] },
  },
  handlerFailures: {
    kind: 'counter',
    name: 'ehb_p2p_handler_failures_total',
    help: 'Faults of this program while it took a message. More than 0 is worth a report.',
  },
} as const;

export function measureNetwork(
  registry: MetricsRegistry,
  network: Pick<Network, 'peers' | 'metrics'>,
): void {
  const metrics = registry.add(NETWORK_METRICS);
  registry.onScrape(() => {
    for (const kind of NETWORK_METRICS.peers.labels.kind) {
      metrics.peers.set(network.peers().filter((peer) => peer.kind === kind).length, { kind });
    }
    const counted = network.metrics();
    metrics.dials.total(counted.dials - counted.dialFailures, { result: 'opened' });
    metrics.dials.total(counted.dialFailures, { result: 'failed' });
    metrics.inbound.total(counted.inboundAttempts);
    metrics.connections.total(counted.connectionsOpened);
    metrics.replaced.total(counted.connectionsReplaced);
    metrics.notPermitted.total(counted.messagesNotPermitted);
    metrics.handlerFailures.total(counted.handlerFailures);
    setByCode(metrics.dropped, counted.dropped);
    setByCode(metrics.refusals, counted.refusedByPeers);
    setByCode(metrics.faults, counted.faults);
    setTraffic(metrics, counted);
  });
}

type Metrics = Instruments<typeof NETWORK_METRICS>;

function setTraffic(metrics: Metrics, counted: NetworkMetrics): void {
  metrics.consensus.total(counted.consensusSent, { event: 'sent' });
  metrics.consensus.total(counted.consensusReceived, { event: 'received' });
  metrics.consensus.total(counted.consensusDropped, { event: 'dropped' });
  metrics.transactions.total(counted.transactionsSent, { event: 'sent' });
  metrics.transactions.total(counted.transactionsReceived, { event: 'received' });
  metrics.transactions.total(counted.transactionsDropped, { event: 'dropped' });
  metrics.transactions.total(counted.transactionsKnown, { event: 'known' });
  metrics.requests.total(counted.requestsSent, { event: 'sent' });
  metrics.requests.total(counted.requestsServed, { event: 'served' });
  metrics.requests.total(counted.requestsFailed, { event: 'failed' });
  metrics.bytes.total(counted.bytesSent, { direction: 'sent' });
  metrics.bytes.total(counted.bytesReceived, { direction: 'received' });
}

function setByCode(metric: Metrics['dropped'], counts: Readonly<Record<string, number>>): void {
  for (const [code, count] of Object.entries(counts)) metric.total(count, { code });
}
