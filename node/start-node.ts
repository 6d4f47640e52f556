/**
 * The composition root: every part is made here, once, from the configuration, and closed in reverse.
 */
import { join } from 'node:path';
import { cryptoBackend } from '#crypto';
import { makeDirectory } from '../genesis/index.ts';
import { type Address, bytesToHex, CodedError, type Height } from '../ledger/model/index.ts';
import { type ChainStore, openStore } from '../ledger/store/index.ts';
import { createNetwork, type Members, type Network, type NetworkHandlers } from '../p2p/index.ts';
import { createRpcServer } from '../rpc/index.ts';
import { baseFeeAfter, createReferenceEngine, forkAt } from '../vm/index.ts';
import { type Allowlist, followAllowlist } from './allowlist.ts';
import { createBlockWorkshop } from './block-workshop.ts';
import { createBodySource } from './body-source.ts';
import { createCatchUp, DEFAULT_CATCH_UP } from './catch-up.ts';
import { type Chain, createChain } from './chain.ts';
import { type Clock, systemClock } from './clock.ts';
import type { NodeConfig } from './config.ts';
import { type ConsensusDriver, createConsensusDriver } from './consensus-driver.ts';
import { consensusConfig, heightContext } from './height-context.ts';
import { createIdleTimer } from './idle-timer.ts';
import {
  createCaller,
  createEvents,
  createFees,
  createNodePort,
  createProofs,
} from './rpc-ports.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import { createLocalSigner } from './signer.ts';
import { createPool, type PoolHead, type PoolState } from './txpool/index.ts';
import { openVoter } from './voter.ts';

export type RunningNode = {
  readonly peerId: string;
  /** Undefined for a node without a validator key. */
  readonly address: Address | undefined;
  /** Of JSON-RPC over HTTP; the same with `ws:` for WebSocket. */
  readonly rpcUrl: string;
  /** Resolves with the error when the node has to stop by itself; the owner then calls `close`. */
  readonly failed: Promise<unknown>;
  /** Stops taking requests, ends the connections, closes the store. Resolves when all is closed. */
  close(): Promise<void>;
};

/** Parts that a test replaces or listens to. */
export type NodeModules = {
  readonly clock: Clock;
  readonly createNetwork: typeof createNetwork;
};

/** What has to be undone, last first. */
type Closers = (() => Promise<void> | void)[];

/**
 * Starts a node; resolves when it answers JSON-RPC.
 * @throws CodedError of any part that cannot start; what had started by then is closed again
 */
export async function startNode(
  config: NodeConfig,
  modules: Partial<NodeModules> = {},
): Promise<RunningNode> {
  const closers: Closers = [];
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    const defaults: NodeModules = { clock: systemClock, createNetwork };
    return await compose(config, { ...defaults, ...modules }, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function compose(
  config: NodeConfig,
  modules: NodeModules,
  closers: Closers,
  closeAll: () => Promise<void>,
): Promise<RunningNode> {
  const { genesis, logger } = config;
  const { rules, qbft } = genesis;
  const { clock } = modules;
  const startedAtMs = clock.now();
  const stopped = new AbortController();
  closers.push(() => stopped.abort());
  const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();

  await makeDirectory(config.dataDir);
  const store = await openStore({
    path: join(config.dataDir, 'chain'),
    genesis: { block: genesis.block, hash: genesis.hash, accounts: genesis.accounts },
    hashRule: genesis.hashRule,
  });
  closers.push(() => store.close());

  const signer = config.validatorKey && createLocalSigner(config.validatorKey);
  const vote = await openVoter(config, signer);
  if (vote.voter !== undefined) {
    const { log } = vote.voter;
    closers.push(() => log.close());
  }

  const recoverSenders = createSenderRecovery(clock);
  const engine = createReferenceEngine(rules);
  const events = createEvents();
  const poolHead = (): PoolHead => poolHeadOf(store, rules);
  const pool = createPool(
    { rules, head: poolHead(), state: poolStateOf(store) },
    {
      recoverSenders,
      now: clock.now,
      accepted: (transactions) => {
        events.pending(transactions);
        network.gossipTransactions(transactions.map(({ transaction }) => transaction.raw));
      },
      executable: () => driver?.work(nextHeight(store)),
    },
  );
  const chain = createChain(
    {
      genesis,
      self: signer?.address,
      buildBudgetMs: Math.max(50, Math.floor(qbft.requestTimeoutMs / 4)),
    },
    { store, engine, pool, recoverSenders, clock, logger: logger.child('chain') },
  );

  let driver: ConsensusDriver | undefined;
  const statusNow = () => ({
    height: store.head().header.number,
    hash: store.head().hash,
    round: driver?.status().round ?? 0,
    lost: signer !== undefined && vote.voter === undefined,
  });
  const handlers: NetworkHandlers = {
    onConsensus: (from, message) => {
      if (driver?.receive(message) === 'malformed') {
        network.reportFault(from.peerId, 'CONSENSUS_MALFORMED');
      }
    },
    onTransactions: (from, raws) => {
      pool.add(raws, 'peer').then(
        (verdicts) => {
          const malformed = verdicts.find((v) => !v.ok && v.code.startsWith('MODEL_'));
          if (malformed !== undefined) network.reportFault(from.peerId, 'POOL_MALFORMED');
        },
        (error: unknown) => fail(error),
      );
    },
    onStatus: (from, status) => catchUp.peerAt(from.peerId, status.height),
    onPeerJoined: (peer) => {
      catchUp.peerAt(peer.peerId, peer.status.height);
      network.gossipTransactions(pool.content().pending.map(({ transaction }) => transaction.raw));
      if (peer.kind === 'validator' && peer.address !== undefined) driver?.peerJoined(peer.address);
    },
    onPeerLeft: (peer) => catchUp.peerLeft(peer.peerId),
    serveBlocks: (from, count) => encodedRange(store, from, count),
    serveBody: (digest) => workshop.find(digest),
    serveTransactions: (hashes) =>
      hashes.flatMap((hash) => {
        const known = pool.get(hash);
        return known === undefined ? [] : [known.transaction.raw];
      }),
  };

  const allowlist = await followAllowlist(
    config.p2p.allowlistPath,
    (list) => network.setMembers(membersOf(chain, list)),
    logger,
  );
  closers.push(() => allowlist.close());
  const catchUp = createCatchUp(DEFAULT_CATCH_UP, {
    chain,
    requestBlocks: (peerId, from, count, options) =>
      network.requestBlocks(peerId, from, count, options),
    onFatal: fail,
    clock,
    logger: logger.child('catch-up'),
  });
  closers.push(() => catchUp.close());

  const network: Network = await modules.createNetwork(
    {
      listen: { host: config.p2p.host, port: config.p2p.port },
      bootPeers: config.p2p.bootPeers,
      nodeKey: config.nodeKey,
      chainId: genesis.chainId,
      genesisHash: genesis.hash,
      validator: signer,
      members: membersOf(chain, allowlist.list),
      status: statusNow(),
    },
    { handlers, logger: logger.child('p2p'), clock, random: Math.random },
  );
  closers.push(() => network.close());

  const workshop = createBlockWorkshop({
    chain,
    pool,
    source: createBodySource(network, { signal: stopped.signal }, logger.child('bodies')),
    recoverSenders,
    logger: logger.child('workshop'),
  });
  driver = createConsensusDriver(
    consensusConfig(config, vote.voter === undefined ? undefined : signer?.address),
    heightContext(store, chain, qbft, clock.now()),
    {
      voter: vote.voter,
      workshop,
      send: (to, message) => network.sendConsensus(to, message),
      finalise: async (digest, header) => {
        const executed = workshop.executed(digest);
        const isStored = store.head().header.number >= header.number;
        if (executed === undefined && isStored) return;
        if (executed === undefined) {
          throw new CodedError(`block ${header.number} is final and was not executed here`, {
            code: 'NODE_FINAL_BLOCK_INVALID',
          });
        }
        await chain.finalise(executed, header);
      },
      onEvidence: (first, second) => {
        logger.error('a validator signed two different messages', {
          author: bytesToHex(first.signed.author),
          height: first.signed.height.toString(),
          round: first.signed.round,
          kinds: [first.kind, second.kind],
        });
      },
      onFatal: fail,
      clock,
      logger: logger.child('consensus'),
    },
  );
  const { close: closeDriver } = driver;
  closers.push(closeDriver);

  const wakeWhenIdle = createIdleTimer(qbft.emptyBlockPeriodMs, clock, () =>
    driver?.work(nextHeight(store)),
  );
  closers.push(wakeWhenIdle.close);
  chain.onHead((executed, hash) => {
    const { block } = executed;
    pool.onHead(executed, poolHead(), poolStateOf(store));
    driver?.newHeight(heightContext(store, chain, qbft, clock.now()));
    if (pool.hasWork()) driver?.work(nextHeight(store));
    wakeWhenIdle.restart();
    network.announce(statusNow());
    events.block(block.header.number);
    logger.debug('block final', {
      number: block.header.number.toString(),
      hash: bytesToHex(hash),
      transactions: block.transactions.length,
    });
  });
  for (const peer of network.peers()) handlers.onPeerJoined(peer);
  wakeWhenIdle.restart();

  const server = await createRpcServer(
    {
      host: config.rpc.host,
      port: config.rpc.port,
      limits: { bodyLimitBytes: config.rpc.bodyLimitBytes },
    },
    {
      ports: {
        chain: store,
        pool: {
          add: async (raw) => {
            const [verdict] = await pool.add([raw], 'local');
            return verdict as NonNullable<typeof verdict>;
          },
          get: (hash) => pool.get(hash),
          nextNonce: (address) => pool.nextNonce(address),
          status: () => pool.status(),
          content: () => pool.content(),
        },
        proofs: createProofs(store),
        caller: createCaller(store, rules, engine),
        fees: createFees(rules),
        events,
        node: createNodePort({
          version: config.version,
          chainId: genesis.chainId,
          network,
          store,
          validatorAddress: signer?.address,
          voting: vote.report,
          consensus: () => driver?.status() ?? { height: nextHeight(store), round: 0 },
          progress: () => catchUp.progress(),
          startedAtMs,
        }),
      },
      logger: logger.child('rpc'),
      now: clock.now,
    },
  );
  closers.push(() => server.close());

  logger.info('node started', {
    peerId: network.peerId,
    address: signer && bytesToHex(signer.address),
    voting: vote.report.yes,
    height: store.head().header.number.toString(),
    rpc: server.url,
    p2p: network.addresses,
    curve: cryptoBackend.curve,
    keccak: cryptoBackend.keccak,
  });
  void failed.then((error) => logger.error('the node cannot go on', { error }));
  return {
    peerId: network.peerId,
    address: signer?.address,
    rpcUrl: server.url,
    failed,
    close: closeAll,
  };
}

function nextHeight(store: ChainStore): Height {
  return store.head().header.number + 1n;
}

function poolHeadOf(store: ChainStore, rules: NodeConfig['genesis']['rules']): PoolHead {
  const { header } = store.head();
  const fork = forkAt(rules, header.number + 1n, header.timestamp);
  return {
    number: header.number,
    timestamp: header.timestamp,
    gasLimit: header.gasLimit,
    nextBaseFee: baseFeeAfter(header, rules, fork),
  };
}

function poolStateOf(store: ChainStore): PoolState {
  const state = store.state();
  return {
    nonce: (address) => state.account(address)?.nonce ?? 0n,
    balance: (address) => state.account(address)?.balance ?? 0n,
  };
}

function membersOf(chain: Chain, list: Allowlist): Members {
  return {
    validators: chain.validators(),
    formerValidators: [],
    allowlist: list.allow,
    denylist: list.deny,
  };
}

/** Bytes of blocks in one answer; the wire's own limit is above it. */
const RANGE_BYTES = 8 * 1024 * 1024;

function encodedRange(store: ChainStore, from: Height, count: number): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  for (let i = 0; i < count && bytes < RANGE_BYTES; i += 1) {
    const encoded = store.encodedBlock(from + BigInt(i));
    if (encoded === undefined) break;
    blocks.push(encoded);
    bytes += encoded.length;
  }
  return blocks;
}
