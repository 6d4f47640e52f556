/** `ehb serve`: a chain that was imported with `--reference`, over JSON-RPC and to read only. */
import { Command, Option } from 'commander';
import type { LogLevel } from '../../node/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { dataDirOption, referencePlace } from '../ledger-place.ts';
import { createTerminalSink } from '../node-log.ts';
import type { Output } from '../output.ts';
import { requireFreePorts } from '../ports.ts';
import { onShutdown } from '../shutdown.ts';
import { DEFAULT_BODY_LIMIT_BYTES, logLevelOption, parsePort } from '../values.ts';
import { VERSION } from '../version.ts';

type ServeOptions = {
  readonly dataDir: string;
  readonly rpcHost: string;
  readonly rpcPort: number;
  readonly logLevel: LogLevel;
  readonly json?: true;
};

export function serveCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('serve')
    .description('serve an imported chain of Ethereum over JSON-RPC, to read only')
    .addOption(dataDirOption('a directory that `ehb import --reference` has filled'))
    .addOption(
      new Option('--rpc-host <address>', 'JSON-RPC listens here')
        .default('127.0.0.1')
        .env('EHB_RPC_HOST'),
    )
    .addOption(
      new Option('--rpc-port <port>', 'of JSON-RPC')
        .argParser(parsePort)
        .default(8545)
        .env('EHB_RPC_PORT'),
    )
    .addOption(logLevelOption('least level to log'))
    .option('--json', 'log JSON lines to standard output')
    .addHelpText(
      'after',
      `
No peers, no consensus, no new blocks: the last imported block is the head, safe and finalized. Ctrl-C or
SIGTERM stops it, exit code 0. A node of a QBFT network is \`ehb node start\`.

Example:
  $ ehb serve --data-dir mainnet-copy`,
    )
    .action(async (options: ServeOptions) => {
      const place = await referencePlace(options.dataDir);
      const { createLogger, serveReference } = await import('../../node/index.ts');
      const rpc = {
        host: options.rpcHost,
        port: options.rpcPort,
        bodyLimitBytes: DEFAULT_BODY_LIMIT_BYTES,
      };
      await requireFreePorts([{ ...rpc, purpose: 'JSON-RPC', option: '--rpc-port' }]);
      const sink =
        options.json === true
          ? { write: (line: string) => output.out(line.trimEnd()) }
          : createTerminalSink(output.out, output.colours);
      const shutdown = onShutdown(() => process.exit(EXIT.forced));
      try {
        const logger = createLogger(options.logLevel, sink);
        const server = await serveReference({ ...place, rpc, version: VERSION, logger });
        await untilAborted(shutdown.signal);
        await server.close();
        exit(EXIT.ok);
      } finally {
        shutdown.release();
      }
    });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
