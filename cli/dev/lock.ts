/**
 * One `ehb dev` a directory, by a socket whose name follows from the directory.
 *
 * The system takes the socket away with its process, however that ends; a file with a process id
 * would outlive `kill -9` and, in a container, name an innocent process after a restart.
 */
import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliError } from '../errors.ts';

export type Lock = { release(): Promise<void> };

/**
 * @param directory must exist
 * @throws CodedError `CLI_DIRECTORY_BUSY`
 */
export async function lockDirectory(directory: string): Promise<Lock> {
  const address = addressOf(await realpath(directory));
  const server =
    (await listen(address)) ?? ((await isStale(address)) ? await listen(address) : undefined);
  if (server === undefined) {
    const message = `another ehb dev runs on ${directory}${await holderOf(address)}`;
    throw cliError('CLI_DIRECTORY_BUSY', message);
  }
  server.unref();
  return { release: () => new Promise((done) => server.close(() => done())) };
}

/** Abstract on Linux and a named pipe on Windows, both without a file; elsewhere a socket file. */
function addressOf(path: string): string {
  const name = `ehb-dev-${createHash('sha256').update(path).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

/** Undefined if the address is taken. Whoever connects is told the process id. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

/** Removes a socket file that nobody listens on. */
async function isStale(address: string): Promise<boolean> {
  if (!address.endsWith('.sock') || (await ask(address)) !== undefined) return false;
  await rm(address, { force: true });
  return true;
}

async function holderOf(address: string): Promise<string> {
  const pid = await ask(address);
  return pid === undefined || pid === '' ? '' : ` (process ${pid})`;
}

/** What the holder says; undefined if there is none. */
function ask(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(address);
    socket.setEncoding('utf8').setTimeout(1000, () => socket.destroy());
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(text));
  });
}
