/**
 * Routes, limits and access of the HTTP side, around the dispatcher. WebSockets are in `websocket.ts`.
 *
 * `POST /` is the JSON-RPC, a WebSocket upgrade of `/` its pushing form, `GET /liveness` and
 * `GET /readiness` are for supervisors and load balancers.
 */
import { isUtf8 } from 'node:buffer';
import websocketPlugin from '@fastify/websocket';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { hostAllowed, isOperator, originAllowed } from './access.ts';
import type { RpcErrorCode } from './errors.ts';
import { type Dispatcher, errorAnswer } from './json-rpc.ts';
import type { OperatorAccess, RpcLimits, RpcServerOptions } from './options.ts';
import type { RpcLogger, RpcPorts } from './ports.ts';
import type { WebSockets } from './websocket.ts';

/** Idle connections of HTTP are kept this long; longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 72_000;
const JSON_TYPE = 'application/json; charset=utf-8';
const JSON_BODY = /^application\/(?:json|json-rpc|jsonrequest)(?:\s*;|$)/i;

type AppModules = {
  readonly dispatcher: Dispatcher;
  readonly webSockets: WebSockets;
  readonly ports: RpcPorts;
  readonly logger: RpcLogger;
};

/** The application, not listening yet. */
export function createHttpApp(
  options: RpcServerOptions,
  limits: RpcLimits,
  modules: AppModules,
): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyLimitBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    clientErrorHandler: (_error, socket) => socket.destroy(),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_BODY, { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  // A refused upgrade leaves a socket that the HTTP server no longer counts among its own.
  app.addHook('onResponse', (request, reply, done) => {
    if (request.headers.upgrade !== undefined && reply.statusCode >= 400) {
      request.raw.socket.destroySoon();
    }
    done();
  });
  app.addHook('onRequest', (request, reply, done) => {
    guard(options, request, reply) ? done() : undefined;
  });
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    sendHttpError(error, reply, limits, modules.logger),
  );
  app.setNotFoundHandler((request, reply) =>
    refuseHttp(
      reply,
      404,
      'RPC_INVALID_REQUEST',
      `no such path: ${request.method} ${request.url.slice(0, 100)}`,
    ),
  );
  app.register(websocketPlugin, {
    options: { maxPayload: limits.bodyLimitBytes, perMessageDeflate: false },
    preClose: (done) => modules.webSockets.close(done),
  });
  app.register((scope, _options, done) => {
    addRoutes(scope, options.operatorAccess ?? 'local', modules);
    done();
  });
  return app;
}

function addRoutes(app: FastifyInstance, access: OperatorAccess, modules: AppModules): void {
  const { dispatcher, webSockets, ports } = modules;
  const mayOperate = ({ raw, headers }: FastifyRequest): boolean =>
    isOperator({ remoteAddress: raw.socket.remoteAddress, headers }, access);
  app.post('/', async (request, reply) => {
    const body = request.body as Buffer | undefined; // what the one content type parser gives
    const answer =
      body !== undefined && isUtf8(body)
        ? await dispatcher.answer(
            body.toString('utf8'),
            undefined,
            mayOperate(request),
            departureOf(reply),
          )
        : errorAnswer('RPC_PARSE_ERROR', 'parse error: the body is not valid UTF-8');
    if (answer === undefined) return reply.code(204).send();
    return reply.header('content-type', JSON_TYPE).send(answer);
  });
  app.route({
    method: 'GET',
    url: '/',
    preValidation: (_request, reply, done) => {
      if (webSockets.hasRoom()) return done();
      refuseHttp(reply, 503, 'RPC_LIMIT_EXCEEDED', 'too many WebSocket connections');
    },
    handler: (_request, reply) =>
      refuseHttp(
        reply.header('allow', 'POST, OPTIONS'),
        405,
        'RPC_INVALID_REQUEST',
        'this is a JSON-RPC endpoint: POST a request, or upgrade to a WebSocket',
      ),
    wsHandler: (socket, request) => webSockets.accept(socket, mayOperate(request)),
  });
  app.options('/', (_request, reply) => reply.code(204).send());
  app.get('/liveness', (_request, reply) => reply.send({ status: 'UP' }));
  app.get('/readiness', (_request, reply) => {
    const readiness = ports.node.readiness();
    if (readiness.ready) return reply.send({ status: 'UP' });
    return reply.code(503).send({ status: 'DOWN', reason: readiness.reason });
  });
}

/** Aborts when the connection closes before the answer is out. */
function departureOf({ raw }: FastifyReply): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const made = new AbortController();
    controller = made;
    if (raw.destroyed) made.abort();
    raw.once('close', () => {
      if (!raw.writableFinished) made.abort();
    });
    return made.signal;
  };
}

/** Checks Host and Origin and sets the CORS headers. False if it has answered already. */
function guard(options: RpcServerOptions, request: FastifyRequest, reply: FastifyReply): boolean {
  const { host, origin } = request.headers;
  if (!hostAllowed(host, options.virtualHosts)) {
    refuseHttp(reply, 403, 'RPC_FORBIDDEN_HOST', 'this node does not answer for that Host');
    return false;
  }
  if (origin === undefined) return true;
  if (!originAllowed(origin, options.corsOrigins)) {
    refuseHttp(reply, 403, 'RPC_FORBIDDEN_ORIGIN', 'pages of this origin may not call this node');
    return false;
  }
  reply.header('access-control-allow-origin', origin).header('vary', 'Origin');
  if (request.method === 'OPTIONS') {
    reply
      .header('access-control-allow-methods', 'POST, OPTIONS')
      .header('access-control-allow-headers', 'content-type')
      .header('access-control-max-age', '600');
  }
  return true;
}

function sendHttpError(
  error: FastifyError,
  reply: FastifyReply,
  limits: RpcLimits,
  logger: RpcLogger,
): void {
  const status = error.statusCode ?? 500;
  if (status === 413) {
    const message = `request body too large: at most ${limits.bodyLimitBytes} bytes`;
    refuseHttp(reply, status, 'RPC_BODY_TOO_LARGE', message);
  } else if (status === 415) {
    const message = 'invalid content type, only application/json is supported';
    refuseHttp(reply, status, 'RPC_UNSUPPORTED_MEDIA_TYPE', message);
  } else if (status < 500) {
    refuseHttp(reply, status, 'RPC_INVALID_REQUEST', 'invalid request: malformed HTTP');
  } else {
    logger.error('an HTTP request failed', { error });
    refuseHttp(reply, status, 'RPC_INTERNAL_ERROR', 'internal error');
  }
}

function refuseHttp(
  reply: FastifyReply,
  status: number,
  code: RpcErrorCode,
  message: string,
): void {
  reply.code(status).header('content-type', JSON_TYPE).send(errorAnswer(code, message));
}
