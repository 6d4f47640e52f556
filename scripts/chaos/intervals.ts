/** Times between blocks, and whether a network with one dead validator keeps its pace. */
import type { GenesisTiming } from '../../genesis/index.ts';
import { seconds } from './judge.ts';

export type Intervals = {
  readonly blocks: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
};

/** One dead validator may not make the median longer than this many healthy ones. */
const MEDIAN_FACTOR = 1.5;

/** @param arrivalsMs when each block came, in order */
export function intervalsOf(arrivalsMs: readonly number[]): Intervals {
  const gaps = arrivalsMs.slice(1).map((at, index) => at - (arrivalsMs[index] as number));
  const sorted = gaps.sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { blocks: arrivalsMs.length, medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

export type PaceVerdict = {
  readonly medianBoundMs: number;
  /** One base timeout and a block, which is the longest healthy one: what this machine does to a block. */
  readonly maxBoundMs: number;
  /** What does not hold; empty: all is well. */
  readonly misses: readonly string[];
};

export function judgePace(
  healthy: Intervals,
  oneDead: Intervals,
  { requestTimeoutMs }: Pick<GenesisTiming, 'requestTimeoutMs'>,
): PaceVerdict {
  const medianBoundMs = MEDIAN_FACTOR * healthy.medianMs;
  const maxBoundMs = requestTimeoutMs + healthy.maxMs;
  const misses: string[] = [];
  // Written so that no blocks at all, which give no numbers, is a miss too.
  if (!(oneDead.medianMs < medianBoundMs)) {
    misses.push(
      `the median of ${milliseconds(oneDead.medianMs)} is not below ${milliseconds(medianBoundMs)}`,
    );
  }
  if (!(oneDead.maxMs <= maxBoundMs)) {
    misses.push(`one block took ${seconds(oneDead.maxMs)}, longer than ${seconds(maxBoundMs)}`);
  }
  return { medianBoundMs, maxBoundMs, misses };
}

export function milliseconds(durationMs: number): string {
  return `${durationMs.toFixed(0)} ms`;
}
