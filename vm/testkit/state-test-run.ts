/** A file of state tests, or a part of it, through one engine. */
import { createEngineCache } from './engines.ts';
import { readLines } from './read-lines.ts';
import { runStateTestLine, type StateTestCase, type StateTestResult } from './state-test.ts';

export type StateTestRun = {
  readonly file: string;
  readonly engine: string;
  /** Runs the lines whose number (from 0) leaves one of these remainders. */
  readonly lines: { readonly remainders: readonly number[]; readonly divisor: number };
  /** Cases whose file or name contains one of these; all if empty. */
  readonly only: readonly string[];
  readonly fork?: string;
};

/** Yields each case as it has run. */
export async function* runStateTests(run: StateTestRun): AsyncGenerator<StateTestResult> {
  const { remainders, divisor } = run.lines;
  const engineFor = createEngineCache(run.engine);
  const wants = (identity: StateTestCase): boolean => isWanted(identity, run);
  let number = 0;
  for await (const line of readLines(run.file)) {
    if (remainders.includes(number % divisor))
      yield* await runStateTestLine(line, { engineFor, wants });
    number += 1;
  }
}

function isWanted(
  { file, name, fork }: StateTestCase,
  { only, fork: wanted }: StateTestRun,
): boolean {
  if (wanted !== undefined && wanted.toLowerCase() !== fork.toLowerCase()) return false;
  return only.length === 0 || only.some((words) => file.includes(words) || name.includes(words));
}
