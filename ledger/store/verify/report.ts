/** What checking a whole store has found. */
import { bytesToHex } from '../../model/index.ts';
import { tableOf } from '../keyspace.ts';

export type Problem = {
  /** Where: a block, an account, a record. */
  readonly where: string;
  /** What is wrong there. */
  readonly fact: string;
};

export type VerifyProgress = {
  readonly task: string;
  readonly done: number;
  readonly total: number;
};

export type Findings = {
  add(where: string, fact: string): void;
  /** A record by its key. */
  addRecord(key: Uint8Array, fact: string): void;
  /** Adds if the condition does not hold. */
  expect(condition: boolean, where: string, fact: string): void;
  readonly problems: readonly Problem[];
  /** Those beyond the first hundred are only counted. */
  count(): number;
};

const KEPT_PROBLEMS = 100;

export function createFindings(): Findings {
  const problems: Problem[] = [];
  let count = 0;
  const add = (where: string, fact: string): void => {
    count += 1;
    if (problems.length < KEPT_PROBLEMS) problems.push({ where, fact });
  };
  return {
    add,
    addRecord: (key, fact) => add(`table ${tableOf(key)}, key ${bytesToHex(key)}`, fact),
    expect: (condition, where, fact) => {
      if (!condition) add(where, fact);
    },
    problems,
    count: () => count,
  };
}
