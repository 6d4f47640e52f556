/**
 * Where the pool's transactions are found: by hash, by sender, held ones by age, senders that may run.
 *
 * Queues change by themselves (`sender-queue.ts`); what changed is applied here, so that the four views and
 * the byte count never part.
 */
import { keyOf } from '../../ledger/model/index.ts';
import {
  firstExecutable,
  type PoolEntry,
  type QueueChange,
  removeEntry,
  type SenderQueue,
} from './sender-queue.ts';

export type PoolIndex = {
  /** By `keyOf(hash)`. */
  readonly entries: ReadonlyMap<string, PoolEntry>;
  /** By `keyOf(address)`; none is empty. */
  readonly queues: ReadonlyMap<string, SenderQueue>;
  /** Queues with an executable transaction, by `keyOf(address)`. */
  readonly ready: ReadonlyMap<string, SenderQueue>;
  /** Held transactions by `keyOf(hash)`, longest held first. */
  readonly held: ReadonlyMap<string, PoolEntry>;
  /** Encoded bytes of all entries. */
  bytes(): number;
  /** Follows a queue; returns what became executable. */
  apply(queue: SenderQueue, change: QueueChange): readonly PoolEntry[];
  /** Takes an entry out; what it strands waits since `nowMs`. */
  remove(entry: PoolEntry, nowMs: number): void;
};

export function createPoolIndex(): PoolIndex {
  const entries = new Map<string, PoolEntry>();
  const queues = new Map<string, SenderQueue>();
  const ready = new Map<string, SenderQueue>();
  const held = new Map<string, PoolEntry>();
  let bytes = 0;

  const put = (entry: PoolEntry): string => {
    const hash = keyOf(entry.transaction.hash);
    if (!entries.has(hash)) bytes += entry.transaction.raw.length;
    entries.set(hash, entry);
    held.delete(hash);
    return hash;
  };

  const apply: PoolIndex['apply'] = (queue, change) => {
    for (const entry of change.removed) {
      const hash = keyOf(entry.transaction.hash);
      entries.delete(hash);
      held.delete(hash);
      bytes -= entry.transaction.raw.length;
    }
    for (const entry of change.executable) put(entry);
    for (const entry of change.held) held.set(put(entry), entry);
    const key = keyOf(queue.address);
    if (queue.entries.size === 0) queues.delete(key);
    else queues.set(key, queue);
    if (firstExecutable(queue) === undefined) ready.delete(key);
    else ready.set(key, queue);
    return change.executable;
  };

  return {
    entries,
    queues,
    ready,
    held,
    bytes: () => bytes,
    apply,
    remove: (entry, nowMs) => {
      const queue = queues.get(keyOf(entry.sender));
      if (queue !== undefined) apply(queue, removeEntry(queue, entry, nowMs));
    },
  };
}
