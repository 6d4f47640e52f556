/**
 * What the network needs below itself: authenticated connections that carry byte streams. Two
 * implementations: `libp2p-transport.ts` and `memory-transport.ts`.
 */

/** Names of the streams of a connection (W-1). */
export const PROTOCOLS = [
  '/ehb/control/1',
  '/ehb/consensus/1',
  '/ehb/transactions/1',
  '/ehb/request/1',
] as const;

export type Protocol = (typeof PROTOCOLS)[number];

export type ChannelEvents = {
  /** Bytes in order, cut anywhere. */
  onData(bytes: Uint8Array): void;
  /** Everything sent so far was handed to the connection. */
  onDrain(): void;
  /** Nothing comes any more: the peer closed its side, or the stream ended. Called once. */
  onEnd(): void;
};

/** One stream of a connection. */
export type Channel = {
  /** False: wait for `onDrain` before sending more. Sending on an ended channel does nothing. */
  send(bytes: Uint8Array): boolean;
  /** Bytes taken by `send` and not yet handed to the connection. */
  readonly queuedBytes: number;
  /** Starts delivery. Until then arriving bytes are held back, and the peer with them. */
  listen(events: ChannelEvents): void;
  /** Ends our side after what was sent. */
  finish(): void;
  /** Ends both sides now. */
  abort(): void;
};

/** One connection; the remote PeerId is authenticated before it exists. */
export type Link = {
  readonly remotePeerId: string;
  readonly direction: 'inbound' | 'outbound';
  /** Rejects when the connection ends first. */
  open(protocol: Protocol): Promise<Channel>;
  /** Calls back once for each stream that the peer opens and once at the end. */
  listen(events: LinkEvents): void;
  /** Ends the connection after what was sent, at the latest after a second. */
  end(): void;
  /** Ends the connection and all its streams now. */
  abort(): void;
};

export type LinkEvents = {
  onChannel(protocol: Protocol, channel: Channel): void;
  onEnd(): void;
};

export type Transport = {
  readonly peerId: string;
  /** Multiaddrs with PeerId under which this node can be dialled. */
  readonly addresses: readonly string[];
  /** The PeerId in an address that this transport can dial; undefined for any other string. */
  peerIdOf(address: string): string | undefined;
  /** Tries the addresses (all of one peer) in turn. Rejects when none leads to that peer. */
  dial(addresses: readonly string[], signal: AbortSignal): Promise<Link>;
  close(): Promise<void>;
};

export type TransportEvents = {
  /** Somebody knocks; nothing is known of him. */
  onAttempt(): void;
  /** Asked when the PeerId is known and before anything else is spent on an inbound connection. */
  accepts(peerId: string): boolean;
  /** An inbound connection. */
  onLink(link: Link): void;
};
