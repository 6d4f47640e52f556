/**
 * One connection from its first byte to its end: the hello both ways, then a session (W-6).
 *
 * The peer with the larger PeerId says hello first and the other one decides, so of two connections
 * made at the same time both sides keep the same one without asking (W-9).
 */
import type { Verdict } from '../ledger/model/index.ts';
import { isRefusalCode } from './errors.ts';
import { createFrameReader, frame } from './frames.ts';
import type { Limits } from './limits.ts';
import type { Counters } from './metrics.ts';
import type { Clock, Logger } from './network.ts';
import { createOutbox } from './outbox.ts';
import type { Channel, Link, Protocol } from './transport.ts';
import { decodeWire, encodeWire, HELLO_VERSION, type Hello, type WireMessage } from './wire.ts';

/** What takes over once the hello is verified. */
export type SessionEvents = {
  onControl(message: WireMessage): void;
  onChannel(protocol: Protocol, channel: Channel): void;
  /** `code`: why, when this node or the peer gave a reason. */
  onEnd(code: string | undefined): void;
};

export type Connection = {
  readonly link: Link;
  /** On the control stream, in order. */
  send(message: WireMessage): void;
  /** Tells the peer why and ends the connection. */
  drop(code: string): void;
  /** The latest time at which anything came, in ms. */
  heardAtMs(): number;
};

export type ConnectionPorts = {
  readonly selfPeerId: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Rejects when the proof cannot be signed. */
  ownHello(): Promise<Hello>;
  /** Whether the peer may stay. Reserves its place, so that no second connection passes. */
  judge(link: Link, hello: Hello): Verdict<{ version: number }>;
  /** Called once both hellos are through. */
  admit(connection: Connection, hello: Hello, version: number): SessionEvents;
  /** The connection ended, whether it had been admitted or not; `code` as in `onEnd`. */
  ended(link: Link, code: string | undefined): void;
};

type HeldChannel = { readonly protocol: Protocol; readonly channel: Channel };

/** Streams that a peer may open before its hello is through; the order of arrival is not certain. */
const HELD_CHANNELS = 4;

export function openConnection(link: Link, ports: ConnectionPorts): Connection {
  const { limits, clock, logger, counters } = ports;
  const decides = ports.selfPeerId < link.remotePeerId;
  const held: HeldChannel[] = [];
  let session: SessionEvents | undefined;
  let control: Channel | undefined;
  let version = HELLO_VERSION;
  let heardAtMs = clock.now();
  let helloSeen = false;
  let ended = false;
  let endCode: string | undefined;

  const end = (code: string | undefined): void => {
    if (ended) return;
    ended = true;
    clock.clearTimeout(timer);
    outbox.close();
    for (const { channel } of held) channel.abort();
    endCode = code;
    session?.onEnd(code);
    ports.ended(link, code);
  };

  const drop = (code: string): void => {
    if (ended) return;
    counters.dropped(code);
    logger.debug('dropped a connection', { peerId: link.remotePeerId, code });
    control?.send(frame(encodeWire(version, { kind: 'refusal', code })));
    end(code);
    link.end();
  };

  const outbox = createOutbox(
    { maxBytes: limits.sendQueueBytes, stalledMs: limits.stalledMs, drop: 'newest' },
    { clock, onDropped: () => drop('P2P_STALLED'), onStalled: () => drop('P2P_STALLED') },
  );
  const timer = clock.setTimeout(() => drop('P2P_HELLO_TIMEOUT'), limits.helloTimeoutMs);

  const connection: Connection = {
    link,
    send(message) {
      const framed = frame(encodeWire(version, message));
      counters.add('bytesSent', framed.length);
      outbox.send(framed, 1);
    },
    drop,
    heardAtMs: () => heardAtMs,
  };

  const sayHello = async (): Promise<boolean> => {
    try {
      const hello = await ports.ownHello();
      if (!ended) connection.send({ kind: 'hello', hello });
    } catch (error) {
      logger.error('the validator proof could not be signed', { error });
      drop('P2P_CLOSING');
    }
    return !ended;
  };

  const admit = (hello: Hello): void => {
    clock.clearTimeout(timer);
    session = ports.admit(connection, hello, version);
    // Whoever heard of the peer may have dropped it there and then.
    if (ended) session.onEnd(endCode);
    for (const { protocol, channel } of held.splice(0)) session.onChannel(protocol, channel);
  };

  const onHello = (hello: Hello): void => {
    helloSeen = true;
    const verdict = ports.judge(link, hello);
    if (!verdict.ok) {
      drop(verdict.code);
      return;
    }
    if (!decides) {
      version = verdict.version;
      admit(hello);
      return;
    }
    void sayHello().then((said) => {
      if (!said) return;
      version = verdict.version;
      admit(hello);
    });
  };

  const onRefusal = (code: string): void => {
    const known = isRefusalCode(code) ? code : 'P2P_UNKNOWN_REFUSAL';
    counters.refusedByPeer(known);
    logger.debug('a peer refused the connection', { peerId: link.remotePeerId, code: known });
    end(known);
    link.end();
  };

  const onMessage = (bytes: Uint8Array): void => {
    if (ended) return;
    const decoded = decodeWire(bytes, version);
    if (!decoded.ok) {
      drop(decoded.code);
      return;
    }
    const { message } = decoded;
    if (message.kind === 'refusal') {
      onRefusal(message.code);
      return;
    }
    if (session !== undefined) {
      session.onControl(message);
      return;
    }
    if (message.kind !== 'hello' || helloSeen) {
      drop('P2P_HELLO_EXPECTED');
      return;
    }
    onHello(message.hello);
  };

  const attachControl = (channel: Channel): void => {
    if (ended) {
      channel.abort();
      return;
    }
    control = channel;
    const reader = createFrameReader(limits.controlFrameBytes, onMessage);
    channel.listen({
      onData(bytes) {
        heardAtMs = clock.now();
        counters.add('bytesReceived', bytes.length);
        if (!ended && !reader.push(bytes)) drop('P2P_FRAME_TOO_LONG');
      },
      onDrain: outbox.drained,
      onEnd() {
        end(undefined);
        link.end();
      },
    });
    outbox.attach(channel);
    if (!decides) void sayHello();
  };

  const onChannel = (protocol: Protocol, channel: Channel): void => {
    heardAtMs = clock.now();
    if (ended) {
      channel.abort();
      return;
    }
    if (protocol === '/ehb/control/1') {
      if (link.direction === 'outbound' || control !== undefined) {
        drop('P2P_STREAM_MISUSE');
        return;
      }
      attachControl(channel);
      return;
    }
    if (session !== undefined) {
      session.onChannel(protocol, channel);
      return;
    }
    held.push({ protocol, channel });
    if (held.length > HELD_CHANNELS) drop('P2P_HELLO_EXPECTED');
  };

  link.listen({ onChannel, onEnd: () => end(undefined) });
  if (link.direction === 'outbound') {
    link.open('/ehb/control/1').then(attachControl, () => {
      end(undefined);
      link.abort();
    });
  }
  return connection;
}
