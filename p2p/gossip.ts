/**
 * Transactions to and from one peer: collected for a moment and sent together, each at most once on
 * this connection in either direction (W-10).
 */
import { createKnownTransactions } from './known-transactions.ts';
import type { Limits } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Clock } from './network.ts';

/** Protobuf overhead of an envelope with one transaction, generously. */
const OVERHEAD_BYTES = 64;

export type GossipTransaction = { readonly key: string; readonly raw: Uint8Array };

export type Gossip = {
  /** Sends it soon, unless the peer has it. */
  offer(transaction: GossipTransaction): void;
  /** The peer sent it: it is never sent back. */
  received(key: string): void;
  close(): void;
};

export function createGossip(
  limits: Limits,
  ports: {
    readonly clock: Clock;
    readonly counters: Counters;
    send(raws: readonly Uint8Array[]): void;
  },
): Gossip {
  const known = createKnownTransactions(limits.knownTransactions);
  const batch = new Map<string, Uint8Array>();
  let batchBytes = 0;
  let timer: object | undefined;

  const stopTimer = (): void => {
    if (timer !== undefined) ports.clock.clearTimeout(timer);
    timer = undefined;
  };

  const flush = (): void => {
    stopTimer();
    if (batch.size === 0) return;
    const raws = [...batch.values()];
    batch.clear();
    batchBytes = 0;
    ports.counters.add('transactionsSent', raws.length);
    ports.send(raws);
  };

  return {
    offer({ key, raw }) {
      if (known.has(key)) {
        ports.counters.add('transactionsKnown');
        return;
      }
      if (raw.length + OVERHEAD_BYTES > limits.transactionsFrameBytes) {
        ports.counters.add('transactionsDropped');
        return;
      }
      known.add(key);
      if (batchBytes + raw.length > limits.gossipBatchBytes) flush();
      batch.set(key, raw);
      batchBytes += raw.length;
      if (batchBytes >= limits.gossipBatchBytes) flush();
      else timer ??= ports.clock.setTimeout(flush, limits.gossipDelayMs);
    },
    received(key) {
      if (!known.has(key)) known.add(key);
      const waiting = batch.get(key);
      if (waiting === undefined) return;
      batch.delete(key);
      batchBytes -= waiting.length;
    },
    close() {
      stopTimer();
      batch.clear();
    },
  };
}
