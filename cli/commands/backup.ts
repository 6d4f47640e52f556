/** `ehb backup` and `ehb restore`: the ledger of a node in one file. */
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { type BackupJson, createClient, RpcError } from '../../rpc/client.ts';
import { cliError } from '../errors.ts';
import { anyPlace, dataDirOption } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { createProgress, mebibytes, type Progress } from '../progress.ts';
import { DEFAULT_RPC_URL, parseUrl } from '../values.ts';

type BackupOptions = { readonly url: string; readonly dataDir?: string; readonly json?: true };
type Summary = { readonly file: string; readonly height: string; readonly bytes: number };

/** Between two questions to the node how far it is. */
const ASK_EVERY_MS = 300;

export function backupCommand(output: Output): Command {
  return new Command('backup')
    .description('write the ledger of a node, running or not, into one file')
    .argument('<file>', 'made by the node on its own machine; never written over')
    .addOption(
      new Option('--url <url>', 'JSON-RPC of the running node')
        .argParser(parseUrl)
        .default(DEFAULT_RPC_URL),
    )
    .option('--data-dir <path>', 'the directory of a node that does not run, instead')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The file is the ledger at one moment; blocks go on meanwhile. It holds no keys and no consensus log: a
validator that is restored from it follows and serves, and votes again when its log is renewed.

Examples:
  $ ehb backup /backup/monday.ehb
  $ ehb backup /backup/monday.ehb --data-dir network/node-0`,
    )
    .action(async (name: string, options: BackupOptions) => {
      const file = resolve(name);
      const progress = createProgress(output, options.json === true);
      const summary =
        options.dataDir === undefined
          ? await backUpRunning(file, options.url, progress)
          : await backUpStopped(file, options.dataDir, progress);
      print(output, options, summary, 'written to');
    });
}

export function restoreCommand(output: Output): Command {
  return new Command('restore')
    .description('make the ledger of a node from a backup')
    .argument('<file>', 'as `ehb backup` writes it')
    .addOption(dataDirOption('a directory with genesis.json and without a ledger'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Every part of the file is checked before it is taken. Do not put an old consensus log beside a restored
ledger: leave the one that is there, or none.

Example:
  $ ehb restore /backup/monday.ehb --data-dir network/node-0`,
    )
    .action(async (name: string, options: { readonly dataDir: string; readonly json?: true }) => {
      const place = await anyPlace(options.dataDir);
      const { restoreLedger } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const file = resolve(name);
      const { height, bytes } = await restoreLedger({ ...place, file }, (done) =>
        progress(() => mebibytes(done.bytes)),
      );
      print(output, options, { file, height: height.toString(), bytes }, 'restored from');
    });
}

function print(
  output: Output,
  { json }: { readonly json?: true },
  summary: Summary,
  what: string,
): void {
  const { file, height, bytes } = summary;
  output.out(
    json === true
      ? JSON.stringify({ ok: true, ...summary })
      : `blocks 0 to ${height} ${what} ${file} (${mebibytes(bytes)})`,
  );
}

async function backUpStopped(file: string, dataDir: string, progress: Progress): Promise<Summary> {
  const place = await anyPlace(dataDir);
  const { backUpLedger } = await import('../../node/index.ts');
  const { height, bytes } = await backUpLedger({ ...place, file }, (done) =>
    progress(() => mebibytes(done.bytes)),
  );
  return { file, height: height.toString(), bytes };
}

async function backUpRunning(file: string, url: string, progress: Progress): Promise<Summary> {
  const client = createClient({ url });
  const ask = async (question: () => Promise<BackupJson>): Promise<BackupJson> => {
    try {
      return await question();
    } catch (error) {
      const code = error instanceof RpcError ? 'CLI_NODE_REFUSED' : 'CLI_NODE_UNREACHABLE';
      const reason = error instanceof Error ? error.message : String(error);
      throw cliError(code, `${url}: ${reason}`, error);
    }
  };
  let report = await ask(() => client.request('ehb_startBackup', [file]));
  while (report.state === 'running') {
    const { bytes = 0 } = report;
    progress(() => mebibytes(bytes));
    await pause(ASK_EVERY_MS);
    report = await ask(() => client.request('ehb_getBackup', []));
  }
  const { state, message, height, bytes } = report;
  if (state !== 'done' || height === undefined || bytes === undefined) {
    throw cliError('CLI_BACKUP_FAILED', message ?? `${url} knows of no backup`);
  }
  return { file, height: BigInt(height).toString(), bytes };
}
