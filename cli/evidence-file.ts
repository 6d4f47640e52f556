/** Proofs of equivocation as a file: JSON around the bundles, which carry all that counts. */
import { hexToBytes } from '../ledger/model/index.ts';
import { cliError } from './errors.ts';
import { readJsonFile } from './read-file.ts';

const FORMAT = 'ehb-evidence';
const VERSION = 1;

export function evidenceFile(bundles: readonly string[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, bundles }, null, 2)}\n`;
}

/** @throws CodedError `CLI_FILE_UNREADABLE`, `CLI_EVIDENCE_FILE` */
export async function readEvidenceFile(file: string): Promise<readonly Uint8Array[]> {
  const json = await readJsonFile(file);
  const fail = (reason: string): Error => cliError('CLI_EVIDENCE_FILE', `${file}: ${reason}`);
  if (json === null || typeof json !== 'object') throw fail('not an object');
  const { format, version, bundles } = json as Record<string, unknown>; // each is checked below
  if (format !== FORMAT) throw fail(`its format is not ${FORMAT}`);
  if (version !== VERSION) throw fail(`its version is not ${VERSION}`);
  if (!Array.isArray(bundles)) throw fail('it has no list of bundles');
  return bundles.map((bundle: unknown, index) => {
    if (typeof bundle !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(bundle)) {
      throw fail(`bundle ${index + 1} is not hexadecimal`);
    }
    return hexToBytes(bundle);
  });
}
