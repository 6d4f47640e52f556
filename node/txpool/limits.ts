/** Bounds of the pool; every one of them is a number an operator may change. */
export type PoolLimits = {
  /** Transactions in all. */
  readonly maxCount: number;
  /** Encoded bytes in all. */
  readonly maxBytes: number;
  /** Encoded bytes of one transaction. */
  readonly maxTransactionBytes: number;
  /** Transactions of one sender, executable or held. */
  readonly maxPerSender: number;
  /** Transactions of one sender that wait for a lower nonce. */
  readonly maxHeldPerSender: number;
  /** How long a transaction may wait for a lower nonce, in milliseconds. */
  readonly holdMs: number;
};

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  maxCount: 100_000,
  maxBytes: 256 * 1024 * 1024,
  maxTransactionBytes: 128 * 1024,
  maxPerSender: 50_000,
  maxHeldPerSender: 256,
  holdMs: 10 * 60 * 1000,
};
