/** One process of `npm run conformance -- state-tests`: takes a run, sends batches of results. */

import type { StateTestResult } from '../vm/testkit/state-test.ts';
import { runStateTests, type StateTestRun } from '../vm/testkit/state-test-run.ts';

export type WorkerMessage = {
  readonly passed: number;
  readonly failed: readonly StateTestResult[];
};

/** Cases between two messages. */
const BATCH = 100;

async function work(run: StateTestRun): Promise<void> {
  let passed = 0;
  let failed: StateTestResult[] = [];
  const send = (): void => {
    process.send?.({ passed, failed } satisfies WorkerMessage);
    passed = 0;
    failed = [];
  };
  for await (const result of runStateTests(run)) {
    if (result.faults.length === 0) passed += 1;
    else failed.push(result);
    if (passed + failed.length >= BATCH) send();
  }
  send();
  process.disconnect();
}

process.once('message', (run) => {
  work(run as StateTestRun).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
