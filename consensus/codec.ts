/**
 * Messages as bytes: a version byte, then RLP. Strict and bounded: what decodes encodes to the same
 * bytes, and what does not decode is a typed refusal. QBFT
 */
import {
  bigintToBytes,
  concatBytes,
  decodeHeader,
  decodeRlp,
  encodeHeader,
  encodeRlp,
  type RlpItem,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import { type Fault, FieldReader } from './field-reader.ts';
import type {
  PeerMessage,
  Prepared,
  ProposalMessage,
  SignedCommit,
  SignedPrepare,
  SignedProposal,
  SignedReport,
  SignedRoundChange,
} from './messages.ts';
import { reportPayload } from './signing.ts';

const MESSAGE_VERSION = 1;
/** A Proposal of 65 536 transactions with justification takes about 2.2 MB. */
export const MAX_MESSAGE_BYTES: number = 4 * 1024 * 1024;
const MAX_TRANSACTIONS = 65_536;
const MAX_LIST = 1024;

export function encodeMessage(message: PeerMessage): Uint8Array {
  return concatBytes(Uint8Array.of(MESSAGE_VERSION), encodeRlp(messageItem(message)));
}

/** Refuses with CONSENSUS_TOO_LARGE, CONSENSUS_UNKNOWN_VERSION or CONSENSUS_MALFORMED; never throws. */
export function decodeMessage(
  bytes: Uint8Array,
): Verdict<{ readonly message: PeerMessage }, ConsensusCode> {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    return refuse('CONSENSUS_TOO_LARGE', `a message of ${bytes.length} bytes`);
  }
  const decoded = decodeVersioned(bytes, MESSAGE_VERSION, readMessage);
  return decoded.ok ? { ok: true, message: decoded.value } : decoded;
}

/** Reads a version byte and one RLP list. Own copy: the caller may reuse its buffer. */
export function decodeVersioned<Value>(
  bytes: Uint8Array,
  version: number,
  read: (fields: FieldReader) => Value | undefined,
): Verdict<{ readonly value: Value }, ConsensusCode> {
  if (bytes[0] !== version) {
    return refuse('CONSENSUS_UNKNOWN_VERSION', `version ${bytes[0]}, not ${version}`);
  }
  const decoded = decodeRlp(Uint8Array.from(bytes.subarray(1)));
  if (!decoded.ok) return refuse('CONSENSUS_MALFORMED', decoded.message);
  const fault: Fault = { reason: undefined };
  const fields = new FieldReader(decoded.item, fault);
  const value = read(fields);
  fields.end();
  if (fault.reason !== undefined || value === undefined) {
    return refuse('CONSENSUS_MALFORMED', fault.reason ?? 'unknown kind');
  }
  return { ok: true, value };
}

export function messageItem(message: PeerMessage): RlpItem {
  switch (message.kind) {
    case 'proposal':
      return [
        kindItem(0x12),
        proposalItem(message.signed),
        encodeHeader(message.header),
        concatBytes(...message.transactionHashes),
        message.roundChanges.map(roundChangeItem),
        message.prepares.map(prepareItem),
      ];
    case 'prepare':
      return [kindItem(0x13), prepareItem(message.signed)];
    case 'commit':
      return [kindItem(0x14), commitItem(message.signed)];
    case 'round-change':
      return [kindItem(0x15), roundChangeItem(message.signed), message.prepares.map(prepareItem)];
    case 'report': {
      const { author, signature } = message.signed;
      const signed = [...reportPayload(message.signed), author, signature];
      return [kindItem(0x16), signed, message.prepares.map(prepareItem)];
    }
  }
}

export function readMessage(fields: FieldReader): PeerMessage | undefined {
  switch (fields.round()) {
    case 0x12:
      return readProposal(fields);
    case 0x13:
      return { kind: 'prepare', signed: readPrepare(fields.list()) };
    case 0x14:
      return { kind: 'commit', signed: readCommit(fields.list()) };
    case 0x15:
      return {
        kind: 'round-change',
        signed: readRoundChange(fields.list()),
        prepares: readPrepares(fields),
      };
    case 0x16:
      return {
        kind: 'report',
        signed: readReport(fields.list()),
        prepares: readPrepares(fields),
      };
    default:
      return undefined;
  }
}

export function prepareItem(signed: SignedPrepare): RlpItem {
  return [...viewItems(signed), signed.digest, signed.author, signed.signature];
}

export function readPrepares(fields: FieldReader): readonly SignedPrepare[] {
  return fields.lists(MAX_LIST).map(readPrepare);
}

function kindItem(kind: number): RlpItem {
  return Uint8Array.of(kind);
}

export function viewItems(view: { readonly height: bigint; readonly round: number }): Uint8Array[] {
  return [bigintToBytes(view.height), bigintToBytes(BigInt(view.round))];
}

export function proposalItem(signed: SignedProposal): RlpItem {
  const { digest, transactionsDigest, author, signature } = signed;
  return [...viewItems(signed), digest, transactionsDigest, author, signature];
}

function commitItem(signed: SignedCommit): RlpItem {
  const { digest, commitSeal, author, signature } = signed;
  return [...viewItems(signed), digest, commitSeal, author, signature];
}

export function roundChangeItem(signed: SignedRoundChange): RlpItem {
  const { prepared, author, signature } = signed;
  const preparedItem =
    prepared === undefined ? [] : [bigintToBytes(BigInt(prepared.round)), prepared.digest];
  return [...viewItems(signed), preparedItem, author, signature];
}

function readProposal(fields: FieldReader): ProposalMessage | undefined {
  const signed = readSignedProposal(fields.list());
  const header = decodeHeader(fields.bytes());
  if (!header.ok) {
    fields.fail(header.message);
    return undefined;
  }
  return {
    kind: 'proposal',
    signed,
    header: header.header,
    transactionHashes: fields.hashes(MAX_TRANSACTIONS),
    roundChanges: fields.lists(MAX_LIST).map(readRoundChange),
    prepares: readPrepares(fields),
  };
}

export function readSignedProposal(fields: FieldReader): SignedProposal {
  const view = readView(fields);
  const digests = { digest: fields.hash(), transactionsDigest: fields.hash() };
  return { ...view, ...digests, ...readSignature(fields) };
}

export function readPrepare(fields: FieldReader): SignedPrepare {
  return { ...readView(fields), digest: fields.hash(), ...readSignature(fields) };
}

function readCommit(fields: FieldReader): SignedCommit {
  const view = readView(fields);
  const sealed = { digest: fields.hash(), commitSeal: fields.fixed(65) };
  return { ...view, ...sealed, ...readSignature(fields) };
}

export function readRoundChange(fields: FieldReader): SignedRoundChange {
  return { ...readView(fields), prepared: readPrepared(fields), ...readSignature(fields) };
}

function readReport(fields: FieldReader): SignedReport {
  const height = fields.height();
  const closed = readOptional(fields, (inner) => inner.round());
  const loss = readOptional(fields, (inner) => {
    const [life, bound] = [inner.height(), inner.height()];
    return { life, bound: bound === 0n ? undefined : bound };
  });
  const heard = fields.lists(MAX_LIST).map((each) => {
    const life = { author: each.address(), life: each.height() };
    each.end();
    return life;
  });
  const prepared = readPrepared(fields);
  const asks = fields.round();
  if (asks > 1) fields.fail('a flag is 0 or 1');
  return { height, closed, loss, heard, prepared, asks: asks === 1, ...readSignature(fields) };
}

function readPrepared(fields: FieldReader): Prepared | undefined {
  return readOptional(fields, (inner) => ({ round: inner.round(), digest: inner.hash() }));
}

/** An empty list stands for nothing. */
function readOptional<Value>(
  fields: FieldReader,
  read: (inner: FieldReader) => Value,
): Value | undefined {
  const inner = fields.list();
  const value = inner.length === 0 ? undefined : read(inner);
  inner.end();
  return value;
}

export function readView(fields: FieldReader): { height: bigint; round: number } {
  return { height: fields.height(), round: fields.round() };
}

/** The last two fields of everything signed. */
function readSignature(fields: FieldReader): Pick<SignedPrepare, 'author' | 'signature'> {
  const signature = { author: fields.address(), signature: fields.fixed(65) };
  fields.end();
  return signature;
}
