/** The JSON-RPC server of a node: the ports of `rpc` filled with the node's parts. */
import { createRpcServer, type RpcServer, type RpcServerOptions } from '../rpc/index.ts';
import type { Engine } from '../vm/index.ts';
import { createBackups } from './backups.ts';
import { createCaller } from './caller.ts';
import type { Clock } from './clock.ts';
import type { ComposedNode } from './compose-node.ts';
import type { NodeConfig, RpcConfig } from './config.ts';
import { createForks } from './fork-config.ts';
import { createProofMaker } from './proof-maker.ts';
import { createFees, createNodePort } from './rpc-ports.ts';
import { createSenderRecovery } from './sender-recovery.ts';
import type { Signer } from './signer.ts';
import { createSimulator } from './simulator.ts';
import { createTracing } from './tracing.ts';

export type NodeServerModules = {
  readonly node: ComposedNode;
  readonly engine: Engine;
  /** The fast engine, made when it is first asked for. */
  readonly tracingEngine: () => Engine;
  readonly signer: Signer | undefined;
  readonly clock: Clock;
  readonly startedAtMs: number;
};

/** Resolves when it listens. @throws CodedError of `rpc` */
export function startNodeServer(
  config: NodeConfig,
  { node, engine, tracingEngine, signer, clock, startedAtMs }: NodeServerModules,
): Promise<RpcServer> {
  const { genesis, rpc } = config;
  const { rules } = genesis;
  const { store, sets, pool, network, events, evidence, governance } = node;
  return createRpcServer(serverOptions(rpc), {
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
      proofs: store,
      tracing: createTracing({
        store,
        rules,
        engine: tracingEngine,
        recoverSenders: createSenderRecovery(clock),
        clock,
      }),
      caller: createCaller(store, rules, engine, () => clock.breathe()),
      simulator: createSimulator(store, rules, engine, () => clock.breathe()),
      bundles: createProofMaker(genesis, store, clock.breathe),
      backups: createBackups(store, config.logger.child('backup')),
      fees: createFees(rules),
      events,
      evidence,
      governance,
      node: createNodePort({
        version: config.version,
        chainId: genesis.chainId,
        keep: config.keep,
        forks: createForks(genesis, store),
        network,
        sets,
        validatorAddress: signer?.address,
        voting: node.voting,
        consensus: node.consensus,
        progress: node.progress,
        startedAtMs,
      }),
    },
    logger: config.logger.child('rpc'),
    now: clock.now,
  });
}

/** What an operator has set about the server, as the server takes it. */
export function serverOptions(rpc: RpcConfig): RpcServerOptions {
  return {
    host: rpc.host,
    port: rpc.port,
    limits: {
      bodyLimitBytes: rpc.bodyLimitBytes,
      ...(rpc.callTimeoutMs !== undefined && { callTimeoutMs: rpc.callTimeoutMs }),
      ...(rpc.callGasCap !== undefined && { callGasCap: BigInt(rpc.callGasCap) }),
    },
    ...(rpc.namespaces !== undefined && { namespaces: rpc.namespaces }),
    ...(rpc.operatorAccess !== undefined && { operatorAccess: rpc.operatorAccess }),
  };
}
