/** `ehb export` and `ehb import`: blocks as a file of RLP. */
import { Command } from 'commander';
import type { EngineName } from '../../node/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { anyPlace, dataDirOption, ledgerPlace, referencePlace } from '../ledger-place.ts';
import type { Output } from '../output.ts';
import { createProgress, percent } from '../progress.ts';
import { onShutdown } from '../shutdown.ts';
import { engineOption, parseHeight, revertReasonsOption } from '../values.ts';

type ExportOptions = {
  readonly dataDir: string;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly json?: true;
};

export function exportCommand(output: Output): Command {
  return new Command('export')
    .description('write blocks into a file, one RLP item behind the other')
    .argument('<file>', 'made, or gone on with if an export was interrupted')
    .addOption(dataDirOption('the directory of the node, which must not run'))
    .option('--from <height>', 'the first block, 1 unless told', parseHeight)
    .option('--to <height>', 'the last block, the head unless told', parseHeight)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The blocks carry their seals: \`ehb import\` needs no trust in whoever hands the file on.

Examples:
  $ ehb export blocks.rlp --data-dir network/node-0
  $ ehb export month.rlp --data-dir network/node-0 --from 100000 --to 199999`,
    )
    .action(async (file: string, options: ExportOptions) => {
      const place = await anyPlace(options.dataDir);
      const { exportBlocks } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const { from, to, found, written } = await exportBlocks(
        { ...place, file, from: options.from ?? 1n, to: options.to },
        (done, last) => progress(() => `block ${done} of ${last}`),
      );
      const summary = { file, from: from.toString(), to: to.toString(), found, written };
      output.out(
        options.json === true
          ? JSON.stringify({ ok: true, ...summary })
          : `blocks ${from} to ${to} in ${file}: ${written} written, ${found} were there`,
      );
    });
}

type ImportOptions = {
  readonly dataDir: string;
  readonly engine?: EngineName;
  readonly revertReasons?: 'on' | 'off';
  readonly reference?: true;
  readonly json?: true;
};

export function importCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('import')
    .description('take blocks from a file, each checked by its seals and executed')
    .argument('<file>', 'as `ehb export` or another client writes it')
    .addOption(dataDirOption('a directory with genesis.json; its node must not run'))
    .addOption(engineOption())
    .addOption(revertReasonsOption())
    .option(
      '--reference',
      'a chain of Ethereum, to check and to serve: replayed by @ethereumjs/vm, its seals left aside',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Blocks that are there are passed over: an import that was interrupted in any way is repeated to go on.
Ctrl-C stops it between two blocks.

With --reference the directory holds the genesis.json of a chain of proof of work or stake, as go-ethereum
has it. Each block has to follow its parent by the rules of its fork and to lead to the roots in its header.

Examples:
  $ ehb import blocks.rlp --data-dir network/node-0
  $ ehb import chain.rlp --data-dir mainnet-copy --reference`,
    )
    .action(async (file: string, options: ImportOptions) => {
      const placeOf = options.reference === true ? referencePlace : ledgerPlace;
      const place = await placeOf(options.dataDir);
      const { importBlocks } = await import('../../node/index.ts');
      const progress = createProgress(output, options.json === true);
      const shutdown = onShutdown(() => process.exit(EXIT.forced));
      try {
        const { imported, known, head, isComplete } = await importBlocks(
          {
            ...place,
            file,
            engine: options.engine ?? 'fast',
            keepsRevertReasons: options.revertReasons !== 'off',
            signal: shutdown.signal,
          },
          ({ head: at, bytesDone, bytesTotal }) =>
            progress(() => `block ${at} ${percent(bytesDone, bytesTotal)}`),
        );
        const summary = { file, imported, known, head: head.toString(), isComplete };
        output.out(
          options.json === true
            ? JSON.stringify({ ok: isComplete, ...summary })
            : `${imported} blocks imported, ${known} were there; the head is block ${head}` +
                (isComplete ? '' : '; stopped before the end of the file'),
        );
        exit(isComplete ? EXIT.ok : EXIT.failed);
      } finally {
        shutdown.release();
      }
    });
}
