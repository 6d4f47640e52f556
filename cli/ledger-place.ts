/** The ledger that a command works on, while no node does. */
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import {
  type Genesis,
  type ParsedGenesis,
  parseGenesis,
  parseReferenceGenesis,
  type ReferenceGenesis,
} from '../genesis/index.ts';
import type { LedgerPlace } from '../node/index.ts';
import { genesisRefusal, readJsonFile } from './read-file.ts';

export function dataDirOption(meaning: string): Option {
  return new Option('--data-dir <path>', meaning).env('EHB_DATA_DIR').makeOptionMandatory();
}

/** Of a chain of ours. @throws CodedError `CLI_FILE_UNREADABLE`, of `genesis` */
export function ledgerPlace(directory: string): Promise<LedgerPlace<Genesis>> {
  return placeOf(directory, parseGenesis);
}

/** Of a chain that is replayed. @throws CodedError `CLI_FILE_UNREADABLE`, of `genesis` */
export function referencePlace(directory: string): Promise<LedgerPlace<ReferenceGenesis>> {
  return placeOf(directory, parseReferenceGenesis);
}

/** Of either, by whether its genesis file names QBFT. @throws CodedError `CLI_FILE_UNREADABLE`, of `genesis` */
export function anyPlace(directory: string): Promise<LedgerPlace> {
  return placeOf<Genesis | ReferenceGenesis>(directory, (json) =>
    namesQbft(json) ? parseGenesis(json) : parseReferenceGenesis(json),
  );
}

async function placeOf<G extends Genesis | ReferenceGenesis>(
  directory: string,
  parse: (json: unknown) => ParsedGenesis<G>,
): Promise<LedgerPlace<G>> {
  const dataDir = resolve(directory);
  const file = join(dataDir, 'genesis.json');
  const parsed = parse(await readJsonFile(file));
  if (!parsed.ok) throw genesisRefusal(file, parsed);
  return { dataDir, genesis: parsed.genesis };
}

/** A file that is no genesis of either kind is one of ours, and refused as such. */
function namesQbft(json: unknown): boolean {
  const { config } = (json ?? {}) as { readonly config?: unknown };
  if (typeof config !== 'object' || config === null) return true;
  return Object.keys(config).some((key) => key.toLowerCase() === 'qbft');
}
