/**
 * What exactly is signed, putting signatures in place, and checking them. QBFT
 *
 * The commit seal and the Commit's own signature do not cover each other, so that a (remote) signer
 * can be asked for both at once.
 */
import { keccak256, recoverAddress } from '#crypto';
import {
  type Address,
  bigintToBytes,
  compareBytes,
  concatBytes,
  encodeRlp,
  equalBytes,
  type Hash,
  hexToBytes,
  invariant,
  type RlpItem,
} from '../ledger/model/index.ts';
import type {
  MessageHead,
  PeerMessage,
  Prepared,
  QbftMessage,
  ReportBody,
  ReportMessage,
  Signature,
  SignedProposal,
  UnsignedMessage,
  UnsignedReport,
} from './messages.ts';

/** Besu's message codes, and one of our own for reports. */
export const MESSAGE_CODES: {
  readonly proposal: 0x12;
  readonly prepare: 0x13;
  readonly commit: 0x14;
  readonly 'round-change': 0x15;
  readonly report: 0x17;
} = { proposal: 0x12, prepare: 0x13, commit: 0x14, 'round-change': 0x15, report: 0x17 };

/** Half the order of the secp256k1 group, rounded down: the greatest s that is accepted. */
const HALF_ORDER = hexToBytes('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** What a curve signs: 64 bytes r, s and the parity of R's y. */
export type CurveSignature = { readonly signature: Uint8Array; readonly yParity: number };

/** The hashes to sign for a message; `seal` for a Commit only. */
export function signingHashes(
  genesisHash: Hash,
  unsigned: UnsignedMessage,
): { readonly message: Hash; readonly seal: Hash | undefined } {
  return {
    message: payloadHash(genesisHash, unsigned.kind, payloadOf(unsigned)),
    seal: unsigned.kind === 'commit' ? unsigned.digest : undefined,
  };
}

/** The message with its signatures in place. `seal` belongs to a Commit and to nothing else. */
export function completeMessage(
  unsigned: UnsignedMessage,
  author: Address,
  signature: CurveSignature,
  seal: CurveSignature | undefined,
): QbftMessage {
  const { height, round } = unsigned;
  const signed = { height, round, author, signature: joinSignature(signature) };
  switch (unsigned.kind) {
    case 'proposal': {
      const { digest, header, transactionHashes, roundChanges, prepares } = unsigned;
      const transactionsDigest = digestOfHashes(transactionHashes);
      return {
        kind: 'proposal',
        signed: { ...signed, digest, transactionsDigest },
        header,
        transactionHashes,
        roundChanges,
        prepares,
      };
    }
    case 'prepare':
      return { kind: 'prepare', signed: { ...signed, digest: unsigned.digest } };
    case 'commit': {
      invariant(seal !== undefined, 'a Commit carries a seal');
      const commitSeal = joinSignature(seal);
      return { kind: 'commit', signed: { ...signed, digest: unsigned.digest, commitSeal } };
    }
    case 'round-change': {
      const { prepared, prepares } = unsigned;
      return { kind: 'round-change', signed: { ...signed, prepared }, prepares };
    }
  }
}

/** The hash to sign for a report. QBFT */
export function reportHash(genesisHash: Hash, report: ReportBody): Hash {
  return payloadHash(genesisHash, 'report', reportPayload(report));
}

export function completeReport(
  { prepares, ...body }: UnsignedReport,
  author: Address,
  signature: CurveSignature,
): ReportMessage {
  return {
    kind: 'report',
    signed: { ...body, author, signature: joinSignature(signature) },
    prepares,
  };
}

export function isReportSigned(genesisHash: Hash, { signed }: ReportMessage): boolean {
  return isSignedBy(signed.author, reportHash(genesisHash, signed), signed.signature);
}

/** Whether the signature of a message recovers to the author it names. QBFT */
export function isSignedByAuthor(genesisHash: Hash, message: MessageHead): boolean {
  const { author, signature } = message.signed;
  return isSignedBy(
    author,
    payloadHash(genesisHash, message.kind, headPayload(message)),
    signature,
  );
}

/** Whether a low-s 65-byte signature over `hash` recovers to `author`. */
export function isSignedBy(author: Address, hash: Hash, signature: Signature): boolean {
  if (signature.length !== 65) return false;
  if (compareBytes(signature.subarray(32, 64), HALF_ORDER) > 0) return false;
  const signer = recoverAddress(hash, signature.subarray(0, 64), signature[64] as number);
  return signer !== undefined && equalBytes(signer, author);
}

/** keccak256 of the concatenated hashes. */
export function digestOfHashes(hashes: readonly Hash[]): Hash {
  return keccak256(concatBytes(...hashes));
}

type Payload = readonly RlpItem[];

function payloadHash(genesisHash: Hash, kind: PeerMessage['kind'], payload: Payload): Hash {
  return keccak256(encodeRlp([Uint8Array.of(MESSAGE_CODES[kind]), genesisHash, payload]));
}

function payloadOf(unsigned: UnsignedMessage): Payload {
  switch (unsigned.kind) {
    case 'proposal':
      return proposalPayload({
        ...unsigned,
        transactionsDigest: digestOfHashes(unsigned.transactionHashes),
      });
    case 'prepare':
    case 'commit':
      return [...viewPayload(unsigned), unsigned.digest];
    case 'round-change':
      return [...viewPayload(unsigned), preparedPayload(unsigned.prepared)];
  }
}

function headPayload(message: MessageHead): Payload {
  switch (message.kind) {
    case 'proposal':
      return proposalPayload(message.signed);
    case 'prepare':
    case 'commit':
      return [...viewPayload(message.signed), message.signed.digest];
    case 'round-change':
      return [...viewPayload(message.signed), preparedPayload(message.signed.prepared)];
  }
}

function proposalPayload(
  signed: Pick<SignedProposal, 'height' | 'round' | 'digest' | 'transactionsDigest'>,
): Payload {
  return [...viewPayload(signed), signed.digest, signed.transactionsDigest];
}

function viewPayload(view: { readonly height: bigint; readonly round: number }): Uint8Array[] {
  return [bigintToBytes(view.height), bigintToBytes(BigInt(view.round))];
}

/** Of a report, as it is signed and sent. */
export function reportPayload(report: ReportBody): RlpItem[] {
  const { height, closed, loss, heard, prepared, asks } = report;
  return [
    bigintToBytes(height),
    closed === undefined ? [] : [bigintToBytes(BigInt(closed))],
    loss === undefined ? [] : [bigintToBytes(loss.life), bigintToBytes(loss.bound ?? 0n)],
    heard.map(({ author, life }) => [author, bigintToBytes(life)]),
    preparedPayload(prepared),
    asks ? Uint8Array.of(1) : new Uint8Array(0),
  ];
}

function preparedPayload(prepared: Prepared | undefined): readonly Uint8Array[] {
  return prepared === undefined ? [] : [bigintToBytes(BigInt(prepared.round)), prepared.digest];
}

function joinSignature({ signature, yParity }: CurveSignature): Signature {
  return concatBytes(signature, Uint8Array.of(yParity));
}
