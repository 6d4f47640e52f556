/** Every bound of the network in one place; `docs/spec/wire.md` W-3 repeats those on the wire. */

export type Limits = {
  /** Longest frames, in bytes. */
  readonly controlFrameBytes: number;
  readonly consensusFrameBytes: number;
  readonly transactionsFrameBytes: number;
  readonly requestFrameBytes: number;
  readonly responseFrameBytes: number;
  /** Blocks in one request. */
  readonly blocksPerRequest: number;
  /** Requests that one peer may have open, in each direction. */
  readonly requestsInFlight: number;
  /** Unsent bytes per peer and stream. */
  readonly sendQueueBytes: number;
  /** A peer that takes nothing for so long while its queue is not empty is dropped. */
  readonly stalledMs: number;
  readonly helloTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** How long a transaction waits for company, and how many bytes end the wait. */
  readonly gossipDelayMs: number;
  readonly gossipBatchBytes: number;
  /** Transaction hashes remembered per peer. */
  readonly knownTransactions: number;
  /** Connections without a verified hello, at one time. */
  readonly unadmittedConnections: number;
  /** A PeerId that was refused is not heard for so long. */
  readonly refusalPauseMs: number;
  /** Address messages that one peer may send. */
  readonly addressMessagesPerMinute: number;
  /** Faults within a minute that cost the connection. */
  readonly faultsPerMinute: number;
  /** Pause between dials of one peer: doubles from the first to the second, with jitter. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Peers whose addresses are remembered. */
  readonly knownPeers: number;
  /** Validity of a validator proof; a new one is signed at half of it. */
  readonly proofLifetimeMs: number;
};

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  controlFrameBytes: 64 * 1024,
  consensusFrameBytes: 4 * MIB,
  transactionsFrameBytes: MIB,
  requestFrameBytes: 256 * 1024,
  responseFrameBytes: 16 * MIB,
  blocksPerRequest: 256,
  requestsInFlight: 16,
  sendQueueBytes: 8 * MIB,
  stalledMs: 10_000,
  helloTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  pingIntervalMs: 3_000,
  pingTimeoutMs: 6_000,
  gossipDelayMs: 2,
  gossipBatchBytes: 64 * 1024,
  knownTransactions: 65_536,
  unadmittedConnections: 32,
  refusalPauseMs: 1_000,
  addressMessagesPerMinute: 300,
  faultsPerMinute: 20,
  minBackoffMs: 100,
  maxBackoffMs: 3_000,
  knownPeers: 256,
  proofLifetimeMs: 3_600_000,
};
