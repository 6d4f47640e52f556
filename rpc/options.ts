/** What an operator can set about the server, with the values that hold when nothing is set. */

/** Bounds on what one client can make the node do. */
export type RpcLimits = {
  /** Of an HTTP body and of a WebSocket message. */
  readonly bodyLimitBytes: number;
  /** Requests in one batch. */
  readonly batchLimit: number;
  /** Of all answers of one batch together, and of each single answer. */
  readonly responseLimitBytes: number;
  /** For one method call, and for receiving one HTTP request. */
  readonly requestTimeoutMs: number;
  /** For one execution of `eth_call` and its kin; 0: as long as for any method. */
  readonly callTimeoutMs: number;
  /** The most gas that one such execution gets, whatever it asks for. */
  readonly callGasCap: bigint;
  /** Blocks that one `qbft_getSignerMetrics` may cover. */
  readonly signerMetricsBlocks: number;
  /** Requests under way when the server closes are waited for this long. */
  readonly closeGraceMs: number;
  /** Logs that one answer may hold. */
  readonly logResults: number;
  /** Filters of all clients of HTTP together. */
  readonly filters: number;
  /** A filter that nobody asks for this long is dropped. */
  readonly filterIdleMs: number;
  /** Blocks that one `eth_feeHistory` may cover; more are cut to this, as the method's text says. */
  readonly feeHistoryBlocks: number;
  readonly webSocketConnections: number;
  readonly subscriptionsPerConnection: number;
  /** Bytes waiting for one slow WebSocket client; above, it is disconnected. */
  readonly sendQueueBytes: number;
  /** Requests of one WebSocket worked on at once; above, reading from it pauses. */
  readonly requestsPerConnection: number;
};

export type OperatorAccess = 'local' | 'anyone' | 'nobody';

export type RpcServerOptions = {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** Namespaces to offer; all when absent. */
  readonly namespaces?: readonly string[];
  /**
   * Web origins that may call, `*` for any. When absent: pages served from localhost, as local
   * development tools expect. Programs that send no `Origin` are not concerned.
   */
  readonly corsOrigins?: readonly string[];
  /**
   * Names in the `Host` header that are answered, `*` for any; IP addresses always are. When absent:
   * `localhost`. A page that rebinds its own name to 127.0.0.1 is refused by this.
   */
  readonly virtualHosts?: readonly string[];
  /**
   * Who may call the methods that change what the node does. `local`, when absent: programs on this
   * machine, that is connections from a loopback address without the marks of a browser or a proxy.
   */
  readonly operatorAccess?: OperatorAccess;
  readonly limits?: Partial<RpcLimits>;
};

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  bodyLimitBytes: 5 * 1024 * 1024,
  batchLimit: 1000,
  responseLimitBytes: 25 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  callTimeoutMs: 5_000,
  callGasCap: 50_000_000n,
  signerMetricsBlocks: 10_000,
  closeGraceMs: 2_000,
  logResults: 10_000,
  filters: 1000,
  filterIdleMs: 5 * 60 * 1000,
  feeHistoryBlocks: 1024,
  webSocketConnections: 1000,
  subscriptionsPerConnection: 100,
  sendQueueBytes: 16 * 1024 * 1024,
  requestsPerConnection: 256,
};
