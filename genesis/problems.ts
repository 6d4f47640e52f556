/** All that is wrong with a file, gathered in one reading so that it can be corrected in one go. */
import { type Refusal, refuse } from '../ledger/model/index.ts';
import type { GenesisCode } from './errors.ts';

export type GenesisRefusal = Refusal<GenesisCode>;

export type Problems = {
  report(code: GenesisCode, message: string): void;
  /** Not wrong, but probably not what was meant. */
  warn(message: string): void;
  readonly refusals: readonly GenesisRefusal[];
  readonly warnings: readonly string[];
};

export function createProblems(): Problems {
  const refusals: GenesisRefusal[] = [];
  const warnings: string[] = [];
  return {
    report: (code, message) => refusals.push(refuse(code, message)),
    warn: (message) => warnings.push(message),
    refusals,
    warnings,
  };
}
