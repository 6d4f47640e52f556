/** Looks whether ports are free before anything is started on them, to name the option that moves them. */
import { createServer } from 'node:net';
import { cliError } from './errors.ts';

export type WantedPort = {
  readonly host: string;
  readonly port: number;
  /** Who needs it, e.g. `JSON-RPC of node-2`. */
  readonly purpose: string;
  /** The option that moves it. */
  readonly option: string;
};

/**
 * Resolves if each port can be opened now.
 * @throws CodedError `CLI_PORT_IN_USE`, `CLI_PORT_REFUSED`
 */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const { host, port, purpose, option } of wanted) {
    const code = await tryPort(host, port);
    if (code === 'EADDRINUSE') {
      const message = `port ${port} on ${host} (${purpose}) is in use; ${option} moves it`;
      throw cliError('CLI_PORT_IN_USE', message);
    }
    if (code !== undefined) {
      const message = `cannot listen on ${host}:${port} (${purpose}): ${code}; ${option} moves it`;
      throw cliError('CLI_PORT_REFUSED', message);
    }
  }
}

/** The error code of the system, or undefined if the port is free. */
function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
