/** Serves a chain that was replayed, over JSON-RPC and to read only: no peers, no consensus, no new blocks. */
import type { ReferenceGenesis } from '../genesis/index.ts';
import { refuse } from '../ledger/model/index.ts';
import { openStore } from '../ledger/store/index.ts';
import { createRpcServer, type PoolPort } from '../rpc/index.ts';
import { createAnyForkEngine, createEngine } from '../vm/index.ts';
import { createBackups } from './backups.ts';
import { createCaller } from './caller.ts';
import { systemClock } from './clock.ts';
import type { RpcConfig } from './config.ts';
import { createForks } from './fork-config.ts';
import type { Logger } from './logger.ts';
import { storeOptionsOf } from './maintenance/ledger-files.ts';
import { poolStateOf } from './pool-view.ts';
import { clientVersion, createEvents, createFees } from './rpc-ports.ts';
import { serverOptions } from './rpc-server.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import { createSimulator } from './simulator.ts';
import { createTracing } from './tracing.ts';

export type ReferenceServerConfig = {
  /** Holds `chain/`, as an import leaves it. */
  readonly dataDir: string;
  readonly genesis: ReferenceGenesis;
  readonly rpc: RpcConfig;
  readonly version: string;
  readonly logger: Logger;
};

export type ReferenceServer = { readonly rpcUrl: string; close(): Promise<void> };

/**
 * The last block of the store is the head, and as such safe and finalized. Resolves when it answers.
 * @throws CodedError of the store and of `rpc`
 */
export async function serveReference(config: ReferenceServerConfig): Promise<ReferenceServer> {
  const { genesis, rpc, logger } = config;
  const { rules, chainId } = genesis;
  const store = await openStore(storeOptionsOf(config));
  const engine = createAnyForkEngine(rules);
  try {
    const server = await createRpcServer(serverOptions(rpc), {
      ports: {
        chain: store,
        pool: closedPool(poolStateOf(store)),
        proofs: store,
        caller: createCaller(store, rules, engine, () => systemClock.breathe()),
        tracing: createTracing({
          store,
          rules,
          engine: () => createEngine('fast', rules),
          recoverSenders: createSenderRecovery(systemClock),
          clock: systemClock,
        }),
        simulator: createSimulator(store, rules, engine, () => systemClock.breathe()),
        backups: createBackups(store, logger.child('backup')),
        fees: createFees(rules),
        events: createEvents(),
        node: {
          clientVersion: clientVersion(config.version),
          chainId,
          forks: createForks(genesis, store),
          peerCount: () => 0,
          syncing: () => undefined,
          validatorsAt: async () => undefined,
          readiness: () => ({ ready: true }),
        },
      },
      logger: logger.child('rpc'),
      now: systemClock.now,
    });
    const close = async (): Promise<void> => {
      await server.close();
      await store.close();
    };
    const head = store.head().header.number.toString();
    logger.info('the chain is served', { head, rpc: server.url });
    return { rpcUrl: server.url, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** No block will ever take a transaction. */
function closedPool({ nonce }: ReturnType<typeof poolStateOf>): PoolPort {
  return {
    add: async () => refuse('NODE_READ_ONLY', 'this chain is served and gets no more blocks'),
    get: () => undefined,
    nextNonce: nonce,
    status: () => ({ pending: 0, queued: 0 }),
    content: () => ({ pending: [], queued: [] }),
  };
}
