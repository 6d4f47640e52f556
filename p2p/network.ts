/**
 * The port between the node and its peers: what `createNetwork` (libp2p) and `createMemoryNetwork`
 * (in process, with faults) both are. `network.contract.ts` holds them to the same behaviour.
 */
import type { Address, Hash, Height } from '../ledger/model/index.ts';
import type { Limits } from './limits.ts';
import type { NetworkMetrics } from './metrics.ts';

/** What a member tells about itself: with its hello, then whenever it changes. */
export type PeerStatus = {
  /** Height and hash of its head. */
  readonly height: Height;
  readonly hash: Hash;
  /** Round it is in at the next height. */
  readonly round: number;
  /** It has no usable consensus log and does not vote. */
  readonly lost: boolean;
};

/**
 * Why a peer is admitted. `validator`: its proved address is in the current set. `allowed`: it is on
 * the allowlist. `former`: its proved address was in an earlier set; it may ask for blocks only.
 */
export type PeerKind = 'validator' | 'former' | 'allowed';

export type PeerInfo = {
  /** libp2p PeerId of the peer's node key, base58. */
  readonly peerId: string;
  /** Address of the validator key that it proved to hold. */
  readonly address: Address | undefined;
  readonly kind: PeerKind;
  /** Which side opened the connection. */
  readonly direction: 'inbound' | 'outbound';
  readonly status: PeerStatus;
  readonly connectedAtMs: number;
};

/** Who may connect. A denied PeerId or address stays out, whatever else names it. */
export type Members = {
  readonly validators: readonly Address[];
  readonly formerValidators: readonly Address[];
  /** PeerIds, or addresses with `0x`. */
  readonly allowlist: readonly string[];
  readonly denylist: readonly string[];
};

export type NetworkOptions = {
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Multiaddrs to tell other members instead of those listened on; empty tells none. */
  readonly announce?: readonly string[];
  /** Multiaddrs, each ending in `/p2p/<PeerId>`. */
  readonly bootPeers: readonly string[];
  /** secp256k1 private key, 32 bytes: the libp2p identity. */
  readonly nodeKey: Uint8Array;
  readonly chainId: bigint;
  readonly genesisHash: Hash;
  /** Proves the validator address to peers; undefined for a node without a validator key. */
  readonly validator: ValidatorIdentity | undefined;
  readonly members: Members;
  /** Sent in the hello until the first `announce`. */
  readonly status: PeerStatus;
  /** Replaces single defaults. */
  readonly limits?: Partial<Limits>;
};

export type ValidatorIdentity = {
  readonly address: Address;
  /** Signature over a 32-byte digest; may be remote. */
  sign(digest: Hash): Promise<{ readonly signature: Uint8Array; readonly yParity: number }>;
};

/** Called as messages arrive. A handler does not throw: one that does costs the message. */
export type NetworkHandlers = {
  onConsensus(from: PeerInfo, message: Uint8Array): void;
  onTransactions(from: PeerInfo, raws: readonly Uint8Array[]): void;
  /** A changed status; the first one is in `onPeerJoined`. */
  onStatus(from: PeerInfo, status: PeerStatus): void;
  onPeerJoined(peer: PeerInfo): void;
  onPeerLeft(peer: PeerInfo): void;
  /** RLP of `count` blocks from `from` on, or of as many of them as there are. */
  serveBlocks(from: Height, count: number): readonly Uint8Array[];
  /** RLP of the block with that digest. */
  serveBody(digest: Hash): Uint8Array | undefined;
  /** Those that are known, in any order. */
  serveTransactions(hashes: readonly Hash[]): readonly Uint8Array[];
  /** Some bytes of this node's snapshot behind `offset`; undefined if it has none, empty at its end. */
  serveSnapshot(offset: bigint): Uint8Array | undefined;
};

export type Logger = {
  readonly [level in 'error' | 'warn' | 'info' | 'debug' | 'trace']: (
    message: string,
    data?: object,
  ) => void;
};

export type Clock = {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  setTimeout(callback: () => void, afterMs: number): object;
  clearTimeout(handle: object): void;
};

export type NetworkModules = {
  readonly handlers: NetworkHandlers;
  readonly logger: Logger;
  readonly clock: Clock;
  /** From 0 to below 1; jitter and instance numbers, nothing secret. */
  random(): number;
};

export type RequestOptions = { readonly signal?: AbortSignal };

export type Network = {
  readonly peerId: string;
  /** Multiaddrs with PeerId under which this node can be dialled. */
  readonly addresses: readonly string[];
  peers(): readonly PeerInfo[];
  /** Takes effect at once: drops who is no longer admitted, dials again who may be now. */
  setMembers(members: Members): void;
  /** To the connected validator with that address, or to all; never throws, never waits. */
  sendConsensus(to: Address | 'all', message: Uint8Array): void;
  /** To every validator and allowed peer that has not sent or been sent the same bytes. */
  gossipTransactions(raws: readonly Uint8Array[]): void;
  announce(status: PeerStatus): void;
  /** Encoded blocks `from`, `from + 1`, ...: at most `count`, as many as the peer gives. */
  requestBlocks(
    peerId: string,
    from: Height,
    count: number,
    options?: RequestOptions,
  ): Promise<readonly Uint8Array[]>;
  requestBody(
    peerId: string,
    digest: Hash,
    options?: RequestOptions,
  ): Promise<Uint8Array | undefined>;
  requestTransactions(
    peerId: string,
    hashes: readonly Hash[],
    options?: RequestOptions,
  ): Promise<readonly Uint8Array[]>;
  /** Some bytes of the peer's snapshot behind `offset`; undefined if it has none, empty at its end. */
  requestSnapshot(
    peerId: string,
    offset: bigint,
    options?: RequestOptions,
  ): Promise<Uint8Array | undefined>;
  /** The caller found what this peer sent to be invalid; peers with many faults are dropped. */
  reportFault(peerId: string, code: string): void;
  metrics(): NetworkMetrics;
  close(): Promise<void>;
};
