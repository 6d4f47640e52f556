/**
 * The waiting transactions of one sender by nonce, split by the first gap.
 *
 * Nonces from `accountNonce` up to `firstGap` are all here and executable in that order; those above wait.
 * Both bounds only move past entries that are looked at once, so a burst in any order costs one step each.
 */
import type { Address, Transaction, Wei } from '../../ledger/model/index.ts';

/** Where a transaction came from: what it decides is whom it is told to. */
export type Origin = 'local' | 'peer';

/** The most that the sender pays for gas, and the most of it that the proposer gets. */
export type Fees = { readonly cap: Wei; readonly tip: Wei };

export type PoolEntry = {
  readonly transaction: Transaction;
  readonly sender: Address;
  readonly origin: Origin;
  readonly fees: Fees;
  /** Order of arrival. */
  readonly sequence: number;
  /** When it began to wait for a lower nonce; meaningless while executable. */
  readonly heldSinceMs: number;
};

export type SenderQueue = {
  readonly address: Address;
  readonly entries: Map<bigint, PoolEntry>;
  /** Nonce of the account at the head. */
  accountNonce: bigint;
  /** Balance of the account at the head. */
  balance: Wei;
  firstGap: bigint;
};

/** What changed in a queue: the pool keeps its indexes with it. */
export type QueueChange = {
  readonly removed: readonly PoolEntry[];
  readonly executable: readonly PoolEntry[];
  readonly held: readonly PoolEntry[];
};

export function createSenderQueue(address: Address, nonce: bigint, balance: Wei): SenderQueue {
  return { address, entries: new Map(), accountNonce: nonce, balance, firstGap: nonce };
}

/** The executable transaction with the lowest nonce. */
export function firstExecutable(queue: SenderQueue): PoolEntry | undefined {
  return queue.firstGap > queue.accountNonce ? queue.entries.get(queue.accountNonce) : undefined;
}

function executableCount(queue: SenderQueue): number {
  return Number(queue.firstGap - queue.accountNonce);
}

/** Entries above the first gap. */
export function heldCount(queue: SenderQueue): number {
  return queue.entries.size - executableCount(queue);
}

/** Puts an entry in, in place of another of its nonce. The nonce is not below the account's. */
export function insertEntry(queue: SenderQueue, entry: PoolEntry): QueueChange {
  const { nonce } = entry.transaction;
  const replaced = queue.entries.get(nonce);
  queue.entries.set(nonce, entry);
  const removed = replaced === undefined ? [] : [replaced];
  if (nonce < queue.firstGap) return { removed, executable: [entry], held: [] };
  if (nonce > queue.firstGap) return { removed, executable: [], held: [entry] };
  return { removed, executable: closeGap(queue), held: [] };
}

/** Takes an entry out; executable ones above it wait again, since `nowMs`. */
export function removeEntry(queue: SenderQueue, entry: PoolEntry, nowMs: number): QueueChange {
  const { nonce } = entry.transaction;
  queue.entries.delete(nonce);
  const held: PoolEntry[] = [];
  for (let above = nonce + 1n; above < queue.firstGap; above += 1n) {
    const stranded = queue.entries.get(above);
    if (stranded === undefined) continue;
    const waiting: PoolEntry = { ...stranded, heldSinceMs: nowMs };
    queue.entries.set(above, waiting);
    held.push(waiting);
  }
  if (nonce < queue.firstGap) queue.firstGap = nonce;
  return { removed: [entry], executable: [], held };
}

/** Moves to the account as it is at a new head: what is below its nonce goes, what it closes up to may run. */
export function advanceTo(queue: SenderQueue, nonce: bigint, balance: Wei): QueueChange {
  queue.balance = balance;
  const removed: PoolEntry[] = [];
  if (nonce > queue.accountNonce) {
    for (const [at, entry] of below(queue, nonce)) {
      queue.entries.delete(at);
      removed.push(entry);
    }
  }
  queue.accountNonce = nonce;
  if (nonce <= queue.firstGap) return { removed, executable: [], held: [] };
  queue.firstGap = nonce;
  return { removed, executable: closeGap(queue), held: [] };
}

function below(queue: SenderQueue, nonce: bigint): [bigint, PoolEntry][] {
  const steps = nonce - queue.accountNonce;
  // Walk the shorter side: the nonces that passed, or the entries that wait.
  if (steps > BigInt(queue.entries.size)) return [...queue.entries].filter(([at]) => at < nonce);
  const found: [bigint, PoolEntry][] = [];
  for (let at = queue.accountNonce; at < nonce; at += 1n) {
    const entry = queue.entries.get(at);
    if (entry !== undefined) found.push([at, entry]);
  }
  return found;
}

/** Entries that the first gap now lies behind. */
function closeGap(queue: SenderQueue): PoolEntry[] {
  const closed: PoolEntry[] = [];
  for (;;) {
    const next = queue.entries.get(queue.firstGap);
    if (next === undefined) return closed;
    closed.push(next);
    queue.firstGap += 1n;
  }
}

/** Whether `next` pays at least 10 % more than `previous` in both fees, and more than nothing. */
export function isReplacement(previous: Fees, next: Fees): boolean {
  return isRaised(previous.cap, next.cap) && isRaised(previous.tip, next.tip);
}

/** A single gas price is both. */
export function feesOf(transaction: Transaction): Fees {
  if ('gasPrice' in transaction) return { cap: transaction.gasPrice, tip: transaction.gasPrice };
  return { cap: transaction.maxFeePerGas, tip: transaction.maxPriorityFeePerGas };
}

function isRaised(previous: Wei, next: Wei): boolean {
  return next > previous && next * 100n >= previous * 110n;
}
