/**
 * Filters of `eth_newFilter` and its kin: a bounded table of places to read on from.
 *
 * A filter of blocks or logs is only the next height to look at, so an idle one costs nothing. Pending
 * transactions share one ring of recent hashes; each filter is a position in it.
 */
import type { Hash, Height, Hex } from '../ledger/model/index.ts';
import { RpcRefusal } from './errors.ts';
import type { LogQuery } from './log-filter.ts';
import type { RpcLimits } from './options.ts';
import type { EventPort } from './ports.ts';
import { randomId } from './random-id.ts';

/** Hashes of pending transactions that a slow poller may be behind; older ones are forgotten. */
const RING_SIZE = 16_384;

export type Filter =
  | { readonly kind: 'logs'; readonly query: LogQuery; nextBlock: Height }
  | { readonly kind: 'blocks'; nextBlock: Height }
  | { readonly kind: 'pending'; nextSequence: number };

export type FilterRegistry = {
  /** @throws RpcRefusal RPC_LIMIT_EXCEEDED */
  add(filter: Filter): Hex;
  /** The filter itself, to be moved on by its reader. @throws RpcRefusal RPC_FILTER_NOT_FOUND */
  get(id: string): Filter;
  /** Whether there was one. */
  remove(id: string): boolean;
  /** Where a filter of pending transactions starts. */
  pendingSequence(): number;
  /** Hashes accepted since that position that are still in the ring. */
  pendingSince(sequence: number): readonly Hash[];
  close(): void;
};

export function createFilterRegistry(
  limits: Pick<RpcLimits, 'filters' | 'filterIdleMs'>,
  modules: { readonly events: EventPort; readonly now: () => number },
): FilterRegistry {
  // Insertion order is the order of last use: the idle ones stand in front.
  const filters = new Map<string, { readonly filter: Filter; readonly usedAtMs: number }>();
  const ring: Hash[] = [];
  let accepted = 0;
  const stop = modules.events.onPendingTransactions((transactions) => {
    for (const { transaction } of transactions) {
      ring[accepted % RING_SIZE] = transaction.hash;
      accepted += 1;
    }
  });

  const dropIdle = (): void => {
    const oldest = modules.now() - limits.filterIdleMs;
    for (const [id, { usedAtMs }] of filters) {
      if (usedAtMs > oldest) return;
      filters.delete(id);
    }
  };

  return {
    add: (filter) => {
      dropIdle();
      if (filters.size >= limits.filters) {
        throw new RpcRefusal(
          'RPC_LIMIT_EXCEEDED',
          `too many filters: this node keeps ${limits.filters}, uninstall some or subscribe by WebSocket`,
        );
      }
      const id = randomId();
      filters.set(id, { filter, usedAtMs: modules.now() });
      return id;
    },
    get: (id) => {
      dropIdle();
      const entry = filters.get(id);
      if (entry === undefined) throw new RpcRefusal('RPC_FILTER_NOT_FOUND', 'filter not found');
      filters.delete(id);
      filters.set(id, { filter: entry.filter, usedAtMs: modules.now() });
      return entry.filter;
    },
    remove: (id) => filters.delete(id),
    pendingSequence: () => accepted,
    pendingSince: (sequence) => {
      const hashes: Hash[] = [];
      for (let at = Math.max(sequence, accepted - RING_SIZE); at < accepted; at += 1) {
        const hash = ring[at % RING_SIZE];
        if (hash !== undefined) hashes.push(hash);
      }
      return hashes;
    },
    close: () => {
      stop();
      filters.clear();
    },
  };
}
