/** `ehb repair`: a damaged ledger makes way for a sound one, from the peers or from a backup. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { anyPlace, dataDirOption } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { createProgress, mebibytes, percent } from '../progress.ts';

type Options = {
  readonly dataDir: string;
  readonly backup?: string;
  readonly force?: true;
  readonly json?: true;
};

export function repairCommand(output: Output): Command {
  return new Command('repair')
    .description(
      'move a damaged ledger aside and have it made again, by the peers or from a backup',
    )
    .addOption(dataDirOption('the directory of the node, which must not run'))
    .option('--backup <file>', 'restore this backup instead of fetching all blocks from peers')
    .option('--force', 'move the ledger aside without looking for damage first')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Looks at the ledger as \`ehb verify\` does and leaves a sound one alone. A damaged one is kept beside, as
\`chain.damaged-1\` or the next number; keys and \`consensus.log\` stay where they are, so a validator votes
again as soon as it has caught up. Can be repeated at any time.

Examples:
  $ ehb repair --data-dir network/node-0
  $ ehb repair --data-dir network/node-0 --backup /backup/monday.ehb`,
    )
    .action(async ({ dataDir, backup, force, json }: Options) => {
      const place = await anyPlace(dataDir);
      const { repairLedger } = await import('../../node/index.ts');
      const progress = createProgress(output, json === true);
      const file = backup === undefined ? undefined : resolve(backup);
      const options = { ...place, backup: file, force: force === true };
      const { damage, kept, isSound, restored } = await repairLedger(options, (done) =>
        progress(() =>
          done.kind === 'restore'
            ? `restored ${mebibytes(done.bytes)}`
            : `${done.task} ${done.done} ${percent(done.done, done.total)}`,
        ),
      );
      const height = restored?.toString();
      if (json === true) {
        output.out(JSON.stringify({ ok: true, sound: isSound, damage, kept, height }));
        return;
      }
      const { red, green } = output.colours;
      for (const fact of damage) output.out(`${red('wrong')} ${fact}`);
      if (isSound) {
        output.out(`${green('sound')} nothing to repair: the ledger was left as it is`);
        return;
      }
      if (kept !== undefined) output.out(`the ledger that was there is kept as ${kept}`);
      output.out(
        height === undefined
          ? 'start the node: it fetches all blocks from its peers, and checks each'
          : `blocks 0 to ${height} restored from ${file}; start the node: it fetches the others`,
      );
      output.out('keys and consensus.log were not touched');
      if (kept !== undefined) output.out(`delete ${kept} when the node has caught up`);
    });
}
