/** `ehb verify`: the whole ledger of a node against its headers and their seals. */
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { anyPlace, dataDirOption } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { createProgress, percent } from '../progress.ts';

export function verifyCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('verify')
    .description(
      'check all that a node has stored: records, blocks, seals, roots, indexes, history',
    )
    .addOption(dataDirOption('the directory of the node, which must not run'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Changes nothing. Exit code 6 if something is wrong; each problem is named. A damaged ledger is mended by its
peers or from a backup: \`ehb repair\`.

Example:
  $ ehb verify --data-dir network/node-0`,
    )
    .action(async (options: { readonly dataDir: string; readonly json?: true }) => {
      const place = await anyPlace(options.dataDir);
      const { verifyLedger } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const report = await verifyLedger(place, ({ task, done, total }) =>
        progress(() => `${task} ${done} ${percent(done, total)}`),
      );
      const { problems, problemCount, records, head } = report;
      if (options.json === true) {
        output.out(JSON.stringify({ ok: problemCount === 0, ...report }));
      } else {
        const { red, green } = output.colours;
        for (const { where, fact } of problems) output.out(`${red('wrong')} ${where}: ${fact}`);
        const more = problemCount - problems.length;
        if (more > 0) output.out(`and ${more} more`);
        output.out(
          problemCount === 0
            ? `${green('sound')} ${records} records, blocks 0 to ${head}`
            : `${red(`${problemCount} problems`)} in ${records} records, blocks 0 to ${head}`,
        );
      }
      exit(problemCount === 0 ? EXIT.ok : EXIT.dataDirectory);
    });
}
