/** `ehb dev`: a network of validators on this machine, each a process of its own. */
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import {
  DEVELOPMENT_CHAIN_ID,
  makeDirectory,
  multiaddrOf,
  type NodePorts,
  portsFrom,
  standardPorts,
} from '../../genesis/index.ts';
import { createClient } from '../../rpc/client.ts';
import { followBlocks } from '../dev/block-feed.ts';
import { type DevDirectory, openDevDirectory } from '../dev/directory.ts';
import { launchValidator } from '../dev/launch.ts';
import { lockDirectory } from '../dev/lock.ts';
import { createDevReport, type DevReport, type RunningValidator } from '../dev/report.ts';
import { createSupervisor, type SupervisorEvents } from '../dev/supervisor.ts';
import { cliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { requireFreePorts } from '../ports.ts';
import { onShutdown } from '../shutdown.ts';
import { engineOption, logLevelOption, parseBasePort, parseValidators } from '../values.ts';

type DevOptions = {
  readonly dataDir: string;
  readonly fresh?: true;
  readonly basePort?: number;
  readonly validators?: number;
  readonly apps: boolean;
  readonly engine?: string;
  readonly logLevel: string;
  readonly json?: true;
};

const HOST = '127.0.0.1';

export function devCommand(output: Output, exit: (code: ExitCode) => void): Command {
  return new Command('dev')
    .description('start a development network on this machine, with funded accounts')
    .option('--data-dir <path>', 'keeps the chain between runs', 'data/dev')
    .option('--fresh', 'delete the chain in the data directory and start a new one')
    .option('--validators <n>', 'of a new network: how many (default: 4)', parseValidators)
    .option(
      '--base-port <port>',
      'JSON-RPC at port, port+10, ..., p2p three and metrics five above each (default: 8545, 30303 and 9545 counting up by 10)',
      parseBasePort,
    )
    .option('--no-apps', 'start the validators alone')
    .addOption(engineOption())
    .addOption(logLevelOption('least level in node.log, in the directory of each validator'))
    .option('--json', 'print events as JSON, one a line')
    .addHelpText(
      'after',
      `
The validators end with this process, however it ends. One that dies alone is started again.

Examples:
  $ ehb dev
  $ ehb dev --fresh --validators 7
  $ ehb dev --data-dir /tmp/second --base-port 9000`,
    )
    .action(async (options: DevOptions) => {
      exit(await runDev(options, output));
    });
}

async function runDev(options: DevOptions, output: Output): Promise<ExitCode> {
  const path = resolve(options.dataDir);
  const lock = await lockDevDirectory(path);
  try {
    const directory = await openDevDirectory({
      path,
      fresh: options.fresh === true,
      validators: options.validators,
    });
    const portsOf = options.basePort === undefined ? standardPorts : portsFrom(options.basePort);
    await requireFreePorts(
      directory.nodes.flatMap(({ name }, index) => [
        port(portsOf(index).rpc, `JSON-RPC of ${name}`),
        port(portsOf(index).p2p, `p2p of ${name}`),
        port(portsOf(index).metrics, `metrics of ${name}`),
      ]),
    );
    return await supervise(directory, portsOf, options, output);
  } finally {
    await lock.release();
  }
}

function port(number: number, purpose: string): Parameters<typeof requireFreePorts>[0][number] {
  return { host: HOST, port: number, purpose, option: '--base-port' };
}

/** The directory has to exist to be locked, so its first writing happens here. */
async function lockDevDirectory(path: string): ReturnType<typeof lockDirectory> {
  try {
    await makeDirectory(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${path} cannot be written: ${reason}`;
    throw cliError('CLI_DIRECTORY_UNWRITABLE', message, cause);
  }
  return lockDirectory(path);
}

/** Runs until it is told to stop or a validator cannot start. */
async function supervise(
  directory: DevDirectory,
  portsOf: (index: number) => Required<NodePorts>,
  options: DevOptions,
  output: Output,
): Promise<ExitCode> {
  const { nodes } = directory;
  const report = createDevReport(output, options.json === true);
  const done = Promise.withResolvers<ExitCode>();
  const feed = new AbortController();
  const { events, allReady } = watchValidators(directory, portsOf, report, (code, lines) => {
    for (const line of lines) output.err(line);
    done.resolve(code);
  });
  const supervisor = createSupervisor(
    { count: nodes.length },
    {
      launch: (index) => launchValidator(argumentsOf(directory, index, portsOf, options)),
      clock: {
        now: () => performance.now(),
        setTimeout: (callback, afterMs) => setTimeout(callback, afterMs),
        // Only ever given what `setTimeout` above returned.
        clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
      },
      events,
    },
  );
  const shutdown = onShutdown(() => {
    supervisor.kill();
    process.exit(EXIT.forced);
  });
  shutdown.signal.addEventListener('abort', () => done.resolve(EXIT.ok), { once: true });
  void allReady.then(async (validators) => {
    const urls = validators.map(({ rpcUrl }) => rpcUrl);
    const height = await heightOf(urls[0]);
    const name = relative(process.cwd(), directory.path);
    report.started({
      chainId: DEVELOPMENT_CHAIN_ID,
      directory: name.startsWith('..') ? directory.path : name,
      isNew: directory.isNew,
      height,
      validators,
    });
    await followBlocks(urls, feed.signal, report.block);
  });
  const exitCode = await done.promise;
  if (exitCode === EXIT.ok) report.stopping();
  feed.abort();
  await supervisor.stop();
  shutdown.release();
  return exitCode;
}

/** Reports what happens to validators; `allReady` resolves when each has been ready once. */
function watchValidators(
  { nodes }: DevDirectory,
  portsOf: (index: number) => Required<NodePorts>,
  report: DevReport,
  onFailure: (code: ExitCode, lines: readonly string[]) => void,
): { readonly events: SupervisorEvents; readonly allReady: Promise<readonly RunningValidator[]> } {
  const ready = new Map<number, RunningValidator>();
  const { promise: allReady, resolve: allAreReady } =
    Promise.withResolvers<readonly RunningValidator[]>();
  const nameOf = (index: number): string => nodes[index]?.name ?? `node-${index}`;
  const events: SupervisorEvents = {
    ready: (index, { address = '', rpcUrl }) => {
      if (ready.has(index)) report.returned(nameOf(index));
      const wsUrl = rpcUrl.replace(/^http/, 'ws');
      const { p2p: p2pPort, metrics: metricsPort } = portsOf(index);
      ready.set(index, { name: nameOf(index), address, rpcUrl, wsUrl, p2pPort, metricsPort });
      if (ready.size === nodes.length) {
        allAreReady([...ready].sort(([a], [b]) => a - b).map(([, validator]) => validator));
      }
    },
    error: (index, message) => report.error(nameOf(index), message),
    died: (index, end, againInMs) => report.died(nameOf(index), end, againInMs),
    failed: (index, code, lines) => onFailure(code, [`${nameOf(index)} cannot start:`, ...lines]),
  };
  return { events, allReady };
}

/** Options win over the validator's config.json, so that ports can move between runs. */
function argumentsOf(
  { nodes }: DevDirectory,
  index: number,
  portsOf: (index: number) => Required<NodePorts>,
  { logLevel, engine }: DevOptions,
): readonly string[] {
  const { rpc, p2p, metrics } = portsOf(index);
  const directory = nodes[index]?.directory ?? '';
  const bootPeers = nodes
    .map(({ peerId }, peer) => multiaddrOf(HOST, portsOf(peer).p2p, peerId))
    .filter((_, peer) => peer !== index);
  return [
    ...['node', 'start', '--supervised', '--data-dir', directory],
    ...['--rpc-host', HOST, '--rpc-port', String(rpc)],
    ...['--p2p-host', HOST, '--p2p-port', String(p2p)],
    ...['--metrics-host', HOST, '--metrics-port', String(metrics)],
    ...(bootPeers.length === 0 ? [] : ['--boot-peer', ...bootPeers]),
    ...(engine === undefined ? [] : ['--engine', engine]),
    ...['--log-level', logLevel, '--log-file', join(directory, 'node.log')],
  ];
}

async function heightOf(url: string | undefined): Promise<number> {
  if (url === undefined) return 0;
  try {
    return Number(await createClient({ url }).request('eth_blockNumber', []));
  } catch {
    return 0; // It died right after its start; the supervisor says so.
  }
}
