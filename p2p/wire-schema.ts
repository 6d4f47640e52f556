/**
 * The messages of the wire as one table (W-3, W-4): from it come the protobuf types that encode and
 * the strict check that every received message passes before it is decoded.
 */

export type Field = {
  readonly id: number;
  readonly type: 'bytes' | 'string' | 'uint32' | 'uint64' | 'bool' | MessageName;
  /** Longest value in bytes (`bytes`, `string`), and with `exact` the only length. */
  readonly maxBytes?: number;
  readonly exact?: boolean;
  /** A list of at most so many. */
  readonly maxCount?: number;
  readonly optional?: boolean;
};

export type MessageName =
  | 'Envelope'
  | 'Hello'
  | 'Proof'
  | 'Status'
  | 'Refusal'
  | 'Addresses'
  | 'Nonce'
  | 'Payloads'
  | 'BlocksRequest'
  | 'SnapshotRequest'
  | 'Hashes'
  | 'Body';

export type MessageSchema = Readonly<Record<string, Field>>;

const MIB = 1024 * 1024;
const HASH = { type: 'bytes', maxBytes: 32, exact: true } as const;
/** Multiaddrs with PeerId. */
const ADDRESS = { type: 'string', maxBytes: 256 } as const;

export const WIRE_SCHEMA: Readonly<Record<MessageName, MessageSchema>> = {
  /** Exactly one field beside the version is set. */
  Envelope: {
    version: { id: 1, type: 'uint32' },
    hello: { id: 2, type: 'Hello', optional: true },
    refusal: { id: 3, type: 'Refusal', optional: true },
    status: { id: 4, type: 'Status', optional: true },
    addresses: { id: 5, type: 'Addresses', optional: true },
    ping: { id: 6, type: 'Nonce', optional: true },
    pong: { id: 7, type: 'Nonce', optional: true },
    consensus: { id: 8, type: 'bytes', maxBytes: 4 * MIB, optional: true },
    transactions: { id: 9, type: 'Payloads', optional: true },
    blocksRequest: { id: 10, type: 'BlocksRequest', optional: true },
    bodyRequest: { id: 11, type: 'Hashes', optional: true },
    transactionsRequest: { id: 12, type: 'Hashes', optional: true },
    payloads: { id: 13, type: 'Payloads', optional: true },
    body: { id: 14, type: 'Body', optional: true },
    snapshotRequest: { id: 15, type: 'SnapshotRequest', optional: true },
  },
  Hello: {
    minVersion: { id: 1, type: 'uint32' },
    maxVersion: { id: 2, type: 'uint32' },
    chainId: { id: 3, type: 'bytes', maxBytes: 32 },
    genesisHash: { id: 4, ...HASH },
    /** Random per process: tells a restarted peer from a second connection. */
    instance: { id: 5, type: 'bytes', maxBytes: 8, exact: true },
    status: { id: 6, type: 'Status' },
    proof: { id: 7, type: 'Proof', optional: true },
    /** Of the sender. */
    addresses: { id: 8, ...ADDRESS, maxCount: 8 },
    /** Of other members that it knows. */
    knownAddresses: { id: 9, ...ADDRESS, maxCount: 128 },
  },
  Proof: {
    address: { id: 1, type: 'bytes', maxBytes: 20, exact: true },
    /** Unix seconds. */
    expiry: { id: 2, type: 'uint64' },
    /** r, s and parity. */
    signature: { id: 3, type: 'bytes', maxBytes: 65, exact: true },
  },
  Status: {
    height: { id: 1, type: 'uint64' },
    hash: { id: 2, ...HASH },
    round: { id: 3, type: 'uint32' },
    lost: { id: 4, type: 'bool' },
  },
  Refusal: {
    code: { id: 1, type: 'string', maxBytes: 64 },
  },
  Addresses: {
    addresses: { id: 1, ...ADDRESS, maxCount: 128 },
  },
  Nonce: {
    nonce: { id: 1, type: 'uint32' },
  },
  Payloads: {
    items: { id: 1, type: 'bytes', maxBytes: 16 * MIB, maxCount: 65_536 },
  },
  BlocksRequest: {
    from: { id: 1, type: 'uint64' },
    count: { id: 2, type: 'uint32' },
  },
  SnapshotRequest: {
    /** Bytes of the snapshot before those that are asked for. */
    offset: { id: 1, type: 'uint64' },
  },
  Hashes: {
    hashes: { id: 1, ...HASH, maxCount: 4096 },
  },
  Body: {
    /** Absent: the sender does not have it. */
    block: { id: 1, type: 'bytes', maxBytes: 16 * MIB, optional: true },
  },
};

/** Messages in which a later version may add fields: these are skipped, not refused (W-4). */
export const EXTENSIBLE: ReadonlySet<MessageName> = new Set(['Hello', 'Refusal']);
