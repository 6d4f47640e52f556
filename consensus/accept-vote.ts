/** Records a Prepare or a Commit. What votes amount to is in `rules.ts`. */
import { equalBytes } from '../ledger/model/index.ts';
import { refuse } from './errors.ts';
import { heard } from './evidence.ts';
import type { CommitMessage, PrepareMessage } from './messages.ts';
import { noteMessage } from './rounds.ts';
import { isSignedBy, isSignedByAuthor } from './signing.ts';
import { accepted, type ConsensusState, type Outcome, refused } from './state.ts';
import { findVote, withVote } from './vote-book.ts';

/** Prepares of rounds that are over prove nothing any more; those of later ones wait. QBFT */
export function acceptPrepare(
  state: ConsensusState,
  message: PrepareMessage,
  nowMs: number,
  isOwn: boolean,
): Outcome {
  const { signed } = message;
  if (signed.round < state.round) {
    return refused(state, refuse('CONSENSUS_OLD_ROUND', `Prepare of round ${signed.round}`));
  }
  const first = findVote(state.prepares, signed.author, signed.round);
  const isKnown = first !== undefined && equalBytes(first.signature, signed.signature);
  if (!isOwn && !isKnown && !isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'Prepare'));
  }
  const noted = noteMessage(heard(state, message), signed.author, signed.round, nowMs);
  if (first === undefined) {
    return accepted({ ...noted, prepares: withVote(noted.prepares, signed) });
  }
  return refused(noted, refuse('CONSENSUS_DUPLICATE', 'Prepare'));
}

/** A Commit counts in any round: what a quorum committed is final for ever. QBFT */
export function acceptCommit(
  state: ConsensusState,
  message: CommitMessage,
  nowMs: number,
  isOwn: boolean,
): Outcome {
  const { signed } = message;
  if (signed.round <= state.lost.closed) {
    // QBFT
    return refused(state, refuse('CONSENSUS_OLD_ROUND', `Commit of closed round ${signed.round}`));
  }
  const first = findVote(state.commits, signed.author, signed.round);
  const isKnown = first !== undefined && equalBytes(first.signature, signed.signature);
  if (!isOwn && !isKnown && !isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'Commit'));
  }
  const known = heard(state, message);
  if (!isOwn && !isSignedBy(signed.author, signed.digest, signed.commitSeal)) {
    return refused(known, refuse('CONSENSUS_BAD_SEAL', 'Commit'));
  }
  const noted = noteMessage(known, signed.author, signed.round, nowMs);
  if (first === undefined) {
    return accepted({ ...noted, commits: withVote(noted.commits, signed) });
  }
  return refused(noted, refuse('CONSENSUS_DUPLICATE', 'Commit'));
}
