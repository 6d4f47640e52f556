/** The ledger that a command works on, while no node does. */
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import type { LedgerPlace } from '../node/index.ts';
import { genesisRefusal, readGenesisFile } from './read-file.ts';

export function dataDirOption(meaning: string): Option {
  return new Option('--data-dir <path>', meaning).env('EHB_DATA_DIR').makeOptionMandatory();
}

/** @throws CodedError `CLI_FILE_UNREADABLE`, of `genesis` */
export async function ledgerPlace(directory: string): Promise<LedgerPlace> {
  const dataDir = resolve(directory);
  const file = join(dataDir, 'genesis.json');
  const parsed = await readGenesisFile(file);
  if (!parsed.ok) throw genesisRefusal(file, parsed);
  return { dataDir, genesis: parsed.genesis };
}
