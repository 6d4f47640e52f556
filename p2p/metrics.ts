/** Counters of the network: a plain snapshot; the node turns it into its own exposition format. */

export type NetworkMetrics = {
  /** Admitted peers now. */
  readonly peers: number;
  readonly dials: number;
  readonly dialFailures: number;
  /** Connections that came in, whatever became of them. */
  readonly inboundAttempts: number;
  /** Connections whose peer was admitted. */
  readonly connectionsOpened: number;
  readonly connectionsReplaced: number;
  /** Connections that this node refused or dropped, by code (a key of `P2P_ERRORS`). */
  readonly dropped: Readonly<Record<string, number>>;
  /** What `reportFault` was told, by its code. */
  readonly faults: Readonly<Record<string, number>>;
  /** Refusals that other nodes sent, by code; unknown codes are counted as `P2P_UNKNOWN_REFUSAL`. */
  readonly refusedByPeers: Readonly<Record<string, number>>;
  readonly consensusSent: number;
  readonly consensusReceived: number;
  /** Fell out of a full send queue. */
  readonly consensusDropped: number;
  readonly transactionsSent: number;
  readonly transactionsReceived: number;
  readonly transactionsDropped: number;
  /** Not sent because the peer had it. */
  readonly transactionsKnown: number;
  /** Messages of a kind that the sender's admission does not cover. */
  readonly messagesNotPermitted: number;
  readonly requestsSent: number;
  readonly requestsServed: number;
  readonly requestsFailed: number;
  /** Frame bytes, without encryption. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly handlerFailures: number;
};

type CounterName = Exclude<keyof NetworkMetrics, 'peers' | 'dropped' | 'faults' | 'refusedByPeers'>;

export type Counters = {
  add(name: CounterName, count?: number): void;
  dropped(code: string): void;
  fault(code: string): void;
  refusedByPeer(code: string): void;
  snapshot(peers: number): NetworkMetrics;
};

export function createCounters(): Counters {
  const counts: Record<CounterName, number> = {
    dials: 0,
    dialFailures: 0,
    inboundAttempts: 0,
    connectionsOpened: 0,
    connectionsReplaced: 0,
    consensusSent: 0,
    consensusReceived: 0,
    consensusDropped: 0,
    transactionsSent: 0,
    transactionsReceived: 0,
    transactionsDropped: 0,
    transactionsKnown: 0,
    messagesNotPermitted: 0,
    requestsSent: 0,
    requestsServed: 0,
    requestsFailed: 0,
    bytesSent: 0,
    bytesReceived: 0,
    handlerFailures: 0,
  };
  const dropped: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const refusedByPeers: Record<string, number> = {};
  return {
    add(name, count = 1) {
      counts[name] += count;
    },
    dropped(code) {
      dropped[code] = (dropped[code] ?? 0) + 1;
    },
    fault(code) {
      faults[code] = (faults[code] ?? 0) + 1;
    },
    refusedByPeer(code) {
      refusedByPeers[code] = (refusedByPeers[code] ?? 0) + 1;
    },
    snapshot: (peers) => ({
      peers,
      ...counts,
      dropped: { ...dropped },
      faults: { ...faults },
      refusedByPeers: { ...refusedByPeers },
    }),
  };
}
