/**
 * Starts a node on this machine: opens its files and sockets, hands them to the composition and puts the
 * JSON-RPC server in front; closed in reverse.
 */
import { join } from 'node:path';
import { cryptoBackend } from '#crypto';
import { makeDirectory } from '../genesis/index.ts';
import { type Address, bytesToHex } from '../ledger/model/index.ts';
import {
  type ChainStore,
  openConsensusLog,
  openStore,
  renewConsensusLog,
} from '../ledger/store/index.ts';
import { createNetwork } from '../p2p/index.ts';
import { createEngine, type Engine, environmentOf, warmUp } from '../vm/index.ts';
import { type Allowlist, followAllowlist } from './allowlist.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ComposedNode, composeNode } from './compose-node.ts';
import type { NodeConfig } from './config.ts';
import type { ConsensusObserver } from './consensus-observer.ts';
import { createExporter } from './metrics/index.ts';
import { createPruner } from './pruner.ts';
import { startNodeServer } from './rpc-server.ts';
import { createLocalSigner } from './signer.ts';
import { smallFileAt } from './small-file.ts';
import { createSnapshotService } from './snapshot-service.ts';
import { openVoter } from './voter.ts';

export type RunningNode = {
  readonly peerId: string;
  /** Undefined for a node without a validator key. */
  readonly address: Address | undefined;
  /** Of JSON-RPC over HTTP; the same with `ws:` for WebSocket. */
  readonly rpcUrl: string;
  /** Undefined without metrics. */
  readonly metricsUrl: string | undefined;
  /** Resolves with the error when the node has to stop by itself; the owner then calls `close`. */
  readonly failed: Promise<unknown>;
  /** Stops taking requests, ends the connections, closes the store. Resolves when all is closed. */
  close(): Promise<void>;
};

/** Parts that a test replaces or listens to. */
export type NodeModules = {
  readonly clock: Clock;
  readonly createNetwork: typeof createNetwork;
  /** Instead of the one that counts for `config.metrics`. */
  readonly observer?: ConsensusObserver;
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
    return await open(config, { ...defaults, ...modules }, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function openChain({ dataDir, genesis, logger, stateCacheBytes }: NodeConfig): Promise<ChainStore> {
  return openStore({
    path: join(dataDir, 'chain'),
    genesis: { block: genesis.block, hash: genesis.hash, accounts: genesis.accounts },
    hashRule: genesis.hashRule,
    cacheBytes: stateCacheBytes,
    onMigration: ({ task, done, total }) => {
      const progress = { task, block: done.toString(), of: total.toString() };
      logger.info('the store is brought to the format of this release', progress);
    },
  });
}

async function open(
  config: NodeConfig,
  { clock, createNetwork: openNetwork, observer }: NodeModules,
  closers: Closers,
  closeAll: () => Promise<void>,
): Promise<RunningNode> {
  const { genesis, logger } = config;
  const startedAtMs = clock.now();
  const { promise: failed, resolve: onFatal } = Promise.withResolvers<unknown>();

  await makeDirectory(config.dataDir);
  const store = await openChain(config);
  closers.push(() => store.close());
  const signer = config.validatorKey && createLocalSigner(config.validatorKey);
  const logPath = join(config.dataDir, 'consensus.log');
  const voter = await openVoter(config, signer, {
    open: (binding) => openConsensusLog({ path: logPath, ...binding }),
    renew: (binding, records) => renewConsensusLog({ path: logPath, ...binding }, records),
  });
  if (voter !== undefined) closers.push(() => voter.log.close());

  let node: ComposedNode | undefined;
  let changed: Allowlist | undefined;
  const onChange = (list: Allowlist): void => {
    changed = list;
    node?.setAllowlist(list);
  };
  const allowlist = await followAllowlist(config.p2p.allowlistPath, onChange, logger);
  closers.push(() => allowlist.close());

  const exporter = config.metrics && createExporter(() => performance.now());
  const engineName = config.engine ?? 'fast';
  const engine = createEngine(engineName, genesis.rules, { secret: randomSecret() });
  // Else the first blocks would pay for the compilers that make later ones fast.
  if (engineName === 'fast') await warmUp(engine, environmentOf(store.head().header));
  const snapshot =
    config.snapshotFile === undefined
      ? undefined
      : createSnapshotService(config.snapshotFile, { store, genesis, logger });
  if (snapshot !== undefined) closers.push(snapshot.close);
  node = await composeNode(config, {
    clock,
    random: Math.random,
    store,
    engine,
    signer,
    voter,
    fileOf: (name) => smallFileAt(join(config.dataDir, name)),
    allowlist: allowlist.list,
    openNetwork,
    onFatal,
    observer: observer ?? exporter?.observer,
    snapshot,
  });
  const { close: closeNode, network } = node;
  closers.push(closeNode);
  if (changed !== undefined) node.setAllowlist(changed);
  if (config.keep !== undefined) {
    const { onBlock } = node.events;
    const pruning = { store, onBlock, onFatal, logger: logger.child('pruner') };
    const pruner = createPruner(config.keep, pruning);
    closers.push(() => pruner.close());
  }
  const tracingEngine = (): Engine =>
    engineName === 'fast'
      ? engine
      : createEngine('fast', genesis.rules, { secret: randomSecret() });
  const modules = { node, engine, tracingEngine, signer, clock, startedAtMs };
  const server = await startNodeServer(config, modules);
  closers.push(() => server.close());
  const metrics =
    config.metrics &&
    (await exporter?.serve(config.metrics, node, { version: config.version, logger }));
  if (metrics !== undefined) closers.push(metrics.close);

  logger.info('node started', {
    peerId: network.peerId,
    address: signer && bytesToHex(signer.address),
    voting: node.voting().yes,
    height: store.head().header.number.toString(),
    rpc: server.url,
    p2p: network.addresses,
    metrics: metrics?.url,
    engine: engineName,
    curve: cryptoBackend.curve,
    keccak: cryptoBackend.keccak,
  });
  void failed.then((error) => logger.error('the node cannot go on', { error }));
  return {
    peerId: network.peerId,
    address: signer?.address,
    rpcUrl: server.url,
    metricsUrl: metrics?.url,
    failed,
    close: closeAll,
  };
}

/** 64 bits for the hash of the engine's tables; no block depends on them. */
function randomSecret(): bigint {
  const [secret = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return secret;
}
