/** The password of encrypted keys: always in a file, so that neither a shell's history nor a list of processes has it. */
import { Option } from 'commander';
import { readPasswordFile } from '../genesis/index.ts';

/** `--password-file`, else `EHB_PASSWORD_FILE`. */
export function passwordFileOption(meaning: string): Option {
  return new Option('--password-file <file>', meaning).env('EHB_PASSWORD_FILE');
}

/** Undefined without a file; an empty variable of the environment names none. @throws CodedError `GENESIS_PASSWORD_FILE` */
export async function passwordFrom(file: string | undefined): Promise<string | undefined> {
  return file === undefined || file === '' ? undefined : await readPasswordFile(file);
}
