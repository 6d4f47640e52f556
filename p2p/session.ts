/** An admitted peer: its streams, what it may send on them, and what it is sent. */
import { keccak256 } from '#crypto';
import type { Connection, SessionEvents } from './connection.ts';
import { p2pError } from './errors.ts';
import { createFrameReader, frame } from './frames.ts';
import { createGossip, type GossipTransaction } from './gossip.ts';
import { transactionKey } from './known-transactions.ts';
import type { Limits } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Clock, Logger, NetworkHandlers, PeerInfo, PeerKind, PeerStatus } from './network.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { type Answer, answer, ask, isRequest, type RequestMessage } from './requests.ts';
import type { Channel, Protocol } from './transport.ts';
import { decodeWire, encodeWire, type WireMessage } from './wire.ts';

export type Session = SessionEvents & {
  readonly connection: Connection;
  /** Of the peer's process: another one means that the peer was restarted. */
  readonly instance: string;
  /** A snapshot; replaced when status or kind change. */
  peer(): PeerInfo;
  setKind(kind: PeerKind): void;
  /** An encoded envelope in its frame. */
  sendConsensus(framed: Uint8Array): void;
  offer(transaction: GossipTransaction): void;
  sendStatus(status: PeerStatus): void;
  sendAddresses(addresses: readonly string[]): void;
  /** @throws CodedError, see `ask`; and `P2P_REQUEST_LIMIT`, `P2P_REQUEST_REFUSED`, `P2P_RESPONSE_INVALID` */
  request(message: RequestMessage, signal: AbortSignal | undefined): Promise<Answer>;
  fault(code: string): void;
};

export type SessionOptions = {
  readonly connection: Connection;
  readonly peer: PeerInfo;
  readonly instance: string;
  readonly version: number;
};

export type SessionPorts = {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly handlers: NetworkHandlers;
  onAddresses(addresses: readonly string[]): void;
  onEnd(session: Session, code: string | undefined): void;
};

export function createSession(options: SessionOptions, ports: SessionPorts): Session {
  const { connection, version } = options;
  const { limits, clock, counters, handlers } = ports;
  const inbound = new Set<Protocol>();
  let peer = options.peer;
  let requestsIn = 0;
  let requestsOut = 0;
  let faults = 0;
  let faultsSinceMs = clock.now();
  let pingTimer: object | undefined;
  let over = false;
  let addressMessages = 0;
  let addressesSinceMs = clock.now();

  const drop = connection.drop;
  const notPermitted = (message: WireMessage): void => {
    counters.add('messagesNotPermitted');
    const { peerId, kind: admittedAs } = peer;
    ports.logger.debug('a peer may not send this', { peerId, admittedAs, kind: message.kind });
  };

  const openOutbox = (
    protocol: Protocol,
    order: 'oldest' | 'newest',
    onDropped: (items: number) => void,
  ): Outbox => {
    const outbox = createOutbox(
      { maxBytes: limits.sendQueueBytes, stalledMs: limits.stalledMs, drop: order },
      { clock, onDropped, onStalled: () => drop('P2P_STALLED') },
    );
    connection.link.open(protocol).then(
      (channel) => {
        channel.listen({
          onData: () => drop('P2P_MESSAGE_UNEXPECTED'),
          onDrain: outbox.drained,
          onEnd: () => {},
        });
        outbox.attach(channel);
      },
      () => drop('P2P_STREAM_MISUSE'),
    );
    return outbox;
  };

  const consensus = openOutbox('/ehb/consensus/1', 'oldest', (items) =>
    counters.add('consensusDropped', items),
  );
  const transactions = openOutbox('/ehb/transactions/1', 'newest', (items) =>
    counters.add('transactionsDropped', items),
  );
  const gossip = createGossip(limits, {
    clock,
    counters,
    send(raws) {
      const framed = frame(encodeWire(version, { kind: 'transactions', raws }));
      counters.add('bytesSent', framed.length);
      transactions.send(framed, raws.length);
    },
  });

  /**
   * W-14: pings, and drops a peer that was not heard for `pingTimeoutMs`. A tick that comes late says that
   * this process was busy, not that the peer was silent: it counts from then.
   */
  let quietSinceMs = clock.now();
  const tick = (dueMs: number): void => {
    const nowMs = clock.now();
    if (nowMs - dueMs > limits.pingIntervalMs / 2) quietSinceMs = nowMs;
    quietSinceMs = Math.max(quietSinceMs, connection.heardAtMs());
    if (nowMs - quietSinceMs > limits.pingTimeoutMs) {
      drop('P2P_PING_TIMEOUT');
      return;
    }
    connection.send({ kind: 'ping', nonce: 0 });
    armPing();
  };
  const armPing = (): void => {
    const dueMs = clock.now() + limits.pingIntervalMs;
    pingTimer = clock.setTimeout(() => tick(dueMs), limits.pingIntervalMs);
  };
  armPing();

  const onConsensus = (message: WireMessage): void => {
    if (message.kind !== 'consensus') {
      drop('P2P_MESSAGE_UNEXPECTED');
      return;
    }
    if (peer.kind !== 'validator') {
      notPermitted(message);
      return;
    }
    counters.add('consensusReceived');
    handlers.onConsensus(peer, message.message);
  };

  const onTransactions = (message: WireMessage): void => {
    if (message.kind !== 'transactions') {
      drop('P2P_MESSAGE_UNEXPECTED');
      return;
    }
    if (peer.kind === 'former') {
      notPermitted(message);
      return;
    }
    counters.add('transactionsReceived', message.raws.length);
    for (const raw of message.raws) gossip.received(transactionKey(keccak256(raw)));
    handlers.onTransactions(peer, message.raws);
  };

  /** Reads frames from a stream that the peer opened. */
  const receive = (
    channel: Channel,
    maxBytes: number,
    onMessage: (message: WireMessage) => void,
    onEnd: () => void,
  ): void => {
    const reader = createFrameReader(maxBytes, (bytes) => {
      if (over) return;
      const decoded = decodeWire(bytes, version);
      if (decoded.ok) onMessage(decoded.message);
      else drop(decoded.code);
    });
    channel.listen({
      onData(bytes) {
        counters.add('bytesReceived', bytes.length);
        if (!over && !reader.push(bytes)) drop('P2P_FRAME_TOO_LONG');
      },
      onDrain: () => {},
      onEnd,
    });
  };

  const reply = (channel: Channel, request: WireMessage): void => {
    if (!isRequest(request)) {
      drop('P2P_MESSAGE_UNEXPECTED');
      return;
    }
    const found = answer(request, peer.kind, handlers, limits);
    if (found === undefined) notPermitted(request);
    else counters.add('requestsServed');
    const framed = frame(encodeWire(version, found ?? { kind: 'refusal', code: 'P2P_NOT_MEMBER' }));
    counters.add('bytesSent', framed.length);
    channel.send(framed);
    channel.finish();
  };

  const serve = (channel: Channel): void => {
    // Twice, because the peer counts a request that it gave up sooner than this node does.
    if (requestsIn >= 2 * limits.requestsInFlight) {
      channel.abort();
      return;
    }
    requestsIn += 1;
    let open = true;
    let asked = false;
    const close = (): void => {
      if (!open) return;
      open = false;
      requestsIn -= 1;
      clock.clearTimeout(timer);
    };
    // A peer that asks and does not read must not hold the answer for ever.
    const timer = clock.setTimeout(() => {
      close();
      channel.abort();
    }, limits.requestTimeoutMs);
    const onRequest = (request: WireMessage): void => {
      if (asked) {
        drop('P2P_MESSAGE_UNEXPECTED');
        return;
      }
      asked = true;
      reply(channel, request);
    };
    receive(channel, limits.requestFrameBytes, onRequest, close);
  };

  /** Each leads to dials: a member cannot have this node knock at others without end (W-14). */
  const onAddresses = (addresses: readonly string[]): void => {
    addressMessages = clock.now() - addressesSinceMs > 60_000 ? 1 : addressMessages + 1;
    if (addressMessages === 1) addressesSinceMs = clock.now();
    if (addressMessages > limits.addressMessagesPerMinute) {
      session.fault('P2P_MESSAGE_UNEXPECTED');
    } else {
      ports.onAddresses(addresses);
    }
  };

  const session: Session = {
    connection,
    instance: options.instance,
    peer: () => peer,
    setKind(kind) {
      peer = { ...peer, kind };
    },
    sendConsensus(framed) {
      counters.add('consensusSent');
      counters.add('bytesSent', framed.length);
      consensus.send(framed, 1);
    },
    offer: gossip.offer,
    sendStatus: (status) => connection.send({ kind: 'status', status }),
    sendAddresses: (addresses) => connection.send({ kind: 'addresses', addresses }),
    async request(message, signal) {
      if (requestsOut >= limits.requestsInFlight) {
        throw p2pError('P2P_REQUEST_LIMIT', 'too many requests to this peer are open');
      }
      requestsOut += 1;
      counters.add('requestsSent');
      try {
        const open = (): Promise<Channel> => connection.link.open('/ehb/request/1');
        const decoded = await ask(message, { open, version, limits, clock, signal });
        return expectAnswer(decoded, message, drop);
      } catch (error) {
        counters.add('requestsFailed');
        throw error;
      } finally {
        requestsOut -= 1;
      }
    },
    fault(code) {
      const nowMs = clock.now();
      if (nowMs - faultsSinceMs > 60_000) {
        faults = 0;
        faultsSinceMs = nowMs;
      }
      faults += 1;
      counters.fault(code);
      if (faults > limits.faultsPerMinute) drop('P2P_TOO_MANY_FAULTS');
    },
    onControl(message) {
      switch (message.kind) {
        case 'ping':
          return connection.send({ kind: 'pong', nonce: message.nonce });
        case 'pong':
          return;
        case 'status':
          peer = { ...peer, status: message.status };
          return handlers.onStatus(peer, message.status);
        case 'addresses':
          return onAddresses(message.addresses);
        default:
          drop('P2P_MESSAGE_UNEXPECTED');
      }
    },
    onChannel(protocol, channel) {
      if (protocol === '/ehb/request/1') {
        serve(channel);
        return;
      }
      if (inbound.has(protocol)) {
        drop('P2P_STREAM_MISUSE');
        return;
      }
      inbound.add(protocol);
      const onEnd = (): void => {
        inbound.delete(protocol);
      };
      if (protocol === '/ehb/consensus/1') {
        receive(channel, limits.consensusFrameBytes, onConsensus, onEnd);
      } else {
        receive(channel, limits.transactionsFrameBytes, onTransactions, onEnd);
      }
    },
    onEnd(code) {
      over = true;
      if (pingTimer !== undefined) clock.clearTimeout(pingTimer);
      consensus.close();
      transactions.close();
      gossip.close();
      ports.onEnd(session, code);
    },
  };
  return session;
}

type Decoded = Awaited<ReturnType<typeof ask>>;

function expectAnswer(
  decoded: Decoded,
  request: RequestMessage,
  drop: (code: string) => void,
): Answer {
  const message = decoded.ok ? decoded.message : undefined;
  if (message?.kind === 'refusal') {
    throw p2pError('P2P_REQUEST_REFUSED', 'the peer does not serve this request');
  }
  const expected = request.kind === 'bodyRequest' ? 'body' : 'payloads';
  if (message?.kind === expected && isWithin(message as Answer, request)) return message as Answer;
  drop(decoded.ok ? 'P2P_MESSAGE_UNEXPECTED' : decoded.code);
  throw p2pError('P2P_RESPONSE_INVALID', 'the answer is not of the kind asked for');
}

/** No more items than were asked for. */
function isWithin(message: Answer, request: RequestMessage): boolean {
  if (message.kind !== 'payloads') return true;
  if (request.kind === 'blocksRequest') return message.items.length <= request.count;
  if (request.kind === 'snapshotRequest') return message.items.length <= 1;
  return request.kind === 'transactionsRequest' && message.items.length <= request.hashes.length;
}
