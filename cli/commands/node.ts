/** `ehb node start`: one node in this process; `ehb node create`: the directory of one that joins. */
import { isAbsolute, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type NodeDirectory, parseGenesis, readNodeDirectory } from '../../genesis/index.ts';
import { bytesToHex, CodedError } from '../../ledger/model/index.ts';
import type { EngineName, LogLevel, NodeConfig } from '../../node/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { describeFailure, failureLines } from '../failure.ts';
import { createFileSink, createTerminalSink, type LogSink, teeErrors } from '../node-log.ts';
import type { Output } from '../output.ts';
import { passwordFileOption, passwordFrom } from '../password-file.ts';
import { requireFreePorts } from '../ports.ts';
import { onShutdown } from '../shutdown.ts';
import { holdLeash, type Leash } from '../supervision.ts';
import {
  DEFAULT_BODY_LIMIT_BYTES,
  engineOption,
  keepBodiesOption,
  keepHistoryOption,
  logLevelOption,
  parsePort,
  parsePositive,
  revertReasonsOption,
  stateCacheOption,
} from '../values.ts';
import { VERSION } from '../version.ts';
import { createNodeCommand } from './create-node.ts';

type StartOptions = {
  readonly dataDir: string;
  readonly rpcHost?: string;
  readonly rpcPort?: number;
  readonly p2pHost?: string;
  readonly p2pPort?: number;
  readonly metricsHost?: string;
  readonly metricsPort?: number;
  readonly bootPeer?: readonly string[];
  readonly announce?: readonly string[];
  readonly allowlist?: string;
  readonly bodyLimit?: number;
  readonly engine?: EngineName;
  readonly revertReasons?: 'on' | 'off';
  readonly keepHistory?: number;
  readonly keepBodies?: number;
  readonly stateCache?: number;
  readonly serveSnapshot?: string;
  readonly follow?: true;
  readonly passwordFile?: string;
  readonly logLevel: LogLevel;
  readonly logFile?: string;
  readonly json?: true;
  readonly supervised?: true;
};

/** A store that does not close in this time is left as a crash would leave it, which it survives. */
const CLOSE_LIMIT_MS = 3500;

export function nodeCommand(output: Output, exit: (code: ExitCode) => void): Command {
  const node = new Command('node').description('make and run a node');
  node.addCommand(createNodeCommand(output));
  node.addCommand(startCommand(output, exit));
  return node;
}

function startCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('start')
    .description('start the node of a directory made by `ehb genesis create`')
    .addOption(
      new Option('--data-dir <path>', 'the directory of the node')
        .env('EHB_DATA_DIR')
        .makeOptionMandatory(),
    )
    .addOption(option('--rpc-host <address>', 'JSON-RPC listens here', 'EHB_RPC_HOST'))
    .addOption(option('--rpc-port <port>', 'of JSON-RPC', 'EHB_RPC_PORT').argParser(parsePort))
    .addOption(option('--p2p-host <address>', 'peers connect here', 'EHB_P2P_HOST'))
    .addOption(option('--p2p-port <port>', 'for peers', 'EHB_P2P_PORT').argParser(parsePort))
    .addOption(option('--metrics-host <address>', 'metrics are served here', 'EHB_METRICS_HOST'))
    .addOption(
      option(
        '--metrics-port <port>',
        'of metrics for Prometheus, 0 = none',
        'EHB_METRICS_PORT',
      ).argParser(parsePort),
    )
    .addOption(option('--boot-peer <multiaddr...>', 'peers to connect to first'))
    .addOption(
      option('--announce <multiaddr...>', 'where others reach this node, if not where it listens'),
    )
    .addOption(option('--allowlist <file>', 'peers that may connect beside the validators'))
    .addOption(
      option('--body-limit <bytes>', 'longest JSON-RPC request, 5 MB unless told').argParser(
        parsePositive,
      ),
    )
    .option('--follow', 'leave the validator key aside: sync and serve without voting')
    .addOption(passwordFileOption('its first line is the password of encrypted keys'))
    .addOption(engineOption())
    .addOption(revertReasonsOption())
    .addOption(
      option(
        '--serve-snapshot <file>',
        'give peers this snapshot; made at the start if it is not there',
        'EHB_SERVE_SNAPSHOT',
      ),
    )
    .addOption(keepHistoryOption())
    .addOption(keepBodiesOption())
    .addOption(stateCacheOption())
    .addOption(logLevelOption('least level to log'))
    .option('--log-file <file>', 'append JSON lines to a file instead of the terminal')
    .option('--json', 'log JSON lines to standard output')
    .addOption(new Option('--supervised').hideHelp())
    .addHelpText(
      'after',
      `
Options win over config.json in the directory. Ctrl-C or SIGTERM stops the node, exit code 0.

Examples:
  $ ehb node start --data-dir network/node-0
  $ ehb node start --data-dir network/node-0 --rpc-host 0.0.0.0 --json`,
    )
    .action(async (options: StartOptions) => {
      exit(await runNode(options, output));
    });
}

function option(flags: string, description: string, variable?: string): Option {
  const made = new Option(flags, description);
  return variable === undefined ? made : made.env(variable);
}

async function runNode(options: StartOptions, output: Output): Promise<ExitCode> {
  const leash = options.supervised === true ? holdLeash() : undefined;
  const shutdown = leash === undefined ? onShutdown(() => process.exit(EXIT.forced)) : undefined;
  const stop = leash?.stop ?? shutdown?.signal ?? new AbortController().signal;
  const log = createLog(options, output, leash);
  process.once('exit', log.flush);
  try {
    return await serve(options, log.sink, stop, leash);
  } catch (error) {
    const failure = await describeFailure(error, process.env['EHB_DEBUG'] !== undefined);
    if (leash === undefined) throw error;
    await leash.report({ kind: 'failed', lines: failureLines(failure, output.colours) });
    return failure.exitCode;
  } finally {
    shutdown?.release();
  }
}

async function serve(
  options: StartOptions,
  sink: LogSink,
  stop: AbortSignal,
  leash: Leash | undefined,
): Promise<ExitCode> {
  // Here, because the other commands need none of it and start a second sooner.
  const { createLogger, startNode } = await import('../../node/index.ts');
  const dataDir = resolve(options.dataDir);
  const logger = createLogger(options.logLevel, sink);
  const { passwordFile } = options;
  const password = await passwordFrom(passwordFile);
  const directory = await readNodeDirectory(dataDir, password);
  if (password !== undefined && !directory.areKeysEncrypted) {
    logger.warn('a key is not encrypted though there is a password: see `ehb keys encrypt`');
  }
  const config = toNodeConfig(dataDir, directory, options, logger);
  await requireFreePorts([
    { ...config.rpc, purpose: 'JSON-RPC', option: '--rpc-port' },
    { ...config.p2p, purpose: 'p2p', option: '--p2p-port' },
    ...(config.metrics === undefined
      ? []
      : [{ ...config.metrics, purpose: 'metrics', option: '--metrics-port' }]),
  ]);
  const node = await startNode(config);
  const address = node.address === undefined ? undefined : bytesToHex(node.address);
  await leash?.report({ kind: 'ready', rpcUrl: node.rpcUrl, peerId: node.peerId, address });
  const stopped = new Promise<'stopped'>((done) => {
    if (stop.aborted) done('stopped');
    else stop.addEventListener('abort', () => done('stopped'), { once: true });
  });
  const reason: unknown = await Promise.race([stopped, node.failed]);
  const deadline = setTimeout(() => process.exit(EXIT.failed), CLOSE_LIMIT_MS);
  try {
    await node.close();
  } finally {
    clearTimeout(deadline);
  }
  if (reason !== 'stopped') throw reason;
  return EXIT.ok;
}

function toNodeConfig(
  dataDir: string,
  directory: NodeDirectory,
  options: StartOptions,
  logger: NodeConfig['logger'],
): NodeConfig {
  const parsed = parseGenesis(directory.genesis);
  if (!parsed.ok) {
    const message = `${join(dataDir, 'genesis.json')}: ${parsed.message}`;
    throw new CodedError(message, { code: parsed.code });
  }
  for (const warning of parsed.warnings) logger.warn('the genesis file is unusual', { warning });
  const { p2p, rpc } = directory.config;
  const allowlist = options.allowlist ?? inDirectory(dataDir, p2p.allowlist);
  return {
    dataDir,
    genesis: parsed.genesis,
    nodeKey: directory.nodeKey,
    validatorKey: options.follow === true ? undefined : directory.validatorKey,
    p2p: {
      host: options.p2pHost ?? p2p.host,
      port: options.p2pPort ?? p2p.port,
      bootPeers: options.bootPeer ?? p2p.bootPeers,
      announce: options.announce ?? p2p.announce,
      allowlistPath: allowlist,
    },
    rpc: {
      host: options.rpcHost ?? rpc.host,
      port: options.rpcPort ?? rpc.port,
      bodyLimitBytes: options.bodyLimit ?? rpc.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
      ...(rpc.callTimeoutMs !== undefined && { callTimeoutMs: rpc.callTimeoutMs }),
      ...(rpc.callGasCap !== undefined && { callGasCap: rpc.callGasCap }),
      ...(rpc.namespaces !== undefined && { namespaces: rpc.namespaces }),
      ...(rpc.operatorAccess !== undefined && { operatorAccess: rpc.operatorAccess }),
    },
    metrics: metricsOf(directory, options),
    engine: options.engine ?? directory.config.engine,
    keepsRevertReasons:
      options.revertReasons === undefined
        ? directory.config.revertReasons
        : options.revertReasons === 'on',
    keep: keepOf(directory, options),
    stateCacheBytes: bytesOfMiB(options.stateCache ?? directory.config.stateCacheMiB),
    snapshotFile: options.serveSnapshot && resolve(options.serveSnapshot),
    version: VERSION,
    logger,
  };
}

/** Port 0 turns them off: a page on a port that nobody knows serves nobody. */
function metricsOf({ config }: NodeDirectory, options: StartOptions): NodeConfig['metrics'] {
  const port = options.metricsPort ?? config.metrics?.port ?? 0;
  if (port === 0) return undefined;
  return { host: options.metricsHost ?? config.metrics?.host ?? '127.0.0.1', port };
}

function keepOf({ config }: NodeDirectory, options: StartOptions): NodeConfig['keep'] {
  const states = options.keepHistory ?? config.keepHistory;
  const bodies = options.keepBodies ?? config.keepBodies;
  return states === undefined && bodies === undefined ? undefined : { states, bodies };
}

function bytesOfMiB(mebibytes: number | undefined): number | undefined {
  return mebibytes && mebibytes * 1024 * 1024;
}

function inDirectory(directory: string, path: string | undefined): string | undefined {
  if (path === undefined || isAbsolute(path)) return path;
  return join(directory, path);
}

function createLog(
  options: StartOptions,
  output: Output,
  leash: Leash | undefined,
): { readonly sink: LogSink; flush(): void } {
  const file = options.logFile === undefined ? undefined : createFileSink(resolve(options.logFile));
  const sink =
    file ??
    (options.json === true
      ? { write: (line: string) => output.out(line.trimEnd()) }
      : createTerminalSink(output.out, output.colours));
  return {
    sink:
      leash === undefined
        ? sink
        : teeErrors(sink, (message) => void leash.report({ kind: 'error', message })),
    flush: () => file?.flush(),
  };
}
