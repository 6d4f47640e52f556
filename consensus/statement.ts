/**
 * What one signature says about one view, and when two of them contradict each other. A commit seal
 * says what a Commit says, so a header that carries it is a statement too. Evidence E-1
 */
import { recoverAddress } from '#crypto';
import {
  type Address,
  type BlockHeader,
  commitSealHash,
  decodeExtraData,
  equalBytes,
  type Hash,
  type Height,
} from '../ledger/model/index.ts';
import type { MessageHead, Prepared, QbftMessage, Signature } from './messages.ts';

/** A header, its round in extraData and without seals, and one seal that a final block carries. */
export type SealedStatement = {
  readonly kind: 'sealed-header';
  readonly header: BlockHeader;
  readonly seal: Signature;
  /** Recovered from the seal. */
  readonly author: Address;
};

export type Statement = MessageHead | SealedStatement;

/** What can be contradicted: a seal counts as the Commit that it belongs to. */
export type StatementKind = QbftMessage['kind'];

/** What two statements must share to be compared. */
export type StatementView = {
  readonly kind: StatementKind;
  readonly height: Height;
  readonly round: number;
  readonly author: Address;
};

/** Undefined: the extraData of a header cannot be read. */
export function viewOfStatement(statement: Statement): StatementView | undefined {
  if (statement.kind !== 'sealed-header') {
    const { height, round, author } = statement.signed;
    return { kind: statement.kind, height, round, author };
  }
  const { header, author } = statement;
  const decoded = decodeExtraData(header.extraData);
  if (!decoded.ok) return undefined;
  return { kind: 'commit', height: header.number, round: decoded.extraData.round, author };
}

/** Whether one author may not have signed both. */
export function contradicts(first: Statement, second: Statement): boolean {
  const [a, b] = [viewOfStatement(first), viewOfStatement(second)];
  if (a === undefined || b === undefined) return false;
  const isOfOneView = a.kind === b.kind && a.height === b.height && a.round === b.round;
  return isOfOneView && equalBytes(a.author, b.author) && !saysTheSame(first, second);
}

/** Without what the signature of a message does not cover. */
export function headOf(message: QbftMessage): MessageHead {
  switch (message.kind) {
    case 'proposal':
      return { kind: 'proposal', signed: message.signed };
    case 'prepare':
      return { kind: 'prepare', signed: message.signed };
    case 'commit': {
      const { commitSeal: _, ...signed } = message.signed;
      return { kind: 'commit', signed };
    }
    case 'round-change':
      return { kind: 'round-change', signed: message.signed };
  }
}

/** Who signed a seal over that digest; undefined if it is no signature. */
export function signerOfSeal(digest: Hash, seal: Signature): Address | undefined {
  if (seal.length !== 65) return undefined;
  return recoverAddress(digest, seal.subarray(0, 64), seal[64] as number);
}

/** Of two statements of one kind and view. */
function saysTheSame(first: Statement, second: Statement): boolean {
  if (first.kind === 'round-change' && second.kind === 'round-change') {
    return isSamePrepared(first.signed.prepared, second.signed.prepared);
  }
  if (!equalBytes(digestOf(first), digestOf(second))) return false;
  // A proposer that gives two lists of transactions for one header has signed twice as well.
  return (
    first.kind !== 'proposal' ||
    second.kind !== 'proposal' ||
    equalBytes(first.signed.transactionsDigest, second.signed.transactionsDigest)
  );
}

function digestOf(statement: Statement): Uint8Array {
  switch (statement.kind) {
    case 'sealed-header':
      return commitSealHash(statement.header);
    case 'round-change':
      return statement.signed.prepared?.digest ?? new Uint8Array(0);
    case 'proposal':
    case 'prepare':
    case 'commit':
      return statement.signed.digest;
  }
}

function isSamePrepared(a: Prepared | undefined, b: Prepared | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.round === b.round && equalBytes(a.digest, b.digest);
}
