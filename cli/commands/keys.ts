/** `ehb keys encrypt|decrypt|show`: key files under a password, and without. */
import { Command } from 'commander';
import { addressOf } from '#crypto';
import { decryptKeyFile, encryptKeyFile, peerIdOf, readKeyFile } from '../../genesis/index.ts';
import { bytesToHex } from '../../ledger/model/index.ts';
import { cliError } from '../errors.ts';
import { type Output, table } from '../output.ts';
import { passwordFileOption, passwordFrom } from '../password-file.ts';

type KeyOptions = {
  readonly passwordFile?: string;
  readonly oldPasswordFile?: string;
  readonly json?: true;
};

type KeyReport = { readonly file: string; readonly address: string; readonly peerId?: string };

export function keysCommand(output: Output): Command {
  const keys = new Command('keys').description('encrypt key files with a password, and open them');
  keys.addCommand(encryptCommand(output));
  keys.addCommand(decryptCommand(output));
  keys.addCommand(showCommand(output));
  return keys;
}

function encryptCommand(output: Output): Command {
  return withFiles(new Command('encrypt'))
    .description('put keystores (Web3 Secret Storage, version 3) in place of key files')
    .addOption(passwordFileOption('its first line is the new password').makeOptionMandatory())
    .option('--old-password-file <file>', 'with the password of files that are encrypted already')
    .addHelpText(
      'after',
      `
The file keeps its name and is replaced whole. What the disk held before may be found on it for a while: keys that
must never have been readable are best made with \`--password-file\`. Without the password the key is lost.

Examples:
  $ ehb keys encrypt node-0/validator.key node-0/node.key --password-file /run/secrets/ehb
  $ ehb keys encrypt node-0/validator.key --old-password-file old.txt --password-file new.txt`,
    )
    .action(async (files: readonly string[], options: KeyOptions) => {
      const password = await requiredPassword(options);
      const before = await passwordFrom(options.oldPasswordFile);
      await each(output, files, options, 'encrypted', async (file) => ({
        file,
        address: bytesToHex(await encryptKeyFile(file, password, before)),
      }));
    });
}

function decryptCommand(output: Output): Command {
  return withFiles(new Command('decrypt'))
    .description('put the plain digits of keys in place of keystores')
    .addOption(passwordFileOption('its first line is the password').makeOptionMandatory())
    .addHelpText(
      'after',
      '\nExample:\n  $ ehb keys decrypt node-0/validator.key --password-file /run/secrets/ehb',
    )
    .action(async (files: readonly string[], options: KeyOptions) => {
      const password = await requiredPassword(options);
      await each(output, files, options, 'decrypted', async (file) => ({
        file,
        address: bytesToHex(await decryptKeyFile(file, password)),
      }));
    });
}

function showCommand(output: Output): Command {
  return withFiles(new Command('show'))
    .description('print the address and the PeerId of keys, and nothing secret')
    .addOption(passwordFileOption('with the password of those that are encrypted'))
    .addHelpText('after', '\nExample:\n  $ ehb keys show node-0/validator.key node-0/node.key')
    .action(async (files: readonly string[], options: KeyOptions) => {
      const password = await passwordFrom(options.passwordFile);
      await each(output, files, options, undefined, async (file) => {
        const key = await readKeyFile(file, password);
        return { file, address: bytesToHex(addressOf(key)), peerId: peerIdOf(key) };
      });
    });
}

function withFiles(command: Command): Command {
  return command
    .argument('<file...>', 'key files: 64 hexadecimal digits or a keystore each')
    .option('--json', 'print the result as JSON');
}

async function requiredPassword({ passwordFile }: KeyOptions): Promise<string> {
  const password = await passwordFrom(passwordFile);
  if (password === undefined) throw cliError('CLI_USAGE', '--password-file names no file');
  return password;
}

/** One after the other: each takes 256 MiB for half a second. What is done stays if a later one fails. */
async function each(
  output: Output,
  files: readonly string[],
  { json }: KeyOptions,
  done: string | undefined,
  work: (file: string) => Promise<KeyReport>,
): Promise<void> {
  const reports: KeyReport[] = [];
  for (const file of files) {
    const report = await work(file);
    reports.push(report);
    if (json === true) continue;
    const { address, peerId } = report;
    const lines =
      done === undefined
        ? [
            file,
            ...table([
              ['address', address],
              ['PeerId', peerId ?? ''],
            ]).map((row) => `  ${row}`),
          ]
        : [`${done} ${file}, the key of ${address}`];
    for (const line of lines) output.out(line);
  }
  if (json === true) output.out(JSON.stringify({ ok: true, keys: reports }));
}
