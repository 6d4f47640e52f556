/**
 * Certificates: what proves that a block was prepared, and what justifies a Proposal above round 0.
 * QBFT
 */
import {
  type Address,
  commitSealHash,
  equalBytes,
  type Hash,
  type Height,
  keyOf,
  withRound,
} from '../ledger/model/index.ts';
import { type ConsensusRefusal, refuse } from './errors.ts';
import type {
  Prepared,
  PreparedCertificate,
  ProposalMessage,
  RoundChangeMessage,
  SignedPrepare,
  SignedRoundChange,
} from './messages.ts';
import { isSignedByAuthor } from './signing.ts';
import { isMember, quorumOf } from './validators.ts';

/** What a proposer above round 0 rests on. */
export type Justification = {
  /** For exactly the proposed view, sorted by author. */
  readonly roundChanges: readonly SignedRoundChange[];
  /** The highest certificate among them. */
  readonly certificate: PreparedCertificate | undefined;
};

/** Round 0 needs no justification. QBFT */
export const NO_JUSTIFICATION: Justification = { roundChanges: [], certificate: undefined };

/** What signatures are checked against. */
export type Membership = {
  readonly genesisHash: Hash;
  readonly height: Height;
  readonly validators: readonly Address[];
};

/**
 * What the RoundChanges held for `round` justify, if they are a quorum; they were checked when they
 * came. QBFT
 */
export function justificationOf(
  roundChanges: ReadonlyMap<string, RoundChangeMessage>,
  validators: readonly Address[],
  round: number,
): Justification | undefined {
  const held = validators
    .map((validator) => roundChanges.get(keyOf(validator)))
    .filter((message) => message !== undefined)
    .filter((message) => message.signed.round === round);
  if (held.length < quorumOf(validators.length)) return undefined;
  let certificate: PreparedCertificate | undefined;
  for (const { signed, prepares } of held) {
    const { prepared } = signed;
    if (prepared !== undefined && prepared.round > (certificate?.round ?? -1)) {
      certificate = { ...prepared, prepares };
    }
  }
  return { roundChanges: held.map((message) => message.signed), certificate };
}

/** The certificate that a RoundChange carries: a valid one, or none and no Prepares. QBFT */
export function faultOfRoundChange(
  message: RoundChangeMessage,
  members: Membership,
): ConsensusRefusal | undefined {
  const { prepared, round } = message.signed;
  if (round < 1) return refuse('CONSENSUS_BAD_CERTIFICATE', 'nobody changes to round 0');
  if (prepared !== undefined && prepared.round >= round) {
    return refuse('CONSENSUS_BAD_CERTIFICATE', 'the prepared round is not below the new one');
  }
  return faultOfPrepared(prepared, message.prepares, members);
}

/** A quorum of Prepares for what is said to be prepared, or nothing and no Prepares. */
export function faultOfPrepared(
  prepared: Prepared | undefined,
  prepares: readonly SignedPrepare[],
  members: Membership,
): ConsensusRefusal | undefined {
  if (prepared !== undefined) return faultOfCertificate(prepared, prepares, members);
  if (prepares.length === 0) return undefined;
  return refuse('CONSENSUS_BAD_CERTIFICATE', 'Prepares without a prepared round');
}

/**
 * Whether a Proposal follows from the RoundChanges and Prepares it carries. Its header, list and own
 * signature were checked before.
 */
export function faultOfJustification(
  message: ProposalMessage,
  members: Membership,
): ConsensusRefusal | undefined {
  const { signed, roundChanges, prepares, header } = message;
  if (signed.round === 0) {
    // QBFT
    if (roundChanges.length > 0 || prepares.length > 0) return bad('round 0 needs none');
    return faultOfNewBlock(message);
  }
  const fault = faultOfRoundChanges(signed.round, roundChanges, members);
  if (fault !== undefined) return fault;
  const prepared = highest(roundChanges);
  if (prepared === 'conflict') return bad('two blocks are said to be prepared in one round');
  if (prepared === undefined) {
    // QBFT
    if (prepares.length > 0) return bad('Prepares, but nobody prepared');
    return faultOfNewBlock(message);
  }
  // QBFT: the same block with its old round put back is what was prepared.
  const old = commitSealHash(withRound(header, prepared.round));
  if (!equalBytes(old, prepared.digest)) return bad('not the block that was prepared');
  return faultOfCertificate(prepared, prepares, members);
}

function faultOfNewBlock({ header, signed }: ProposalMessage): ConsensusRefusal | undefined {
  if (equalBytes(header.beneficiary, signed.author)) return undefined;
  return bad('the beneficiary of a new block is its proposer');
}

/** QBFT */
function faultOfRoundChanges(
  round: number,
  roundChanges: readonly SignedRoundChange[],
  members: Membership,
): ConsensusRefusal | undefined {
  const authors = faultOfAuthors(roundChanges, members.validators);
  if (authors !== undefined) return bad(`RoundChanges: ${authors}`);
  for (const signed of roundChanges) {
    if (signed.height !== members.height || signed.round !== round) {
      return bad('a RoundChange is for another view');
    }
    if (signed.prepared !== undefined && signed.prepared.round >= round) {
      return bad('a RoundChange has prepared in a round not below');
    }
    if (!isSignedByAuthor(members.genesisHash, { kind: 'round-change', signed })) {
      return refuse('CONSENSUS_BAD_SIGNATURE', 'a RoundChange in a Proposal is not signed');
    }
  }
  return undefined;
}

/** A quorum of Prepares for exactly `prepared`. */
function faultOfCertificate(
  prepared: Prepared,
  prepares: readonly SignedPrepare[],
  members: Membership,
): ConsensusRefusal | undefined {
  const authors = faultOfAuthors(prepares, members.validators);
  if (authors !== undefined) return refuse('CONSENSUS_BAD_CERTIFICATE', authors);
  for (const signed of prepares) {
    const { height, round, digest } = signed;
    const isForIt = round === prepared.round && equalBytes(digest, prepared.digest);
    if (height !== members.height || !isForIt) {
      return refuse('CONSENSUS_BAD_CERTIFICATE', 'a Prepare is for something else');
    }
    if (!isSignedByAuthor(members.genesisHash, { kind: 'prepare', signed })) {
      return refuse('CONSENSUS_BAD_CERTIFICATE', 'a Prepare is not signed by its author');
    }
  }
  return undefined;
}

/** A quorum of distinct members. */
function faultOfAuthors(
  signed: readonly { readonly author: Address }[],
  validators: readonly Address[],
): string | undefined {
  const distinct = new Set(signed.map(({ author }) => keyOf(author)));
  if (distinct.size !== signed.length) return 'an author twice';
  if (!signed.every(({ author }) => isMember(validators, author))) return 'a stranger';
  if (signed.length < quorumOf(validators.length)) return 'fewer than a quorum';
  return undefined;
}

/** The highest prepared claim; two claims of one round that differ are a conflict. QBFT */
function highest(roundChanges: readonly SignedRoundChange[]): Prepared | 'conflict' | undefined {
  const claims = new Map<number, Prepared>();
  for (const { prepared } of roundChanges) {
    if (prepared === undefined) continue;
    const other = claims.get(prepared.round);
    if (other !== undefined && !equalBytes(other.digest, prepared.digest)) return 'conflict';
    claims.set(prepared.round, prepared);
  }
  return [...claims.values()].sort((a, b) => b.round - a.round)[0];
}

function bad(message: string): ConsensusRefusal {
  return refuse('CONSENSUS_BAD_JUSTIFICATION', message);
}
