/** The other ports around a `MemoryChain`: a pool that checks as ours does, a caller that tests script. */
import {
  type Address,
  decodeTransaction,
  equalBytes,
  type Hash,
  invariant,
  keyOf,
  refuse,
  type SimulatedOutcome,
  type TransactionRequest,
  type Verdict,
  ZERO_HASH,
} from '../../ledger/model/index.ts';
import type { RpcServerOptions } from '../options.ts';
import type {
  CallerPort,
  CallOutcome,
  EvidenceReport,
  ForkConfig,
  PooledTransaction,
  PoolPort,
  RpcLogger,
  RpcPorts,
  SimulatorPort,
} from '../ports.ts';
import { createRpcServer, type RpcServer } from '../server.ts';
import { addressOfByte, BASE_FEE, type MemoryChain, senderOf } from './memory-chain.ts';
import { createScriptedTracing } from './scripted-tracing.ts';

export const CHAIN_ID = 20_260n;

export type Respond = (request: TransactionRequest, signal: AbortSignal) => Promise<CallOutcome>;

export type MemoryNode = {
  readonly ports: RpcPorts;
  readonly chain: MemoryChain;
  /** Appends a block of everything that waits. */
  mine(): void;
  /** What calls answer from now on. */
  answerCalls(respond: Respond): void;
};

const FORK: ForkConfig = {
  activationTime: 0n,
  blobs: undefined,
  forkId: 0x97,
  precompiles: [
    ['SHA256', addressOfByte(2)],
    ['ECREC', addressOfByte(1)],
  ],
  systemContracts: [],
};

/** One of each form. */
const EVIDENCE: readonly EvidenceReport[] = [
  {
    kind: 'round-change',
    height: 1n,
    round: 2,
    author: addressOfByte(0xaa),
    restsOnBlock: undefined,
    statements: [
      { type: 'message', digest: undefined, signature: new Uint8Array(65) },
      { type: 'message', digest: ZERO_HASH, preparedRound: 1, signature: new Uint8Array(65) },
    ],
    bundle: Uint8Array.of(1, 0xc0),
  },
  {
    kind: 'commit',
    height: 5n,
    round: 0,
    author: addressOfByte(0xaa),
    restsOnBlock: ZERO_HASH,
    statements: [
      { type: 'message', digest: ZERO_HASH, signature: new Uint8Array(65) },
      { type: 'sealed-header', digest: ZERO_HASH, signature: new Uint8Array(65) },
    ],
    bundle: Uint8Array.of(1, 0xc1),
  },
];

type PendingListener = (transactions: readonly PooledTransaction[]) => void;

export function createMemoryNode(chain: MemoryChain): MemoryNode {
  const waiting = new Map<string, PooledTransaction>();
  const pendingListeners = new Set<PendingListener>();
  let respond: Respond = async () => ({
    kind: 'success',
    output: new Uint8Array(0),
    gasUsed: 21_000n,
  });
  const pool = createMemoryPool(chain, waiting, pendingListeners);

  return {
    chain,
    mine: () => {
      const included = [...waiting.values()];
      waiting.clear();
      chain.append(included);
    },
    answerCalls: (next) => {
      respond = next;
    },
    ports: {
      chain,
      pool,
      caller: createScriptedCaller((request, signal) => respond(request, signal)),
      simulator: createEchoingSimulator(chain),
      proofs: {
        prove: async ({ slots }) => ({ accountProof: [], storageProofs: slots.map(() => []) }),
      },
      tracing: createScriptedTracing(),
      bundles: {
        make: async () => ({ ok: true, bundle: Uint8Array.of(1), number: 5n, hash: ZERO_HASH }),
      },
      backups: {
        start: () => ({ ok: true }),
        state: () => ({ state: 'done', file: '/backup', bytes: 7, height: 5n }),
      },
      fees: {
        nextBaseFee: () => BASE_FEE,
        blobBaseFee: () => 1n,
        nextBlobBaseFee: () => 1n,
        blobGasLimit: () => 0n,
        minimumPriorityFeePerGas: 1n,
      },
      events: {
        onBlock: chain.onAppend,
        onPendingTransactions: (listener) => {
          pendingListeners.add(listener);
          return () => pendingListeners.delete(listener);
        },
      },
      evidence: {
        list: async ({ skip, limit }) => ({
          total: EVIDENCE.length,
          reports: EVIDENCE.slice(skip, skip + limit),
        }),
      },
      governance: {
        propose: async () => ({ ok: true }),
        discard: async () => ({ ok: true }),
        wanted: () => [{ recipient: addressOfByte(0xbb), add: true }],
        report: () => ({
          source: 'headers',
          validators: [{ address: addressOfByte(0xaa), isSelf: true, isConnected: true }],
          votesNeeded: 1,
          votes: [],
          wanted: [{ recipient: addressOfByte(0xbb), add: true, isCast: false }],
          epochLength: 30_000n,
        }),
        requestTimeoutMs: () => 1500,
      },
      node: {
        clientVersion: 'ehb/v0.0.0/test',
        chainId: CHAIN_ID,
        forks: () => ({ current: FORK, next: { ...FORK, activationTime: 9n }, last: undefined }),
        report: () => ({
          peerId: '16Uiu2HAm',
          addresses: ['/ip4/127.0.0.1/tcp/30303/p2p/16Uiu2HAm'],
          validatorAddress: addressOfByte(0xaa),
          voting: { yes: true },
          consensus: { height: chain.head().header.number + 1n, round: 0 },
          validators: [addressOfByte(0xaa)],
          peers: [
            {
              peerId: '16Uiu2HAn',
              address: undefined,
              kind: 'allowed',
              direction: 'inbound',
              height: 0n,
              connectedAtMs: 1,
            },
          ],
          cryptoBackend: { curve: 'noble', keccak: 'noble' },
          startedAtMs: 1,
        }),
        peerCount: () => 1,
        syncing: () => undefined,
        validatorsAt: async () => [addressOfByte(0xaa)],
        readiness: () => ({ ready: true }),
      },
    },
  };
}

/** Checks in the order and the words of go-ethereum; holds no transactions out of order. */
function createMemoryPool(
  chain: MemoryChain,
  waiting: Map<string, PooledTransaction>,
  listeners: Iterable<PendingListener>,
): PoolPort {
  const stateNonce = (address: Address): bigint =>
    chain.stateAt(chain.head().header.number)?.account(address)?.nonce ?? 0n;
  const nextNonce = (address: Address): bigint => {
    const own = [...waiting.values()].filter(({ sender }) => equalBytes(sender, address));
    return stateNonce(address) + BigInt(own.length);
  };
  const add = (raw: Uint8Array): Verdict<{ readonly hash: Hash }> => {
    const decoded = decodeTransaction(raw);
    if (!decoded.ok) return decoded;
    const { transaction } = decoded;
    const { chainId, nonce, hash, value } = transaction;
    if (chainId !== undefined && chainId !== CHAIN_ID) {
      const message = `invalid chain id for signer: have ${chainId} want ${CHAIN_ID}`;
      return refuse('POOL_WRONG_CHAIN', message);
    }
    if (waiting.has(keyOf(hash))) return refuse('POOL_KNOWN', 'already known');
    const sender = senderOf(transaction);
    const expected = stateNonce(sender);
    if (nonce < expected) {
      const message = `nonce too low: next nonce ${expected}, tx nonce ${nonce}`;
      return refuse('POOL_NONCE_TOO_LOW', message);
    }
    const balance = chain.stateAt(chain.head().header.number)?.account(sender)?.balance ?? 0n;
    if (balance < value) {
      return refuse('POOL_INSUFFICIENT_FUNDS', 'insufficient funds for gas * price + value');
    }
    waiting.set(keyOf(hash), { transaction, sender });
    for (const listener of listeners) listener([{ transaction, sender }]);
    return { ok: true, hash };
  };
  return {
    add: async (raw) => add(raw),
    get: (hash) => waiting.get(keyOf(hash)),
    nextNonce,
    status: () => ({ pending: waiting.size, queued: 0 }),
    content: () => ({ pending: [...waiting.values()], queued: [] }),
  };
}

function createScriptedCaller(respond: Respond): CallerPort {
  return {
    call: async (request, _at, { signal }) => ({
      ok: true,
      outcome: await respond(request, signal),
    }),
    estimateGas: async (request, _at, { signal }) => {
      const outcome = await respond(request, signal);
      return {
        ok: true,
        outcome: outcome.kind === 'success' ? { kind: 'success', gas: outcome.gasUsed } : outcome,
      };
    },
    createAccessList: async (request, _at, { signal }) => {
      const { gasUsed } = await respond(request, signal);
      return { ok: true, outcome: { accessList: [], gasUsed, error: undefined } };
    },
  };
}

/** Shows the block that it is to build on, its first transaction as a success and the others as failures. */
function createEchoingSimulator(chain: MemoryChain): SimulatorPort {
  return {
    simulate: async (_blocks, at) => {
      const block = chain.block(at);
      const hash = chain.hashOf(at);
      const senders = chain.senders(at) ?? [];
      invariant(block !== undefined && hash !== undefined, 'a simulation names a final block');
      const cost = { gasUsed: 21_000n, maxUsedGas: 22_000n };
      const outcomes = (chain.receipts(at) ?? []).map(({ logs }, index): SimulatedOutcome => {
        if (index > 0)
          return { kind: 'failed', message: 'out of gas', logs: [], logIndexes: [], ...cost };
        const logIndexes = logs.map((_, place) => place);
        return { kind: 'success', output: Uint8Array.of(1), logs, logIndexes, ...cost };
      });
      return { ok: true, blocks: [{ block, hash, senders, outcomes }] };
    },
  };
}

/** Discards everything. */
export const silentLogger: RpcLogger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
};

/** A real server on a free port of 127.0.0.1. */
export function serve(
  node: MemoryNode,
  options: Omit<RpcServerOptions, 'host' | 'port'> = {},
  now: () => number = () => 0,
): Promise<RpcServer> {
  const modules = { ports: node.ports, logger: silentLogger, now };
  return createRpcServer({ host: '127.0.0.1', port: 0, ...options }, modules);
}
