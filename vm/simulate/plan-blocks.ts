/** Which blocks a simulation makes: those asked for, in order, and empty ones in the gaps between them. */
import {
  type BlockHeader,
  type Height,
  refuse,
  type SimulatedBlockRequest,
  type UnixSeconds,
  type Verdict,
} from '../../ledger/model/index.ts';

/** Above the block that a simulation builds on, gaps included. */
const MOST_BLOCKS = 256n;
/** Between blocks whose time is not given, as in geth. */
const INTERVAL_S = 12n;

export type PlannedBlock = SimulatedBlockRequest & {
  readonly number: Height;
  readonly timestamp: UnixSeconds;
};

/** Refuses with VM_SIMULATED_NUMBER, VM_SIMULATED_TIMESTAMP, VM_SIMULATED_BLOCKS. */
export function planBlocks(
  blocks: readonly SimulatedBlockRequest[],
  base: Pick<BlockHeader, 'number' | 'timestamp'>,
): Verdict<{ readonly planned: readonly PlannedBlock[] }> {
  const planned: PlannedBlock[] = [];
  let { number, timestamp } = base;
  for (const block of blocks) {
    const wanted = block.block?.number ?? number + 1n;
    if (wanted <= number) {
      const message = `block numbers must be in order: ${wanted} <= ${number}`;
      return refuse('VM_SIMULATED_NUMBER', message);
    }
    if (wanted - base.number > MOST_BLOCKS) return refuse('VM_SIMULATED_BLOCKS', 'too many blocks');
    for (number += 1n; number < wanted; number += 1n) {
      timestamp += INTERVAL_S;
      planned.push({ number, timestamp });
    }
    const time = block.block?.timestamp ?? timestamp + INTERVAL_S;
    if (time <= timestamp) {
      const message = `block timestamps must be in order: ${time} <= ${timestamp}`;
      return refuse('VM_SIMULATED_TIMESTAMP', message);
    }
    timestamp = time;
    planned.push({ ...block, number, timestamp });
  }
  return { ok: true, planned };
}
