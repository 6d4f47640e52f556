/**
 * Which executable transactions a block would take: highest effective tip first, then first come.
 *
 * Nonces of one sender stay in order, so only the first of each sender competes. A heap over these is built
 * in linear time when a block is due; nothing is sorted, and what the block has no room for is not looked at.
 */
import type { Gas, Wei } from '../../ledger/model/index.ts';
import { feesOf, type PoolEntry } from './sender-queue.ts';

/** The entries of one sender in nonce order, as far as the sender can pay for them. */
export type Lane = {
  readonly next: () => PoolEntry | undefined;
};

export type SelectionLimits = {
  /** Sum of gas limits. */
  readonly gas: Gas;
  readonly bytes: number;
  readonly count: number;
};

type Head = { readonly entry: PoolEntry; readonly tip: Wei; readonly lane: Lane };

/** What the proposer earns for one unit of gas; undefined if the base fee is not covered. */
export function effectiveTip(entry: PoolEntry, baseFee: Wei): Wei | undefined {
  const { cap, tip } = feesOf(entry.transaction);
  const room = cap - baseFee;
  if (room < 0n) return undefined;
  return room < tip ? room : tip;
}

/** Takes from the lanes until one limit is reached. */
export function selectFrom(
  lanes: Iterable<Lane>,
  baseFee: Wei,
  limits: SelectionLimits,
): readonly PoolEntry[] {
  const heap: Head[] = [];
  for (const lane of lanes) {
    const head = headOf(lane, baseFee);
    if (head !== undefined) heap.push(head);
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) siftDown(heap, at);
  const selected: PoolEntry[] = [];
  let { gas, bytes } = limits;
  while (selected.length < limits.count) {
    const top = heap[0];
    if (top === undefined) break;
    const { transaction } = top.entry;
    gas -= transaction.gasLimit;
    bytes -= transaction.raw.length;
    if (gas < 0n || bytes < 0) break;
    selected.push(top.entry);
    replaceTop(heap, headOf(top.lane, baseFee));
  }
  return selected;
}

function headOf(lane: Lane, baseFee: Wei): Head | undefined {
  const entry = lane.next();
  if (entry === undefined) return undefined;
  const tip = effectiveTip(entry, baseFee);
  return tip === undefined ? undefined : { entry, tip, lane };
}

function replaceTop(heap: Head[], next: Head | undefined): void {
  const last = next ?? heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  siftDown(heap, 0);
}

function siftDown(heap: Head[], from: number): void {
  const moving = heap[from] as Head;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, left)) child += 1;
    const best = heap[child] as Head;
    if (!isBefore(best, moving)) break;
    heap[at] = best;
    at = child;
  }
  heap[at] = moving;
}

function isBefore(a: Head, b: Head): boolean {
  return a.tip === b.tip ? a.entry.sequence < b.entry.sequence : a.tip > b.tip;
}
