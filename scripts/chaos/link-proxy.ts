/**
 * A TCP proxy for one direction of one link: whoever dials it reaches one target, through whatever
 * fault is set.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../../p2p/index.ts';
import { createPump, type LinkFault, NO_FAULT, type Pump } from './fault.ts';

export type Endpoint = { readonly host: string; readonly port: number };

export type LinkProxy = {
  /** Where it listens, chosen by the system if 0 was asked for. */
  readonly port: number;
  /** Takes effect at once, on open connections as well. */
  setFault(fault: LinkFault): void;
  /** Connections that reached the proxy so far. */
  connections(): number;
  close(): Promise<void>;
};

export type LinkProxyModules = { readonly clock: Clock; random(): number };

type Passage = {
  setFault(fault: LinkFault): void;
  reset(): void;
};

/** Resolves when it listens. */
export async function createLinkProxy(
  listen: Endpoint,
  target: Endpoint,
  modules: LinkProxyModules,
): Promise<LinkProxy> {
  const passages = new Set<Passage>();
  let fault = NO_FAULT;
  let connections = 0;
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (dialler) => {
    connections += 1;
    dialler.on('error', () => {});
    if (fault.kind === 'cut') {
      dialler.resetAndDestroy();
      return;
    }
    const passage = openPassage(dialler, target, fault, modules, () => passages.delete(passage));
    passages.add(passage);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(listen.port, listen.host, listening);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : listen.port,
    setFault(next) {
      fault = next;
      for (const passage of [...passages]) {
        if (next.kind === 'cut') passage.reset();
        else passage.setFault(next);
      }
    },
    connections: () => connections,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const passage of [...passages]) passage.reset();
      }),
  };
}

/** Both directions of one connection. While the link is stalled the target hears nothing of it. */
function openPassage(
  dialler: Socket,
  target: Endpoint,
  initial: LinkFault,
  modules: LinkProxyModules,
  onEnd: () => void,
): Passage {
  const pumps: Pump[] = [];
  let fault = initial;
  let upstream: Socket | undefined;
  const ended = (): void => {
    if (!dialler.destroyed || upstream?.destroyed === false) return;
    for (const pump of pumps) pump.close();
    onEnd();
  };
  const reach = (): void => {
    upstream = connect({ ...target, noDelay: true });
    upstream.on('error', () => {});
    upstream.once('close', ended);
    pumps.push(pump(dialler, upstream, fault, modules), pump(upstream, dialler, fault, modules));
  };
  dialler.once('close', ended);
  if (fault.kind !== 'stall') reach();
  return {
    setFault(next) {
      fault = next;
      if (upstream === undefined && next.kind !== 'stall' && !dialler.destroyed) reach();
      for (const each of pumps) each.setFault(next);
    },
    reset() {
      dialler.resetAndDestroy();
      upstream?.resetAndDestroy();
    },
  };
}

function pump(from: Socket, to: Socket, fault: LinkFault, modules: LinkProxyModules): Pump {
  const created = createPump(fault, {
    ...modules,
    write: (bytes) => to.write(bytes),
    finish: () => to.destroySoon(),
    setReading: (reading) => (reading ? from.resume() : from.pause()),
  });
  from.on('data', (bytes: Buffer) => created.push(bytes));
  from.once('close', () => created.end());
  to.on('drain', () => created.drained());
  from.resume();
  return created;
}
