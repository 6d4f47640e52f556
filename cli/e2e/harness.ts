/**
 * Starts `ehb dev` as an operator does, in a directory and on ports of its own, and leaves nothing
 * behind. What happens in between is done from outside: HTTP, signals, /proc.
 */
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { createClient, type RpcClient } from '../../rpc/client.ts';
import { startEhb } from './ehb-process.ts';
import { descendantsOf, isAlive, listenerOf } from './processes.ts';
import { until } from './until.ts';

export type DevNetwork = {
  /** JSON-RPC of each validator, in order. */
  readonly urls: readonly string[];
  readonly clients: readonly RpcClient[];
  /** The `ehb dev` process. */
  readonly parent: ChildProcess;
  /** All that it printed so far. */
  output(): string;
  /** Process id of the validator at that index, or undefined while it is down. */
  validatorPid(index: number): number | undefined;
  /** The parent and everything under it that is alive. */
  processIds(): readonly number[];
  /** Sends a signal to the parent and resolves with its exit code when it has ended. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | undefined; seconds: number }>;
};

export type DevOptions = {
  readonly dataDir: string;
  readonly basePort: number;
  readonly validators?: number;
  /** Starts over; otherwise the chain in `dataDir` goes on. */
  readonly fresh?: boolean;
};

const PORT_STEP = 10;
/** The p2p port of a validator, counted from its JSON-RPC port. */
const P2P_OFFSET = 3;
/** And the one of its metrics. */
const METRICS_OFFSET = 5;
const START_LIMIT_MS = 60_000;

/** A base port such that the ports of that many validators are free right now. */
export async function freeBasePort(validators: number = 4): Promise<number> {
  for (;;) {
    // Below the range that the system hands out by itself.
    const base = 12_000 + Math.floor(Math.random() * 1_500) * PORT_STEP;
    const first = Array.from({ length: validators }, (_, index) => base + index * PORT_STEP);
    const ports = first.flatMap((port) => [port, port + P2P_OFFSET, port + METRICS_OFFSET]);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** Starts the network and resolves when every validator answers. */
export async function startDev(options: DevOptions): Promise<DevNetwork> {
  const { dataDir, basePort, validators = 4, fresh = false } = options;
  const args = ['dev', '--data-dir', dataDir, '--base-port', String(basePort)];
  args.push('--validators', String(validators), ...(fresh ? ['--fresh'] : []));
  const { child: parent, output } = startEhb(args);
  const ended = new Promise<number | undefined>((done) => {
    parent.once('exit', (code) => done(code ?? undefined));
  });
  const ports = Array.from({ length: validators }, (_, index) => basePort + index * PORT_STEP);
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const clients = urls.map((url) => createClient({ url }));
  const processIds = (): readonly number[] =>
    parent.pid === undefined ? [] : [parent.pid, ...descendantsOf(parent.pid)].filter(isAlive);
  const onExit = (): void => {
    for (const pid of processIds()) killQuietly(pid);
  };
  process.once('exit', onExit);
  const network: DevNetwork = {
    urls,
    clients,
    parent,
    output,
    validatorPid: (index) => listenerOf(basePort + index * PORT_STEP),
    processIds,
    stop: async (signal) => {
      const startedMs = performance.now();
      parent.kill(signal);
      const code = await ended;
      process.off('exit', onExit);
      return { code, seconds: (performance.now() - startedMs) / 1_000 };
    },
  };
  await until(
    'all validators answer',
    async () => {
      if (parent.exitCode !== null) throw new Error(`ehb dev ended early:\n${output()}`);
      return (await Promise.all(clients.map(answers))).every(Boolean);
    },
    START_LIMIT_MS,
  );
  return network;
}

/** Whether a node answers JSON-RPC. */
export async function answers(client: RpcClient): Promise<boolean> {
  return client.request('eth_blockNumber', []).then(
    () => true,
    () => false,
  );
}

export function isDead(pid: number): boolean {
  return !isAlive(pid);
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** What each validator says of itself, one line each: the first thing to read after a failure. */
export async function describeNetwork({ clients, urls }: DevNetwork): Promise<string> {
  const lines = clients.map(async (client, index) => {
    try {
      const { head, consensus, peers, pool } = await client.request('ehb_status', []);
      const state = { head: Number(head.number), consensus, peers: peers.length, pool };
      return `${urls[index]} ${JSON.stringify(state)}`;
    } catch (error) {
      return `${urls[index]} ${String(error)}`;
    }
  });
  return (await Promise.all(lines)).join('\n');
}

/** Number of the newest block that a node has. */
export async function heightOf(client: RpcClient): Promise<number> {
  return Number(await client.request('eth_blockNumber', []));
}

/** Hash of each block from `first` to `last`, as one node tells it. */
export async function blockHashes(
  client: RpcClient,
  first: number,
  last: number,
): Promise<readonly string[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return Promise.all(
    numbers.map(async (number) => {
      const params = [`0x${number.toString(16)}`, false];
      const block = await client.request<{ hash: string }>('eth_getBlockByNumber', params);
      return block.hash;
    }),
  );
}
