/** The JSON-RPC server: its parts put together, listening, and closing without losing an answer. */
import type { FastifyInstance } from 'fastify';
import { CodedError } from '../ledger/model/index.ts';
import type { RpcStartErrorCode } from './errors.ts';
import { createFilterRegistry } from './filter-registry.ts';
import { createHttpApp } from './http-app.ts';
import { createDispatcher } from './json-rpc.ts';
import { offeredMethods } from './method-table.ts';
import { DEFAULT_RPC_LIMITS, type RpcLimits, type RpcServerOptions } from './options.ts';
import type { RpcLogger, RpcPorts } from './ports.ts';
import { withRecentBlocks } from './recent-blocks.ts';
import { type ServerSockets, trackSockets } from './server-sockets.ts';
import { createSubscriptionHub } from './subscription-hub.ts';
import { createWebSockets, type WebSockets } from './websocket.ts';

export type RpcModules = {
  readonly ports: RpcPorts;
  readonly logger: RpcLogger;
  /** Milliseconds since 1970; filters expire by it. */
  readonly now: () => number;
};

export type RpcServer = {
  readonly host: string;
  /** As chosen by the system if 0 was asked for. */
  readonly port: number;
  /** `http://127.0.0.1:8545` */
  readonly url: string;
  readonly webSocketUrl: string;
  /** Answers what is under way, refuses what comes, closes every socket. */
  close(): Promise<void>;
};

/**
 * Starts to listen.
 *
 * @throws CodedError RPC_PORT_IN_USE, RPC_LISTEN_FAILED
 */
export async function createRpcServer(
  options: RpcServerOptions,
  modules: RpcModules,
): Promise<RpcServer> {
  const limits: RpcLimits = { ...DEFAULT_RPC_LIMITS, ...options.limits };
  const { logger } = modules;
  const ports: RpcPorts = { ...modules.ports, chain: withRecentBlocks(modules.ports.chain) };
  const filters = createFilterRegistry(limits, { events: ports.events, now: modules.now });
  const hub = createSubscriptionHub(ports);
  const offered = offeredMethods(ports, options.namespaces);
  const dispatcher = createDispatcher(limits, {
    methods: new Map(offered.map((method) => [method.name, method])),
    context: { ...ports, limits, filters, offered },
    logger,
  });
  const webSockets = createWebSockets(limits, { dispatcher, hub, logger });
  const app = createHttpApp(options, limits, { dispatcher, webSockets, ports, logger });
  const sockets = trackSockets(app.server);
  const release = (): void => {
    filters.close();
    hub.close();
  };
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    release();
    await app.close();
    throw listenError(options, error);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const authority = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  logger.info('JSON-RPC listens', { url: `http://${authority}`, methods: offered.length });
  return {
    host: options.host,
    port,
    url: `http://${authority}`,
    webSocketUrl: `ws://${authority}`,
    close: () => {
      hub.close();
      return closeServer(app, webSockets, sockets, limits.closeGraceMs).finally(release);
    },
  };
}

/** What is under way gets its answer; who does not take it in time is cut off. */
async function closeServer(
  app: FastifyInstance,
  webSockets: WebSockets,
  sockets: ServerSockets,
  graceMs: number,
): Promise<void> {
  const cut = setTimeout(sockets.cut, graceMs);
  sockets.refuse();
  // An upgrade that comes in between is refused, and its connection ended with the idle ones.
  void webSockets.closed.then(sockets.endIdle);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

function listenError(
  options: RpcServerOptions,
  cause: unknown,
): CodedError<{ code: RpcStartErrorCode; host: string; port: number }> {
  const { host, port } = options;
  const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  return inUse
    ? new CodedError(
        `JSON-RPC port ${port} on ${host} is in use by another process`,
        { code: 'RPC_PORT_IN_USE', host, port },
        { cause },
      )
    : new CodedError(
        `JSON-RPC cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : cause}`,
        { code: 'RPC_LISTEN_FAILED', host, port },
        { cause },
      );
}
