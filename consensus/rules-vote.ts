/** Rules of the votes: from a Proposal to Prepare, certificate, Commit and the final block. */
import { equalBytes, type Hash, withSeals } from '../ledger/model/index.ts';
import type { LogEntry } from './effect.ts';
import { askForBlock, namersOf } from './fetch.ts';
import { askToSign, maySign } from './own-messages.ts';
import {
  type ConsensusState,
  isSelf,
  knownBlock,
  proposalOfRound,
  quorum,
  type Rule,
} from './state.ts';
import { votesFor } from './vote-book.ts';

/** Upon an acceptable Proposal: its body is fetched and executed. QBFT */
export const validate: Rule = (state) => {
  if (state.phase.kind !== 'validating') return undefined;
  const { signed, header, transactionHashes } = state.phase.proposal;
  return askForBlock(state, signed.digest, { header, transactionHashes }, [signed.author]);
};

/** Upon the result: a valid block is prepared, an invalid one ends the round. QBFT */
export const prepare: Rule = (state) => {
  if (state.phase.kind !== 'validating') return undefined;
  const { proposal } = state.phase;
  const { height, round } = state;
  const { digest, author } = proposal.signed;
  const block = knownBlock(state, digest);
  if (block === undefined || block.kind === 'asked') return undefined;
  if (block.kind === 'invalid') {
    return { state: { ...state, phase: { kind: 'refused', proposal } }, effects: [] };
  }
  const next: ConsensusState = {
    ...state,
    phase: { kind: 'accepted', proposal },
    own: { ...state.own, proposal },
  };
  if (!maySign(next, 'prepare')) return { state: next, effects: [] };
  const durable: LogEntry[] = [{ kind: 'block', height, digest }];
  if (!isSelf(state, author)) durable.push({ kind: 'proposal', message: proposal });
  return askToSign(next, { kind: 'prepare', height, round, digest }, durable);
};

/** Upon a quorum of Prepares for the accepted proposal: it is prepared. QBFT */
export const gatherCertificate: Rule = (state) => {
  const { phase, round, prepared, context } = state;
  if (phase.kind !== 'accepted' || prepared?.round === round) return undefined;
  const { digest } = phase.proposal.signed;
  const prepares = votesFor(state.prepares, context.validators, round, digest);
  if (prepares.length < quorum(state)) return undefined;
  return { state: { ...state, prepared: { round, digest, prepares } }, effects: [] };
};

/** Upon being prepared in this round: commit, the certificate in the log first. QBFT */
export const commit: Rule = (state) => {
  const { phase, height, round, prepared } = state;
  if (phase.kind !== 'accepted' || prepared?.round !== round) return undefined;
  if (!maySign(state, 'commit')) return undefined;
  const { digest, prepares } = prepared;
  return askToSign(state, { kind: 'commit', height, round, digest }, [
    { kind: 'certificate', height, prepares },
  ]);
};

/** Upon a quorum of Commits for one digest, in any round: the block is final. QBFT */
export const finalise: Rule = (state) => {
  const decided = committedByQuorum(state);
  if (decided === undefined) return undefined;
  const { round, digest } = decided;
  const block = knownBlock(state, digest);
  if (block === undefined) {
    return askForBlock(state, digest, proposedAs(state, digest), namersOf(state, digest));
  }
  if (block.kind === 'invalid') {
    // The proposer may have given this validator a list of transactions that is not the block's.
    return askForBlock(state, digest, undefined, namersOf(state, digest));
  }
  if (block.kind !== 'valid') return undefined;
  const votes = votesFor(state.commits, state.context.validators, round, digest);
  const header = withSeals(
    block.header,
    votes.map((vote) => vote.commitSeal),
  );
  return {
    state: { ...state, phase: { kind: 'final' } },
    effects: [{ kind: 'finalise', height: state.height, digest, header }],
  };
};

/** The digest that a quorum has committed to in one round. */
export function committedByQuorum(
  state: ConsensusState,
): { readonly round: number; readonly digest: Hash } | undefined {
  const { commits, context } = state;
  for (const votes of commits.values()) {
    for (const { round, digest } of votes) {
      const same = votesFor(commits, context.validators, round, digest);
      if (same.length >= quorum(state)) return { round, digest };
    }
  }
  return undefined;
}

/** Header and list, if the current round's Proposal is for that digest. */
function proposedAs(state: ConsensusState, digest: Hash): ReturnType<typeof proposalOfRound> {
  const proposal = proposalOfRound(state);
  return proposal !== undefined && equalBytes(proposal.signed.digest, digest)
    ? proposal
    : undefined;
}
