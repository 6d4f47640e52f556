/**
 * The time in which simulated nodes live. Between two events everything that was started runs to its
 * end: node code awaits only promises and the clock it was given, so one seed gives one course of events.
 */
import { createHash } from 'node:crypto';
import { createEventQueue } from '../../consensus/testkit/event-queue.ts';
import { createRandom, type Random } from '../../consensus/testkit/random.ts';

export type Cancel = () => void;

export type World = {
  readonly random: Random;
  nowMs(): number;
  after(delayMs: number, action: () => void): Cancel;
  /** Virtual milliseconds. @throws Violation */
  run(forMs: number): Promise<void>;
  /** Whether `done` came true within that time. @throws Violation */
  runUntil(done: () => boolean, withinMs: number): Promise<boolean>;
  /** A line of the trace, which the digest covers. */
  note(line: string): void;
  /** A rule does not hold: the run ends at the next event. */
  violate(rule: Rule, fact: string): void;
  /** Of all lines so far. */
  digest(): string;
};

/** What is checked; numbers are those of the design's invariants. */
export type Rule =
  | 'agreement (1)'
  | 'no self-contradiction (2)'
  | 'nothing acknowledged is lost (3)'
  | 'state equals replay (4)'
  | 'a correct node goes on (4)'
  | 'sealed headers verify (5)'
  | 'blocks resume (7)'
  | 'rounds in company (7)'
  | 'calm needs no second round (7)';

export class Violation extends Error {
  readonly rule: Rule;
  constructor(rule: Rule, fact: string) {
    super(`${rule}: ${fact}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}

/** 2027-01-15T08:00:00Z: when simulated chains begin. */
export const START_MS = 1_800_000_000_000;

/** `onNote` sees each line of the trace. */
export function createWorld(seed: number, onNote: (line: string) => void = () => {}): World {
  const queue = createEventQueue(START_MS);
  const hash = createHash('sha256');
  let violation: Violation | undefined;

  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (violation !== undefined) throw violation;
  };

  const runUntil = async (done: () => boolean, withinMs: number): Promise<boolean> => {
    const untilMs = queue.nowMs() + withinMs;
    await settle();
    while (!done()) {
      if (!queue.step(untilMs)) return false;
      await settle();
    }
    return true;
  };

  const note = (text: string): void => {
    const line = `${queue.nowMs() - START_MS} ${text}`;
    hash.update(`${line}\n`);
    onNote(line);
  };

  return {
    random: createRandom(seed),
    nowMs: queue.nowMs,
    after: (delayMs, action) => {
      let live = true;
      queue.after(Math.ceil(delayMs), () => {
        if (live) action();
      });
      return () => {
        live = false;
      };
    },
    run: async (forMs) => {
      await runUntil(() => false, forMs);
    },
    runUntil,
    note,
    violate: (rule, fact) => {
      if (violation !== undefined) return;
      violation = new Violation(rule, fact);
      note(`VIOLATION ${violation.message}`);
    },
    digest: () => hash.copy().digest('hex'),
  };
}
