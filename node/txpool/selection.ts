/**
 * Which executable transactions a block would take: highest effective tip first, then first come.
 *
 * Nonces of one sender stay in order, so only the first of each sender competes. A heap over these is made
 * in linear time when a block is due; nothing is sorted, and what the block has no room for is not looked at.
 */
import type { Gas, Wei } from '../../ledger/model/index.ts';
import type { PoolEntry } from './sender-queue.ts';

export type SelectionLimits = {
  /** Sum of gas limits. */
  readonly gas: Gas;
  readonly bytes: number;
  readonly count: number;
};

/** Whether the entry pays the base fee. */
export function coversBaseFee(entry: PoolEntry, baseFee: Wei): boolean {
  return entry.fees.cap >= baseFee;
}

/**
 * Takes from the front until one limit is reached.
 *
 * @param firsts the first transaction of each sender, in any order; used up
 * @param following the transaction of the same sender that may run after one that was taken
 */
export function selectFrom(
  firsts: readonly PoolEntry[],
  following: (taken: PoolEntry) => PoolEntry | undefined,
  baseFee: Wei,
  limits: SelectionLimits,
): readonly PoolEntry[] {
  const heap = firsts.filter((entry) => coversBaseFee(entry, baseFee));
  for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) siftDown(heap, at, baseFee);
  const selected: PoolEntry[] = [];
  let { gas, bytes } = limits;
  while (selected.length < limits.count) {
    const top = heap[0];
    if (top === undefined) break;
    gas -= top.transaction.gasLimit;
    bytes -= top.transaction.raw.length;
    if (gas < 0n || bytes < 0) break;
    selected.push(top);
    const next = following(top);
    const isNext = next !== undefined && coversBaseFee(next, baseFee);
    replaceTop(heap, isNext ? next : undefined, baseFee);
  }
  return selected;
}

function replaceTop(heap: PoolEntry[], next: PoolEntry | undefined, baseFee: Wei): void {
  const last = next ?? heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  siftDown(heap, 0, baseFee);
}

function siftDown(heap: PoolEntry[], from: number, baseFee: Wei): void {
  const moving = heap[from] as PoolEntry;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, left, baseFee)) child += 1;
    const best = heap[child] as PoolEntry;
    if (!isBefore(best, moving, baseFee)) break;
    heap[at] = best;
    at = child;
  }
  heap[at] = moving;
}

function isBefore(a: PoolEntry, b: PoolEntry, baseFee: Wei): boolean {
  const [tipOfA, tipOfB] = [effectiveTip(a, baseFee), effectiveTip(b, baseFee)];
  return tipOfA === tipOfB ? a.sequence < b.sequence : tipOfA > tipOfB;
}

/** What the proposer earns for one unit of gas. */
function effectiveTip({ fees }: PoolEntry, baseFee: Wei): Wei {
  if (baseFee === 0n) return fees.tip;
  const room = fees.cap - baseFee;
  return room < fees.tip ? room : fees.tip;
}
