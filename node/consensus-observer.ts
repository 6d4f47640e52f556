/**
 * How the consensus driver is watched: it says what happened, others count. The core itself neither logs
 * nor counts; a transition shows in the states before and after.
 */
import type { ConsensusState, Input, step } from '../consensus/index.ts';

/** What the driver waits for before it goes on. */
export type DriverWork = 'sign' | 'log' | 'import';

export type ConsensusObserver = {
  /** After each step, before its effects run. */
  stepped(before: ConsensusState, input: Input, outcome: ReturnType<typeof step>): void;
  /** Runs the work and returns what it gives; how long it takes is worth knowing. */
  timed<T>(kind: DriverWork, work: () => Promise<T>): Promise<T>;
};

export const nobody: ConsensusObserver = {
  stepped: () => {},
  timed: (_, work) => work(),
};
