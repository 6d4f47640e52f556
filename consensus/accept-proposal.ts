/** Records a Proposal: whose turn it is, what is signed, the header, its justification, the clock. */
import { commitSealHash, equalBytes } from '../ledger/model/index.ts';
import { type ConsensusRefusal, refuse } from './errors.ts';
import { heard } from './evidence.ts';
import { dueAtMs, holdsFutureProposals, verifyHeader } from './header-rules.ts';
import { faultOfJustification } from './justification.ts';
import type { ProposalMessage } from './messages.ts';
import { enterRound, noteMessage, noteRoundChanges } from './rounds.ts';
import { digestOfHashes, isSignedByAuthor } from './signing.ts';
import {
  accepted,
  type ConsensusState,
  type Outcome,
  type Phase,
  proposalOfRound,
  proposerAt,
  refused,
} from './state.ts';

/**
 * The author is a member and the height is the current one.
 * @param isOwn it was made and signed here, so nothing of it is checked again. QBFT
 */
export function acceptProposal(
  state: ConsensusState,
  message: ProposalMessage,
  nowMs: number,
  isOwn: boolean,
): Outcome {
  const { signed } = message;
  if (signed.round < state.round) {
    return refused(state, refuse('CONSENSUS_OLD_ROUND', `Proposal of round ${signed.round}`));
  }
  if (isOwn) return enter(noteMessage(state, signed.author, signed.round, nowMs), message, nowMs);
  if (!equalBytes(signed.author, proposerAt(state, signed.round))) {
    // QBFT
    return refused(state, refuse('CONSENSUS_WRONG_PROPOSER', `in round ${signed.round}`));
  }
  const seen = signed.round === state.round ? proposalOfRound(state) : undefined;
  const isKnown = seen !== undefined && equalBytes(seen.signed.signature, signed.signature);
  if (!isKnown && !isSignedByAuthor(state.config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'Proposal'));
  }
  if (seen !== undefined) return refused(state, refuse('CONSENSUS_DUPLICATE', 'Proposal'));
  const known = heard(state, message);
  if (!isWhatWasSigned(message)) {
    return refused(known, refuse('CONSENSUS_DIGEST_MISMATCH', 'Proposal'));
  }
  const noted = noteMessage(known, signed.author, signed.round, nowMs);
  const header = faultOfHeader(state, message);
  if (header !== undefined) return refuseRound(noted, message, header);
  const justification = faultOfJustification(message, {
    genesisHash: state.config.genesisHash,
    height: state.height,
    validators: state.context.validators,
  });
  // Not covered by the proposer's signature, so not held against it.
  if (justification !== undefined) return refused(noted, justification);
  return enter(noted, message, nowMs);
}

/** QBFT: whoever passed it on cannot have changed the header or the list of transactions. */
function isWhatWasSigned({ signed, header, transactionHashes }: ProposalMessage): boolean {
  return (
    equalBytes(commitSealHash(header), signed.digest) &&
    equalBytes(digestOfHashes(transactionHashes), signed.transactionsDigest)
  );
}

/** QBFT: what the header alone tells, the proposer's signature included. */
function faultOfHeader(
  state: ConsensusState,
  { header, signed }: ProposalMessage,
): ConsensusRefusal | undefined {
  const shape = verifyHeader(header, state.context);
  if (!shape.ok) return shape;
  const { round, seals } = shape.extraData;
  if (round !== signed.round) return refuse('CONSENSUS_BAD_HEADER', 'extraData has another round');
  if (seals.length > 0) return refuse('CONSENSUS_BAD_HEADER', 'a proposal is not sealed');
  return undefined;
}

/** QBFT */
function enter(state: ConsensusState, proposal: ProposalMessage, nowMs: number): Outcome {
  const due = dueAtMs(proposal.header, state.context.parent);
  const isAhead = nowMs < due;
  if (isAhead && !holdsFutureProposals(state.config)) {
    return refuseRound(state, proposal, refuse('CONSENSUS_TIMESTAMP_AHEAD', 'Proposal'));
  }
  const { round } = proposal.signed;
  const known = noteRoundChanges(state, proposal.roundChanges);
  const entered = round > state.round ? enterRound(known, round) : known;
  const phase: Phase = isAhead
    ? { kind: 'held', proposal, dueAtMs: due }
    : { kind: 'validating', proposal };
  const next = { ...entered, phase, awake: true };
  if (!isAhead) return accepted(next);
  const timer = { name: 'hold', height: state.height, round } as const;
  return accepted(next, [{ kind: 'set-timer', timer, afterMs: due - nowMs }]);
}

/** The proposer signed something that no round can accept: QBFT. */
function refuseRound(
  state: ConsensusState,
  proposal: ProposalMessage,
  verdict: ConsensusRefusal,
): Outcome {
  if (proposal.signed.round !== state.round) return refused(state, verdict);
  return refused({ ...state, phase: { kind: 'refused', proposal } }, verdict);
}
