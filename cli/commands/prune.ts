/** `ehb prune`: drops what the ledger of a stopped node has of old blocks. */
import { Command } from 'commander';
import { cliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { anyPlace, dataDirOption } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import { onShutdown } from '../shutdown.ts';
import { keepBodiesOption, keepHistoryOption } from '../values.ts';

type PruneOptions = {
  readonly dataDir: string;
  readonly keepHistory?: number;
  readonly keepBodies?: number;
  readonly json?: true;
};

export function pruneCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('prune')
    .description(
      'drop old states, and if asked old bodies, from a ledger, and give their room back',
    )
    .addOption(dataDirOption('the directory of the node, which must not run'))
    .addOption(keepHistoryOption())
    .addOption(keepBodiesOption())
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
What is dropped is gone: balances, calls and proofs of older blocks, and with --keep-bodies their transactions,
receipts and logs, are then answered with an error that names the oldest block that is kept. Headers with their
seals always stay. A peer cannot get pruned blocks from this node: keep all bodies on at least one.
Ctrl-C stops it between two batches; repeated, it goes on. A running node prunes with the same options of
\`ehb node start\`.

Examples:
  $ ehb prune --data-dir network/node-0 --keep-history 10000
  $ ehb prune --data-dir network/node-0 --keep-history 1000 --keep-bodies 100000`,
    )
    .action(async (options: PruneOptions) => {
      const { keepHistory: states, keepBodies: bodies } = options;
      if (states === undefined && bodies === undefined) {
        throw cliError('CLI_USAGE', 'name what is to be kept: --keep-history, --keep-bodies');
      }
      const place = await anyPlace(options.dataDir);
      const { pruneLedger } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const shutdown = onShutdown(() => process.exit(EXIT.forced));
      try {
        const summary = await pruneLedger(
          { ...place, keep: { states, bodies }, signal: shutdown.signal },
          ({ deleted, at }) => progress(() => `block ${at}, ${deleted} records dropped`),
        );
        const { head, deleted, isComplete } = summary;
        const oldest = { state: summary.states.toString(), body: summary.bodies.toString() };
        output.out(
          options.json === true
            ? JSON.stringify({ ok: isComplete, head: head.toString(), deleted, oldest, isComplete })
            : `${deleted} records dropped; states are kept from block ${oldest.state} on, bodies from block ${oldest.body} on` +
                (isComplete ? '' : '; stopped before the end'),
        );
        exit(isComplete ? EXIT.ok : EXIT.failed);
      } finally {
        shutdown.release();
      }
    });
}
