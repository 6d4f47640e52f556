/**
 * Messages between nodes: a versioned protobuf envelope with one message in it (`docs/spec/wire.md`).
 */
import protobuf from 'protobufjs/light.js';
import {
  type Address,
  asAddress,
  asHash,
  bigintToBytes,
  bytesToBigint,
  type Hash,
  type Height,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import type { PeerStatus } from './network.ts';
import { isMessage } from './wire-check.ts';
import { type Field, WIRE_SCHEMA } from './wire-schema.ts';

/** Versions that this node speaks; every envelope carries the agreed one (W-5). */
export const MIN_VERSION = 1;
export const MAX_VERSION = 1;
/** The hello and its refusal look the same in every version of the protocol. */
export const HELLO_VERSION = 1;

export type Proof = {
  readonly address: Address;
  /** Unix seconds. */
  readonly expiry: bigint;
  readonly signature: Uint8Array;
  readonly yParity: number;
};

export type Hello = {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly chainId: bigint;
  readonly genesisHash: Hash;
  readonly instance: Uint8Array;
  readonly status: PeerStatus;
  readonly proof: Proof | undefined;
  readonly addresses: readonly string[];
  readonly knownAddresses: readonly string[];
};

export type WireMessage =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'refusal'; readonly code: string }
  | { readonly kind: 'status'; readonly status: PeerStatus }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'ping' | 'pong'; readonly nonce: number }
  | { readonly kind: 'consensus'; readonly message: Uint8Array }
  | { readonly kind: 'transactions'; readonly raws: readonly Uint8Array[] }
  | { readonly kind: 'blocksRequest'; readonly from: Height; readonly count: number }
  | { readonly kind: 'bodyRequest'; readonly digest: Hash }
  | { readonly kind: 'snapshotRequest'; readonly offset: bigint }
  | { readonly kind: 'transactionsRequest'; readonly hashes: readonly Hash[] }
  | { readonly kind: 'payloads'; readonly items: readonly Uint8Array[] }
  | { readonly kind: 'body'; readonly block: Uint8Array | undefined };

export type WireKind = WireMessage['kind'];

const ENVELOPE: protobuf.Type = createTypes().lookupType('Envelope');

export function encodeWire(version: number, message: WireMessage): Uint8Array {
  const encoded = ENVELOPE.encode({ version, ...toFields(message) }).finish();
  // protobufjs writes into a pooled Buffer; everything here is a plain Uint8Array.
  return new Uint8Array(encoded);
}

/** Decodes one message of the agreed version. Byte strings in it are copies. */
export function decodeWire(bytes: Uint8Array, version: number): Verdict<{ message: WireMessage }> {
  if (!isMessage('Envelope', bytes)) {
    return refuse('P2P_MESSAGE_MALFORMED', 'the bytes are no message of the protocol');
  }
  const fields = ENVELOPE.toObject(ENVELOPE.decode(bytes)) as Fields;
  if (fields['version'] !== version) {
    return refuse('P2P_MESSAGE_VERSION', 'the message is of a version that was not agreed on');
  }
  const kinds = Object.keys(fields).filter((name) => name !== 'version');
  const kind = kinds[0];
  const message =
    kinds.length === 1 && kind !== undefined ? fromFields(kind, fields[kind]) : undefined;
  if (message === undefined) {
    return refuse('P2P_MESSAGE_MALFORMED', 'an envelope holds exactly one message');
  }
  return { ok: true, message };
}

/** What protobufjs decodes to; the shape was checked by `isMessage`, hence the casts below. */
type Fields = Record<string, unknown>;
type LongBits = { readonly low: number; readonly high: number };

function toFields(message: WireMessage): Fields {
  switch (message.kind) {
    case 'hello':
      return { hello: toHelloFields(message.hello) };
    case 'refusal':
      return { refusal: { code: message.code } };
    case 'status':
      return { status: toStatusFields(message.status) };
    case 'addresses':
      return { addresses: { addresses: message.addresses } };
    case 'ping':
    case 'pong':
      return { [message.kind]: { nonce: message.nonce } };
    case 'consensus':
      return { consensus: message.message };
    case 'transactions':
      return { transactions: { items: message.raws } };
    case 'blocksRequest':
      return { blocksRequest: { from: toLong(message.from), count: message.count } };
    case 'snapshotRequest':
      return { snapshotRequest: { offset: toLong(message.offset) } };
    case 'bodyRequest':
      return { bodyRequest: { hashes: [message.digest] } };
    case 'transactionsRequest':
      return { transactionsRequest: { hashes: message.hashes } };
    case 'payloads':
      return { payloads: { items: message.items } };
    case 'body':
      return { body: message.block === undefined ? {} : { block: message.block } };
  }
}

function fromFields(kind: string, value: unknown): WireMessage | undefined {
  const fields = value as Fields;
  switch (kind as WireKind) {
    case 'hello':
      return { kind: 'hello', hello: fromHelloFields(fields) };
    case 'refusal':
      return { kind: 'refusal', code: fields['code'] as string };
    case 'status':
      return { kind: 'status', status: fromStatusFields(fields) };
    case 'addresses':
      return { kind: 'addresses', addresses: listOf<string>(fields['addresses']) };
    case 'ping':
      return { kind: 'ping', nonce: fields['nonce'] as number };
    case 'pong':
      return { kind: 'pong', nonce: fields['nonce'] as number };
    case 'consensus':
      return { kind: 'consensus', message: copy(value) };
    case 'transactions':
      return { kind: 'transactions', raws: listOf(fields['items']).map(copy) };
    case 'blocksRequest':
      return {
        kind: 'blocksRequest',
        from: fromLong(fields['from']),
        count: fields['count'] as number,
      };
    case 'snapshotRequest':
      return { kind: 'snapshotRequest', offset: fromLong(fields['offset']) };
    case 'bodyRequest': {
      const hashes = listOf(fields['hashes']).map(copy).map(asHash);
      const [digest] = hashes;
      return digest === undefined || hashes.length > 1
        ? undefined
        : { kind: 'bodyRequest', digest };
    }
    case 'transactionsRequest':
      return {
        kind: 'transactionsRequest',
        hashes: listOf(fields['hashes']).map(copy).map(asHash),
      };
    case 'payloads':
      return { kind: 'payloads', items: listOf(fields['items']).map(copy) };
    case 'body':
      return {
        kind: 'body',
        block: fields['block'] === undefined ? undefined : copy(fields['block']),
      };
  }
}

function toHelloFields(hello: Hello): Fields {
  const { proof } = hello;
  return {
    ...hello,
    chainId: bigintToBytes(hello.chainId),
    status: toStatusFields(hello.status),
    proof: proof && {
      address: proof.address,
      expiry: toLong(proof.expiry),
      signature: Uint8Array.from([...proof.signature, proof.yParity]),
    },
  };
}

function fromHelloFields(fields: Fields): Hello {
  return {
    minVersion: fields['minVersion'] as number,
    maxVersion: fields['maxVersion'] as number,
    chainId: bytesToBigint(copy(fields['chainId'])),
    genesisHash: asHash(copy(fields['genesisHash'])),
    instance: copy(fields['instance']),
    status: fromStatusFields(fields['status'] as Fields),
    proof: fields['proof'] === undefined ? undefined : fromProofFields(fields['proof'] as Fields),
    addresses: listOf<string>(fields['addresses']),
    knownAddresses: listOf<string>(fields['knownAddresses']),
  };
}

function fromProofFields(fields: Fields): Proof {
  const signature = copy(fields['signature']);
  return {
    address: asAddress(copy(fields['address'])),
    expiry: fromLong(fields['expiry']),
    signature: signature.subarray(0, 64),
    yParity: signature[64] as number,
  };
}

function toStatusFields(status: PeerStatus): Fields {
  return { ...status, height: toLong(status.height) };
}

function fromStatusFields(fields: Fields): PeerStatus {
  return {
    height: fromLong(fields['height']),
    hash: asHash(copy(fields['hash'])),
    round: fields['round'] as number,
    lost: fields['lost'] as boolean,
  };
}

/** A plain copy, so that one short value does not keep a long message in memory. */
function copy(value: unknown): Uint8Array {
  return new Uint8Array(value as Uint8Array);
}

function listOf<T = unknown>(value: unknown): readonly T[] {
  return (value as readonly T[] | undefined) ?? [];
}

function toLong(value: bigint): LongBits & { readonly unsigned: true } {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: true,
  };
}

function fromLong(value: unknown): bigint {
  const { low, high } = value as LongBits;
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function createTypes(): protobuf.Root {
  const root = new protobuf.Root();
  for (const [name, fields] of Object.entries(WIRE_SCHEMA)) {
    const type = new protobuf.Type(name);
    for (const [fieldName, field] of Object.entries(fields)) {
      type.add(new protobuf.Field(fieldName, field.id, field.type, ruleOf(field)));
    }
    root.add(type);
  }
  return root;
}

function ruleOf(field: Field): string | undefined {
  if (field.maxCount !== undefined) return 'repeated';
  return field.optional ? 'optional' : 'required';
}
