/**
 * Connections inside one process, with seeded faults: the loss, delay, duplication and reordering of
 * consensus messages and gossip, and partitions. Control and request streams are reliable, as on TCP.
 */
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { p2pError } from './errors.ts';
import type { Clock } from './network.ts';
import type {
  Channel,
  ChannelEvents,
  Link,
  LinkEvents,
  Protocol,
  Transport,
  TransportEvents,
} from './transport.ts';

/** Each rate from 0 to 1, for each message on its own. */
export type Faults = {
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Each message takes so long; unequal values reorder. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
};

export type MemoryHub = {
  setFaults(faults: Partial<Faults>): void;
  /** Cuts the connections between PeerIds of different groups; who is in no group is alone. */
  partition(groups: readonly (readonly string[])[]): void;
  heal(): void;
  join(nodeKey: Uint8Array, events: TransportEvents): Transport;
};

const NO_FAULTS: Faults = { lossRate: 0, duplicateRate: 0, minDelayMs: 0, maxDelayMs: 0 };
/** Bytes on their way on one stream before `send` asks to wait. */
const WINDOW_BYTES = 256 * 1024;

type Member = { readonly events: TransportEvents; readonly links: Set<MemoryLink> };
type MemoryLink = Link & { ended(): void; opened(protocol: Protocol, channel: Channel): void };

export function createMemoryHub(modules: {
  readonly clock: Clock;
  /** Seeded, so that a run can be repeated. */
  random(): number;
  /** Told of each message that is lost or duplicated. */
  onFault?(kind: 'loss' | 'duplication'): void;
  /** In place of deriving a PeerId each time, which takes milliseconds. */
  peerIdOf?(nodeKey: Uint8Array): string;
}): MemoryHub {
  const members = new Map<string, Member>();
  let faults = NO_FAULTS;
  let groups: readonly ReadonlySet<string>[] | undefined;

  const areTogether = (a: string, b: string): boolean =>
    groups === undefined || groups.some((group) => group.has(a) && group.has(b));

  const deliver: Deliver = (protocol, size, arrive) => {
    if (protocol !== '/ehb/consensus/1' && protocol !== '/ehb/transactions/1') {
      queueMicrotask(() => arrive(true));
      return;
    }
    const { random, clock } = modules;
    const delayMs = (): number =>
      faults.minDelayMs + random() * (faults.maxDelayMs - faults.minDelayMs);
    const later = (first: boolean, kept: boolean): void => {
      const finish = (): void => arrive(kept, first ? size : 0);
      if (faults.maxDelayMs === 0) queueMicrotask(finish);
      else clock.setTimeout(finish, delayMs());
    };
    const lost = faults.lossRate > 0 && random() < faults.lossRate;
    if (lost) modules.onFault?.('loss');
    later(true, !lost);
    if (faults.duplicateRate === 0 || random() >= faults.duplicateRate) return;
    modules.onFault?.('duplication');
    later(false, true);
  };

  const connect = (dialler: string, listener: string): Link => {
    const from = members.get(dialler);
    const to = members.get(listener);
    if (from === undefined || to === undefined || !areTogether(dialler, listener)) {
      throw p2pError('P2P_CONNECTION_LOST', 'nobody listens there');
    }
    to.events.onAttempt();
    if (!to.events.accepts(dialler)) throw p2pError('P2P_BUSY', 'the peer takes nobody now');
    const [near, far] = createLinks(dialler, listener, deliver, () => {
      from.links.delete(near);
      to.links.delete(far);
    });
    from.links.add(near);
    to.links.add(far);
    queueMicrotask(() => to.events.onLink(far));
    return near;
  };

  return {
    setFaults(changed) {
      faults = { ...faults, ...changed };
    },
    partition(named) {
      groups = named.map((group) => new Set(group));
      for (const [peerId, { links }] of members) {
        for (const link of [...links]) if (!areTogether(peerId, link.remotePeerId)) link.abort();
      }
    },
    heal() {
      groups = undefined;
    },
    join(nodeKey, events) {
      const peerId = (modules.peerIdOf ?? derivePeerId)(nodeKey);
      const member: Member = { events, links: new Set() };
      members.set(peerId, member);
      return {
        peerId,
        addresses: [`/memory/${peerId}`],
        peerIdOf: (address) => /^\/memory\/(\w+)$/.exec(address)?.[1],
        async dial(addresses, signal) {
          signal.throwIfAborted();
          const [address = ''] = addresses;
          return connect(peerId, address.slice('/memory/'.length));
        },
        async close() {
          if (members.get(peerId) === member) members.delete(peerId);
          for (const link of [...member.links]) link.abort();
        },
      };
    },
  };
}

function derivePeerId(nodeKey: Uint8Array): string {
  return peerIdFromPrivateKey(privateKeyFromRaw(nodeKey)).toString();
}

/** Calls `arrive(kept, freedBytes)` once for each copy; `kept` false: the message is lost. */
type Deliver = (
  protocol: Protocol,
  size: number,
  arrive: (kept: boolean, freedBytes?: number) => void,
) => void;

function createLinks(
  dialler: string,
  listener: string,
  deliver: Deliver,
  onEnd: () => void,
): readonly [MemoryLink, MemoryLink] {
  const channels = new Set<() => void>();
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    for (const abort of [...channels]) abort();
    onEnd();
    for (const link of [near, far]) queueMicrotask(link.ended);
  };
  const openBetween = (protocol: Protocol, other: () => MemoryLink): Channel => {
    if (over) throw p2pError('P2P_CONNECTION_LOST', 'the connection has ended');
    const [mine, theirs] = createChannels(protocol, deliver, (abort) => channels.delete(abort));
    channels.add(mine.abort);
    queueMicrotask(() => {
      if (!over) other().opened(protocol, theirs);
    });
    return mine;
  };
  const near = createLink(
    listener,
    'outbound',
    (protocol) => openBetween(protocol, () => far),
    end,
  );
  const far = createLink(dialler, 'inbound', (protocol) => openBetween(protocol, () => near), end);
  return [near, far];
}

function createLink(
  remotePeerId: string,
  direction: Link['direction'],
  open: (protocol: Protocol) => Channel,
  end: () => void,
): MemoryLink {
  let events: LinkEvents | undefined;
  let over = false;
  const early: (readonly [Protocol, Channel])[] = [];
  return {
    remotePeerId,
    direction,
    open: async (protocol) => open(protocol),
    listen(listener) {
      events = listener;
      for (const [protocol, channel] of early.splice(0)) listener.onChannel(protocol, channel);
      if (over) listener.onEnd();
    },
    opened(protocol, channel) {
      if (events === undefined) early.push([protocol, channel]);
      else events.onChannel(protocol, channel);
    },
    ended() {
      over = true;
      events?.onEnd();
    },
    // What was sent is delivered by microtasks that are queued already.
    end: () => queueMicrotask(() => queueMicrotask(end)),
    abort: end,
  };
}

type End = Channel & {
  /** Runs it now, or when somebody listens. */
  whenHeard(action: () => void): void;
  arrive(bytes: Uint8Array): void;
  over(): void;
};

function createChannels(
  protocol: Protocol,
  deliver: Deliver,
  onAbort: (abort: () => void) => void,
): readonly [Channel, Channel] {
  const abort = (): void => {
    onAbort(abort);
    for (const end of [a, b]) queueMicrotask(end.over);
  };
  const a: End = createEnd(protocol, deliver, () => b, abort);
  const b: End = createEnd(protocol, deliver, () => a, abort);
  return [a, b];
}

function createEnd(protocol: Protocol, deliver: Deliver, peer: () => End, abort: () => void): End {
  let events: ChannelEvents | undefined;
  let inFlight = 0;
  let full = false;
  let finished = false;
  let over = false;
  /** Arrived before anybody listened; these bytes stay in the sender's window. */
  const early: (() => void)[] = [];

  const whenHeard = (action: () => void): void => {
    if (events === undefined) early.push(action);
    else action();
  };

  const end: End = {
    get queuedBytes() {
      return inFlight;
    },
    send(bytes) {
      if (finished || over) return true;
      inFlight += bytes.length;
      full = inFlight >= WINDOW_BYTES;
      const sent = bytes.slice();
      deliver(protocol, sent.length, (kept, freed = sent.length) =>
        peer().whenHeard(() => {
          if (kept) peer().arrive(sent);
          inFlight -= freed;
          if (full && inFlight === 0) {
            full = false;
            whenHeard(() => events?.onDrain());
          }
        }),
      );
      return !full;
    },
    whenHeard,
    listen(listener) {
      events = listener;
      for (const action of early.splice(0)) action();
    },
    arrive(bytes) {
      if (!over) events?.onData(bytes);
    },
    over() {
      if (over) return;
      over = true;
      whenHeard(() => events?.onEnd());
    },
    finish() {
      if (finished) return;
      finished = true;
      queueMicrotask(() => queueMicrotask(peer().over));
    },
    abort,
  };
  return end;
}
