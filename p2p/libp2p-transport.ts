/**
 * Connections over libp2p: TCP, noise with the node key, yamux. Nothing else of libp2p runs: no
 * discovery, no identify, no automatic dials, no pings; `host.ts` decides all of that.
 */
import { isIP } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { Connection, Libp2p, PrivateKey, Stream, StreamMuxerFactory } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { isPrivateKey } from '#crypto';
import { p2pError } from './errors.ts';
import type { Limits } from './limits.ts';
import {
  type Channel,
  type Link,
  type LinkEvents,
  PROTOCOLS,
  type Protocol,
  type Transport,
  type TransportEvents,
} from './transport.ts';

const END_TIMEOUT_MS = 1_000;
const UPGRADE_TIMEOUT_MS = 5_000;
const DIAL_TIMEOUT_MS = 5_000;
/** Inbound connections between accept and noise, at one time and per second and host. */
const PENDING_UPGRADES = 64;
const CONNECTIONS_PER_SECOND = 200;
const MAX_CONNECTIONS = 4_096;
/** One chunk may be a whole frame; the frame reader takes it at once. */
const READ_BUFFER_BYTES = 32 * 1024 * 1024;

export type Libp2pTransportOptions = {
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  /** secp256k1 private key, 32 bytes. */
  readonly nodeKey: Uint8Array;
  readonly limits: Limits;
};

/** @throws CodedError `P2P_BAD_NODE_KEY`, `P2P_BAD_ADDRESS`, `P2P_LISTEN_FAILED` */
export async function openLibp2pTransport(
  options: Libp2pTransportOptions,
  events: TransportEvents,
): Promise<Transport> {
  const links = new WeakMap<Connection, LinkOfConnection>();
  const node = await startNode(options, events);

  const linkOf = (connection: Connection): LinkOfConnection => {
    const known = links.get(connection);
    if (known !== undefined) return known;
    const created = createLink(connection);
    links.set(connection, created);
    connection.addEventListener('close', () => {
      created.ended();
      // Otherwise every stranger's PeerId would stay in memory for hours.
      if (node.getConnections(connection.remotePeer).length === 0) {
        node.peerStore.delete(connection.remotePeer).catch(() => {});
      }
    });
    return created;
  };

  node.addEventListener('connection:open', ({ detail: connection }) => {
    if (connection.direction === 'inbound') events.onLink(linkOf(connection).link);
  });
  for (const protocol of PROTOCOLS) {
    const maxStreams = protocol === '/ehb/request/1' ? 4 * options.limits.requestsInFlight : 4;
    await node.handle(
      protocol,
      (stream, connection) => linkOf(connection).opened(protocol, stream),
      { maxInboundStreams: maxStreams, maxOutboundStreams: maxStreams },
    );
  }
  try {
    await node.start();
  } catch (cause) {
    await node.stop();
    const { host, port } = options.listen ?? { host: '', port: 0 };
    throw p2pError('P2P_LISTEN_FAILED', `cannot listen on ${host}:${port}`, cause);
  }

  return {
    peerId: node.peerId.toString(),
    get addresses() {
      return node.getMultiaddrs().map(String);
    },
    peerIdOf,
    async dial(addresses, signal) {
      // `force`: an older connection to the peer may be dead without anyone knowing.
      const connection = await node.dial(
        addresses.map((text) => multiaddr(text)),
        {
          signal,
          force: true,
        },
      );
      return linkOf(connection).link;
    },
    close: async () => {
      await node.stop();
    },
  };
}

/** The PeerId of `/ip4|ip6|dns*.../tcp/.../p2p/...`; undefined for any other string. */
export function peerIdOf(address: string): string | undefined {
  try {
    const [host, transport, peer, ...rest] = multiaddr(address).getComponents();
    if (host === undefined || !HOSTS.has(host.name) || transport?.name !== 'tcp') return undefined;
    if (peer?.name !== 'p2p' || peer.value === undefined || rest.length > 0) return undefined;
    return peerIdFromString(peer.value).toString();
  } catch {
    return undefined;
  }
}

const HOSTS: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

async function startNode(
  { listen, nodeKey, limits }: Libp2pTransportOptions,
  events: TransportEvents,
): Promise<Libp2p> {
  return createLibp2p({
    start: false,
    privateKey: parseNodeKey(nodeKey),
    addresses: { listen: listen === undefined ? [] : [listenAddress(listen).toString()] },
    transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
    connectionEncrypters: [noise()],
    // yamux widens its windows only where its own ping has measured the round trip.
    streamMuxers: [safeYamux({ enableKeepAlive: true, keepAliveInterval: 30_000 })],
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      maxParallelDials: limits.knownPeers,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: DIAL_TIMEOUT_MS / 2,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      maxIncomingPendingConnections: PENDING_UPGRADES,
      inboundConnectionThreshold: CONNECTIONS_PER_SECOND,
      reconnectRetries: 0,
    },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundConnection() {
        events.onAttempt();
        return false;
      },
      denyInboundEncryptedConnection: (peerId) => !events.accepts(peerId.toString()),
    },
  });
}

/**
 * yamux announces a new stream in a microtask that nobody guards. When the connection has ended in
 * the meantime that send throws, and with it the process would end: on an ended connection, sending
 * does nothing instead.
 */
function safeYamux(init: Parameters<typeof yamux>[0]): () => StreamMuxerFactory {
  return () => {
    const factory = yamux(init)();
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection) {
        const send = connection.send.bind(connection);
        connection.send = (data) => {
          try {
            return send(data);
          } catch {
            return false;
          }
        };
        return factory.createStreamMuxer(connection);
      },
    };
  };
}

function parseNodeKey(nodeKey: Uint8Array): PrivateKey {
  if (!isPrivateKey(nodeKey)) {
    throw p2pError('P2P_BAD_NODE_KEY', 'the node key is no secp256k1 private key of 32 bytes');
  }
  return privateKeyFromRaw(nodeKey);
}

function listenAddress({ host, port }: { host: string; port: number }): Multiaddr {
  const family = isIP(host);
  if (family === 0) {
    throw p2pError('P2P_BAD_ADDRESS', `the p2p host must be an IP address, got ${host}`);
  }
  return multiaddr(`/ip${family}/${host}/tcp/${port}`);
}

type LinkOfConnection = {
  readonly link: Link;
  opened(protocol: Protocol, stream: Stream): void;
  ended(): void;
};

function createLink(connection: Connection): LinkOfConnection {
  let events: LinkEvents | undefined;
  let over = false;
  const early: (readonly [Protocol, Channel])[] = [];
  const link: Link = {
    remotePeerId: connection.remotePeer.toString(),
    direction: connection.direction,
    open: async (protocol) => createChannel(await connection.newStream(protocol)),
    listen(listener) {
      events = listener;
      for (const [protocol, channel] of early.splice(0)) listener.onChannel(protocol, channel);
      if (over) listener.onEnd();
    },
    end() {
      connection.close({ signal: AbortSignal.timeout(END_TIMEOUT_MS) }).catch(() => link.abort());
    },
    abort() {
      connection.abort(p2pError('P2P_CLOSING', 'the connection was ended'));
    },
  };
  return {
    link,
    opened(protocol, stream) {
      // Until somebody listens the peer may send no more than one window.
      stream.pause();
      const channel = createChannel(stream);
      if (events === undefined) early.push([protocol, channel]);
      else events.onChannel(protocol, channel);
    },
    ended() {
      over = true;
      events?.onEnd();
    },
  };
}

function createChannel(stream: Stream): Channel {
  return {
    send(bytes) {
      if (stream.status !== 'open' || stream.writeStatus !== 'writable') return true;
      try {
        return stream.send(bytes);
      } catch {
        return true; // The stream has ended, which `onEnd` tells.
      }
    },
    get queuedBytes() {
      return stream.writeBufferLength;
    },
    listen(events) {
      let over = false;
      const end = (): void => {
        if (over) return;
        over = true;
        events.onEnd();
      };
      stream.maxReadBufferLength = READ_BUFFER_BYTES;
      stream.addEventListener('message', ({ data }) => {
        if (data instanceof Uint8Array) events.onData(data);
        else for (const part of data) events.onData(part);
      });
      stream.addEventListener('drain', () => {
        // libp2p first writes what it holds itself, in a microtask of its own.
        queueMicrotask(() => {
          if (!stream.writableNeedsDrain && stream.status === 'open') events.onDrain();
        });
      });
      stream.addEventListener('end', end);
      stream.addEventListener('close', end);
      if (stream.readStatus === 'paused') stream.resume();
      if (stream.readableEnded || stream.status !== 'open') queueMicrotask(end);
    },
    finish() {
      stream.close({ signal: AbortSignal.timeout(END_TIMEOUT_MS * 10) }).catch(() => {});
    },
    abort() {
      stream.abort(p2pError('P2P_CLOSING', 'the stream was ended'));
    },
  };
}
