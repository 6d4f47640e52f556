/** A range of cases on two engines: each difference made small, with the line that runs it again. */
import { bytesToHex, concatBytes } from '../../../ledger/model/index.ts';
import {
  type Difference,
  differencesOf,
  type EngineFactory,
  type Outcome,
  outcomesOf,
  textOf,
} from './compare.ts';
import { createCase } from './create-case.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { minimise } from './minimise.ts';
import type { CorpusEntry } from './random-transaction.ts';

export type FuzzRun = {
  readonly seed: number;
  /** Cases `first`, `first + step`, ... below `end`. */
  readonly first: number;
  readonly end: number;
  readonly step: number;
};

export type Finding = {
  readonly index: number;
  readonly fork: string;
  readonly differences: readonly Difference[];
  /** The smallest case found, as text. */
  readonly minimised: string;
};

/** Yields undefined for a case on which both agree. */
export async function* runCases(
  { seed, first, end, step }: FuzzRun,
  engines: { readonly a: EngineFactory; readonly b: EngineFactory },
  corpus: readonly CorpusEntry[],
): AsyncGenerator<Finding | undefined> {
  const compare = async (fuzzCase: FuzzCase): Promise<readonly Difference[]> => {
    const both = [engines.a(fuzzCase.rules), engines.b(fuzzCase.rules)];
    const [a, b] = await outcomesOf(fuzzCase, both);
    return differencesOf(a as Outcome, b as Outcome);
  };
  for (let index = first; index < end; index += step) {
    const fuzzCase = createCase(seed, index, corpus);
    if ((await compare(fuzzCase)).length === 0) {
      yield undefined;
      continue;
    }
    const smaller = await minimise(fuzzCase, async (each) => (await compare(each)).length > 0);
    yield {
      index,
      fork: smaller.fork,
      differences: await compare(smaller),
      minimised: describe(smaller),
    };
  }
}

function describe({ fork, rules, environment, contracts, transactions, calls }: FuzzCase): string {
  const lines = [
    `fork ${fork}, number ${environment.number}, base fee ${environment.baseFeePerGas}`,
    `rules ${textOf({ ...rules, forks: undefined })}`,
    ...contracts.map(
      ({ address, program, balance, storage }) =>
        `contract ${bytesToHex(address)} balance ${balance} storage ${textOf(storage)}\n  ${bytesToHex(concatBytes(...program))}`,
    ),
    ...transactions.map(
      ({ from, fields, nonceOffset }) =>
        `transaction from ${bytesToHex(from.address)} offset ${nonceOffset} ${textOf(fields)}`,
    ),
    ...calls.map((call) => `call ${textOf(call)}`),
  ];
  return lines.join('\n');
}
