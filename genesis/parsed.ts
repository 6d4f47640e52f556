/** What reading a genesis file gives. */
import { invariant } from '../ledger/model/index.ts';
import type { Genesis } from './genesis.ts';
import { createProblems, type GenesisRefusal, type Problems } from './problems.ts';

/** `problems` has every fault of the file; `code` and `message` are the first one's. */
export type ParsedGenesis<G = Genesis> =
  | { readonly ok: true; readonly genesis: G; readonly warnings: readonly string[] }
  | RefusedGenesis;

export type RefusedGenesis = GenesisRefusal & { readonly problems: readonly GenesisRefusal[] };

/** @param read undefined only after a problem that it reported */
export function parseWith<G>(read: (problems: Problems) => G | undefined): ParsedGenesis<G> {
  const problems = createProblems();
  const genesis = read(problems);
  const [first] = problems.refusals;
  if (first !== undefined) return { ...first, problems: problems.refusals };
  invariant(genesis !== undefined, 'a genesis file without a problem describes a genesis');
  return { ok: true, genesis, warnings: problems.warnings };
}
