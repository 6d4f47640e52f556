/** One process of `npm run fuzz -- evm`: takes a range of cases, sends findings and how far it is. */

import { createEngineCache } from '../vm/testkit/engines.ts';
import { type Finding, type FuzzRun, runCases } from '../vm/testkit/fuzz/fuzz-run.ts';
import type { CorpusEntry } from '../vm/testkit/fuzz/random-transaction.ts';

export type FuzzOrder = FuzzRun & {
  readonly engineA: string;
  readonly engineB: string;
  readonly corpus: readonly (Omit<CorpusEntry, 'runtime' | 'selectors'> & {
    readonly runtime: string;
    readonly selectors: readonly string[];
  })[];
};

export type FuzzMessage = { readonly done: number; readonly findings: readonly Finding[] };

const BATCH = 50;

async function work(order: FuzzOrder): Promise<void> {
  const corpus = order.corpus.map(({ name, runtime, selectors }) => ({
    name,
    runtime: new Uint8Array(Buffer.from(runtime, 'hex')),
    selectors: selectors.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  }));
  const engines = { a: createEngineCache(order.engineA), b: createEngineCache(order.engineB) };
  let done = 0;
  for await (const finding of runCases(order, engines, corpus)) {
    done += 1;
    if (finding === undefined && done < BATCH) continue;
    process.send?.({
      done,
      findings: finding === undefined ? [] : [finding],
    } satisfies FuzzMessage);
    done = 0;
  }
  process.send?.({ done, findings: [] } satisfies FuzzMessage);
  process.disconnect();
}

process.once('message', (order) => {
  work(order as FuzzOrder).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
});
