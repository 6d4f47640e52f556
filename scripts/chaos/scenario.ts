/** What a scenario is and what it works with. */
import type { ChaosNetwork } from './chaos-network.ts';

export type Scenario = {
  readonly name: string;
  /** What happens, in one line. */
  readonly title: string;
  /** Whether it ends with the start of a process. */
  readonly restarts: boolean;
  /** Roughly, recovery left out. */
  readonly seconds: number;
  /** From a healthy network to the end of the fault; resolves at that moment. */
  run(stage: Stage): Promise<void>;
};

export type Stage = {
  readonly network: ChaosNetwork;
  /** A validator drawn from the seed. */
  readonly victim: number;
  /** Seeded, from 0 to below 1. */
  random(): number;
  wait(durationMs: number): Promise<void>;
  /** Lets a fault last so long and expects that those validators make blocks meanwhile. */
  expectBlocks(durationMs: number, among: readonly number[]): Promise<void>;
  /** Lets a fault last so long and expects that nobody makes more than `atMost` blocks meanwhile. */
  expectStandstill(durationMs: number, atMost: number): Promise<void>;
  /** Another expectation, with the sentence that says what was missed. */
  expect(holds: boolean, otherwise: string): void;
  /** A line of the report. */
  note(text: string): void;
};
