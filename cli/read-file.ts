/** Files that a command line names. */
import { readFile } from 'node:fs/promises';
import { type ParsedGenesis, parseGenesis, type RefusedGenesis } from '../genesis/index.ts';
import { CodedError } from '../ledger/model/index.ts';
import { cliError } from './errors.ts';

/** @throws CodedError `CLI_FILE_UNREADABLE` */
export async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw cliError('CLI_FILE_UNREADABLE', `${file}: ${reason}`, cause);
  }
}

/** @throws CodedError `CLI_FILE_UNREADABLE` */
export async function readGenesisFile(file: string): Promise<ParsedGenesis> {
  return parseGenesis(await readJsonFile(file));
}

/** The first problem of a genesis file as an error, and how to see the others. */
export function genesisRefusal(file: string, parsed: RefusedGenesis): Error {
  const more = parsed.problems.length - 1;
  const rest = more > 0 ? ` (and ${more} more: ehb genesis check ${file})` : '';
  return new CodedError(`${file}: ${parsed.message}${rest}`, { code: parsed.code });
}
