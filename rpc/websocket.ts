/**
 * WebSocket connections: requests in, answers and notifications out, both bounded.
 *
 * A client that sends faster than it is served is no longer read from until it is served; a client
 * that does not take what it is sent is disconnected when too much waits for it; a client that is gone
 * without a word is found by pings.
 */
import type { WebSocket } from 'ws';
import { type Dispatcher, errorAnswer } from './json-rpc.ts';
import type { RpcLimits } from './options.ts';
import type { RpcLogger } from './ports.ts';
import type { SubscriptionHub } from './subscription-hub.ts';
import { createSubscriptionSession } from './subscription-session.ts';

const PING_INTERVAL_MS = 30_000;
/** Clients that do not answer the close are cut off after this. */
const CLOSE_GRACE_MS = 1_000;

/** RFC 6455 section 7.4.1 and its registry. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

export type WebSockets = {
  hasRoom(): boolean;
  /** @param isOperator may call what changes the node */
  accept(socket: WebSocket, isOperator: boolean): void;
  /** Answers what is under way, then closes every connection. */
  close(done: () => void): void;
  /** Resolves when `close` has closed them. */
  readonly closed: Promise<void>;
};

type Modules = {
  readonly dispatcher: Dispatcher;
  readonly hub: SubscriptionHub;
  readonly logger: RpcLogger;
};

type Connection = {
  readonly socket: WebSocket;
  /** Resolves when no request is under way. */
  idle(): Promise<void>;
  /** Sends a ping, or cuts the connection if the last one is unanswered. */
  ping(): void;
};

export function createWebSockets(limits: RpcLimits, modules: Modules): WebSockets {
  const connections = new Set<Connection>();
  const { promise: closed, resolve: allClosed } = Promise.withResolvers<void>();
  let closing = false;
  let pings: NodeJS.Timeout | undefined;

  return {
    hasRoom: () => !closing && connections.size < limits.webSocketConnections,
    accept: (socket, isOperator) => {
      const connection = serve(socket, isOperator, limits, modules);
      connections.add(connection);
      pings ??= setInterval(() => {
        for (const open of connections) open.ping();
      }, PING_INTERVAL_MS);
      socket.once('close', () => {
        connections.delete(connection);
        if (connections.size > 0) return;
        clearInterval(pings);
        pings = undefined;
      });
    },
    close: (done) => {
      closing = true;
      clearInterval(pings);
      void Promise.all([...connections].map(closeConnection)).then(() => {
        allClosed();
        done();
      });
    },
    closed,
  };
}

function serve(
  socket: WebSocket,
  isOperator: boolean,
  limits: RpcLimits,
  modules: Modules,
): Connection {
  const { dispatcher, hub, logger } = modules;
  let underWay = 0;
  let alive = true;
  const left = new AbortController();
  let whenIdle: (() => void)[] = [];

  const send = (message: string): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > limits.sendQueueBytes) {
      logger.debug('a slow WebSocket client was dropped', { waitingBytes: socket.bufferedAmount });
      session.closeAll();
      socket.close(TRY_AGAIN_LATER, 'too slow');
      socket.terminate();
      return;
    }
    socket.send(message);
  };
  const session = createSubscriptionSession(limits.subscriptionsPerConnection, { hub, send });

  const finished = (): void => {
    underWay -= 1;
    if (socket.isPaused && underWay < limits.requestsPerConnection / 2) socket.resume();
    if (underWay > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };
  const answer = async (data: Buffer, isBinary: boolean): Promise<void> => {
    try {
      const text = isBinary
        ? errorAnswer('RPC_INVALID_REQUEST', 'invalid request: send text, not binary')
        : await dispatcher.answer(data.toString('utf8'), session, isOperator, () => left.signal);
      if (text !== undefined) send(text);
      session.release();
    } finally {
      finished();
    }
  };

  socket.on('message', (data: Buffer, isBinary: boolean) => {
    underWay += 1;
    if (underWay >= limits.requestsPerConnection) socket.pause();
    void answer(data, isBinary);
  });
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('error', (error) => logger.debug('a WebSocket failed', { error }));
  socket.once('close', () => {
    left.abort();
    session.closeAll();
  });

  return {
    socket,
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((done) => whenIdle.push(done))),
    ping: () => {
      if (!alive) return socket.terminate();
      alive = false;
      socket.ping();
    },
  };
}

async function closeConnection({ socket, idle }: Connection): Promise<void> {
  const cut = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([idle(), closed]);
  socket.close(GOING_AWAY, 'the node stops');
  if (socket.readyState !== socket.CLOSED) await closed;
  clearTimeout(cut);
}
