/**
 * `GET /metrics` for Prometheus on a port of its own, so that a firewall can tell operators from clients.
 * Plain `node:http`: one page, no parameters, no bodies.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CodedError } from '../../ledger/model/index.ts';
import type { Logger } from '../logger.ts';
import type { MetricsRegistry } from './registry.ts';

export type MetricsServer = {
  /** `http://127.0.0.1:9545/metrics` */
  readonly url: string;
  close(): Promise<void>;
};

/** More scrapers than any network has; each takes a socket. */
const MAX_CONNECTIONS = 32;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Resolves when it listens.
 * @param address port 0 chooses a free one
 * @throws CodedError `NODE_METRICS_PORT_IN_USE`, `NODE_METRICS_LISTEN_FAILED`
 */
export async function createMetricsServer(
  address: { readonly host: string; readonly port: number },
  { registry, logger }: { readonly registry: MetricsRegistry; readonly logger: Logger },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(registry, request, response).catch((error: unknown) => {
      logger.warn('metrics cannot be shown', { error });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(address, cause)));
    server.listen({ host: address.host, port: address.port }, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}/metrics`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A scrape is one answer: there is nothing under way worth waiting for.
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  registry: MetricsRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== '/metrics') return refuse(response, 404, 'only /metrics is here\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'metrics can only be read\n');
  }
  const text = await registry.text();
  response.writeHead(200, { 'content-type': registry.contentType });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function refuse(response: ServerResponse, status: 404 | 405, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

function listenError(
  { host, port }: { readonly host: string; readonly port: number },
  cause: NodeJS.ErrnoException,
): CodedError<{ code: string; host: string; port: number }> {
  return cause.code === 'EADDRINUSE'
    ? new CodedError(
        `metrics port ${port} on ${host} is in use by another process`,
        { code: 'NODE_METRICS_PORT_IN_USE', host, port },
        { cause },
      )
    : new CodedError(
        `metrics cannot be served on ${host}:${port}: ${cause.message}`,
        { code: 'NODE_METRICS_LISTEN_FAILED', host, port },
        { cause },
      );
}
