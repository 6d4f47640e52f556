import * as assert from 'uvu/assert';
import type { Genesis } from '../genesis.ts';
import { parseGenesis } from '../parse.ts';

/** What a genesis file means that must be valid. */
export function genesisOf(file: unknown): Genesis {
  const parsed = parseGenesis(file);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.genesis;
}
