/**
 * Keeps trying to reach the peers whose addresses are known, each with a growing pause and jitter.
 * Addresses come from the boot list, from hellos, and from what members tell of each other.
 */
import type { Limits } from './limits.ts';
import type { Clock } from './network.ts';

/** Addresses kept per peer. */
const ADDRESSES_PER_PEER = 8;
/** A peer of hearsay that was never reached is forgotten after so many attempts. */
const HEARSAY_ATTEMPTS = 8;

export type DialerPorts = {
  readonly clock: Clock;
  random(): number;
  /** The PeerId in an address; undefined for a string that cannot be dialled. */
  peerIdOf(address: string): string | undefined;
  /** Whether a connection to that peer is wanted now. */
  wants(peerId: string): boolean;
  /** Resolves when the attempt is over, with its success; never rejects. */
  dial(peerId: string, addresses: readonly string[]): Promise<boolean>;
};

export type Dialer = {
  /** Adds addresses and dials their peers `afterMs` from now. */
  learn(addresses: readonly string[], afterMs: number): void;
  /** The peer was admitted: it is remembered. */
  connected(peerId: string): void;
  /** The connection ended after `lastedMs`. */
  disconnected(peerId: string, lastedMs: number): void;
  /** Forgets all pauses and dials whoever is wanted. */
  wake(): void;
  close(): void;
};

type Entry = {
  addresses: readonly string[];
  readonly boot: boolean;
  /** It was connected once. */
  proved: boolean;
  failures: number;
  timer: object | undefined;
  dialling: boolean;
};

export function createDialer(
  bootPeers: readonly string[],
  limits: Limits,
  ports: DialerPorts,
): Dialer {
  const entries = new Map<string, Entry>();
  let closed = false;

  const cancel = (entry: Entry): void => {
    if (entry.timer !== undefined) ports.clock.clearTimeout(entry.timer);
    entry.timer = undefined;
  };

  const schedule = (peerId: string, entry: Entry, afterMs: number): void => {
    if (closed || entry.dialling) return;
    cancel(entry);
    entry.timer = ports.clock.setTimeout(() => {
      entry.timer = undefined;
      void attempt(peerId, entry);
    }, afterMs);
  };

  const pauseMs = (entry: Entry): number => {
    const pause = Math.min(limits.maxBackoffMs, limits.minBackoffMs * 2 ** entry.failures);
    return pause * (0.5 + ports.random() / 2);
  };

  const attempt = async (peerId: string, entry: Entry): Promise<void> => {
    if (closed || !ports.wants(peerId)) return;
    entry.dialling = true;
    const reached = await ports.dial(peerId, entry.addresses);
    entry.dialling = false;
    if (closed || reached || !ports.wants(peerId)) return;
    entry.failures += 1;
    if (!entry.boot && !entry.proved && entry.failures >= HEARSAY_ATTEMPTS) entries.delete(peerId);
    else schedule(peerId, entry, pauseMs(entry));
  };

  const remember = (peerId: string, address: string, boot: boolean): Entry | undefined => {
    const known = entries.get(peerId);
    if (known === undefined) {
      if (!boot && entries.size >= limits.knownPeers) return undefined;
      const entry: Entry = {
        addresses: [address],
        boot,
        proved: false,
        failures: 0,
        timer: undefined,
        dialling: false,
      };
      entries.set(peerId, entry);
      return entry;
    }
    if (!known.addresses.includes(address)) {
      known.addresses = [address, ...known.addresses].slice(0, ADDRESSES_PER_PEER);
    }
    return known;
  };

  const learn = (addresses: readonly string[], boot: boolean, afterMs: number): void => {
    const touched = new Map<string, Entry>();
    for (const address of addresses) {
      const peerId = ports.peerIdOf(address);
      const entry = peerId === undefined ? undefined : remember(peerId, address, boot);
      if (peerId !== undefined && entry !== undefined) touched.set(peerId, entry);
    }
    for (const [peerId, entry] of touched) {
      if (!ports.wants(peerId)) continue;
      entry.failures = 0;
      schedule(peerId, entry, afterMs);
    }
  };

  learn(bootPeers, true, 0);

  return {
    learn: (addresses, afterMs) => learn(addresses, false, afterMs),
    connected(peerId) {
      const entry = entries.get(peerId);
      if (entry === undefined) return;
      entry.proved = true;
      cancel(entry);
    },
    disconnected(peerId, lastedMs) {
      const entry = entries.get(peerId);
      if (entry === undefined || !ports.wants(peerId)) return;
      // A connection that lasted starts over; one that broke at once goes on where it was.
      entry.failures = lastedMs > limits.maxBackoffMs ? 0 : entry.failures + 1;
      schedule(peerId, entry, pauseMs(entry));
    },
    wake() {
      for (const [peerId, entry] of entries) {
        if (!ports.wants(peerId)) continue;
        entry.failures = 0;
        schedule(peerId, entry, 0);
      }
    },
    close() {
      closed = true;
      for (const entry of entries.values()) cancel(entry);
    },
  };
}
