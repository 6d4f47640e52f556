/**
 * Whole nodes in one process: real stores, logs and sockets on 127.0.0.1. Each network they speak
 * through can be listened to, muted, and copied to disk as `kill -9` would leave it.
 */
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMessage, encodeMessage, type QbftMessage } from '../../consensus/index.ts';
import {
  createNetworkFiles,
  DEVELOPMENT_BALANCE,
  developmentAccounts,
  type GenesisTiming,
  type NetworkNode,
  type NetworkOptions,
  parseGenesis,
  readNodeDirectory,
} from '../../genesis/index.ts';
import { type Address, bytesToHex, signTransaction } from '../../ledger/model/index.ts';
import { createNetwork, type Network } from '../../p2p/index.ts';
import { createClient, type RpcClient } from '../../rpc/client.ts';
import type { EngineName } from '../../vm/index.ts';
import { silentLogger } from '../logger.ts';
import { type RunningNode, startNode } from '../start-node.ts';

export type Wire = {
  /** Which engine executes blocks; the fast one when absent. */
  engine?: EngineName;
  /** Metrics are kept and served on a free port. */
  metrics?: true;
  /** Sees each consensus message before it leaves; false keeps it from leaving. */
  onConsensus?: (message: QbftMessage) => boolean;
  /** What leaves right after each consensus message, to the same validators: for a faulty node. */
  alsoSends?: (message: QbftMessage) => readonly QbftMessage[];
  /** Given to peers, and made if it is not there. */
  servesSnapshot?: string;
  /** False: transactions are not gossiped. */
  gossips?: boolean;
};

export type TestNode = {
  readonly index: number;
  readonly address: Address;
  readonly running: RunningNode;
  readonly client: RpcClient;
};

export type TestNetwork = {
  readonly addresses: readonly Address[];
  /** What a process with the key of that validator could sign with. */
  validatorKey(index: number): Promise<Uint8Array>;
  /** Where a node keeps its files. */
  directoryOf(index: number): string;
  start(index: number, wire?: Wire): Promise<TestNode>;
  /** Copies every node's files as they are this moment, for `restore`. */
  snapshot(): void;
  /** Puts the copied files in place of all nodes' own. The nodes are closed. */
  restore(): void;
  close(): Promise<void>;
};

const CHAIN_ID = 20_260n;

/**
 * Directories for `validators` nodes, and for candidates that are not in the first set, in a temporary
 * folder; nothing runs yet.
 */
export async function createTestNetwork(
  validators: number,
  timing: Partial<GenesisTiming>,
  more: Pick<NetworkOptions, 'candidates' | 'amend' | 'validatorsBy' | 'permissions'> = {},
): Promise<TestNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'ehb-sim-'));
  const ports = await freePorts((validators + (more.candidates ?? 0)) * 2);
  const files = await createNetworkFiles({
    directory: join(directory, 'nodes'),
    validators,
    chainId: CHAIN_ID,
    host: '127.0.0.1',
    portsOf: (index) => ({
      rpc: ports[2 * index] as number,
      p2p: ports[2 * index + 1] as number,
    }),
    accounts: developmentAccounts.map(({ address }) => ({
      address,
      balance: DEVELOPMENT_BALANCE,
    })),
    timestamp: 0n,
    ...more,
    timing: { emptyBlockPeriodMs: 0, ...timing },
  });
  const live = new Set<RunningNode>();
  return {
    addresses: files.nodes.map(({ address }) => address),
    validatorKey: async (index) => {
      const { validatorKey } = await readNodeDirectory(
        (files.nodes[index] as NetworkNode).directory,
      );
      return validatorKey as Uint8Array;
    },
    directoryOf: (index) => (files.nodes[index] as NetworkNode).directory,
    start: async (index, wire = {}) => {
      const node = files.nodes[index] as NetworkNode;
      const running = await startIn(node, wire);
      live.add(running);
      return {
        index,
        address: node.address,
        running,
        client: createClient({ url: running.rpcUrl }),
      };
    },
    snapshot: () => cpSync(join(directory, 'nodes'), join(directory, 'copy'), { recursive: true }),
    restore: () =>
      cpSync(join(directory, 'copy'), join(directory, 'nodes'), { recursive: true, force: true }),
    close: async () => {
      await Promise.all([...live].map((running) => running.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startIn({ directory }: NetworkNode, wire: Wire): Promise<RunningNode> {
  const files = await readNodeDirectory(directory);
  const parsed = parseGenesis(files.genesis);
  if (!parsed.ok) throw new TypeError(parsed.message);
  return await startNode(
    {
      dataDir: directory,
      genesis: parsed.genesis,
      nodeKey: files.nodeKey,
      validatorKey: files.validatorKey,
      p2p: {
        ...files.config.p2p,
        allowlistPath: files.config.p2p.allowlist && join(directory, files.config.p2p.allowlist),
      },
      rpc: { ...files.config.rpc, bodyLimitBytes: 5_000_000 },
      metrics: wire.metrics && { host: '127.0.0.1', port: 0 },
      engine: wire.engine,
      snapshotFile: wire.servesSnapshot,
      version: '0.0.0',
      logger: silentLogger,
    },
    { createNetwork: async (...args) => listen(await createNetwork(...args), wire) },
  );
}

function listen(network: Network, wire: Wire): Network {
  return {
    ...network,
    peerId: network.peerId,
    addresses: network.addresses,
    sendConsensus: (to, encoded) => {
      const decoded = decodeMessage(encoded);
      const vote = decoded.ok && decoded.message.kind !== 'report' ? decoded.message : undefined;
      if (vote !== undefined && wire.onConsensus?.(vote) === false) return;
      network.sendConsensus(to, encoded);
      for (const more of vote === undefined ? [] : (wire.alsoSends?.(vote) ?? [])) {
        network.sendConsensus(to, encodeMessage(more));
      }
    },
    gossipTransactions: (raws) => {
      if (wire.gossips !== false) network.gossipTransactions(raws);
    },
  };
}

/** A transfer of 1 wei from a development account to itself; raw bytes and hash. */
export function transfer(account: number, nonce: number): { readonly raw: string; hash: string } {
  const { address, privateKey } = developmentAccounts[account] as (typeof developmentAccounts)[0];
  const transaction = signTransaction(
    {
      type: 2,
      chainId: CHAIN_ID,
      nonce: BigInt(nonce),
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 0n,
      gasLimit: 21_000n,
      to: address,
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
    },
    privateKey,
  );
  return { raw: bytesToHex(transaction.raw), hash: bytesToHex(transaction.hash) };
}

export async function send(node: TestNode, raw: string): Promise<void> {
  await node.client.request('eth_sendRawTransaction', [raw]);
}

type Receipt = { readonly blockNumber: string; readonly blockHash: string };

/** Resolves when the node has the receipt: asked for once, then again after each new head. */
export async function receiptOf(node: TestNode, hash: string): Promise<Receipt> {
  return await atSomeHead(node, () =>
    node.client.request<Receipt | null>('eth_getTransactionReceipt', [hash]),
  );
}

/** Who may seal the block after the node's head. */
export function nextValidators(node: TestNode): Promise<readonly string[]> {
  return node.client.request('qbft_getValidatorsByBlockNumber', ['pending']);
}

/** Resolves with the first answer that is not null: asked for once, then again after each new head. */
export async function atSomeHead<T>(node: TestNode, ask: () => Promise<T | null>): Promise<T> {
  const socket = new WebSocket(node.running.rpcUrl.replace('http', 'ws'));
  try {
    return await new Promise((resolve, reject) => {
      const check = (): void => {
        ask().then((answer) => {
          if (answer !== null) resolve(answer);
        }, reject);
      };
      socket.onopen = () =>
        socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
      socket.onmessage = check;
      socket.onerror = () => reject(new TypeError('the WebSocket of a node has failed'));
    });
  } finally {
    socket.close();
  }
}

export async function blockHashAt(node: TestNode, number: string): Promise<string | undefined> {
  const block = await node.client.request<{ hash: string } | null>('eth_getBlockByNumber', [
    number,
    false,
  ]);
  return block?.hash;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
