/** Records a RoundChange: the newest of each author, its certificate checked. QBFT */
import { equalBytes, keyOf } from '../ledger/model/index.ts';
import { refuse } from './errors.ts';
import { convict } from './evidence.ts';
import { faultOfRoundChange } from './justification.ts';
import type { Prepared, RoundChangeMessage } from './messages.ts';
import { noteMessage } from './rounds.ts';
import { isSignedByAuthor } from './signing.ts';
import { accepted, type ConsensusState, type Outcome, refused } from './state.ts';

export function acceptRoundChange(
  state: ConsensusState,
  message: RoundChangeMessage,
  nowMs: number,
): Outcome {
  const { author, round, prepared, signature } = message.signed;
  const { genesisHash } = state.config;
  const key = keyOf(author);
  const newest = state.roundChanges.get(key);
  if (round < state.round || round < (newest?.signed.round ?? 0)) {
    return refused(state, refuse('CONSENSUS_OLD_ROUND', `RoundChange to ${round}`));
  }
  const first = newest?.signed.round === round ? newest : undefined;
  const isKnown = first !== undefined && equalBytes(first.signed.signature, signature);
  if (!isKnown && !isSignedByAuthor(genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'RoundChange'));
  }
  if (first !== undefined) {
    const noted = noteMessage(state, author, round, nowMs);
    if (!isSamePrepared(first.signed.prepared, prepared)) return convict(noted, first, message);
    return refused(noted, refuse('CONSENSUS_DUPLICATE', 'RoundChange'));
  }
  const { validators } = state.context;
  const fault = faultOfRoundChange(message, { genesisHash, height: state.height, validators });
  if (fault !== undefined) return refused(state, fault);
  const noted = noteMessage(state, author, round, nowMs);
  return accepted({ ...noted, roundChanges: new Map(noted.roundChanges).set(key, message) });
}

function isSamePrepared(a: Prepared | undefined, b: Prepared | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.round === b.round && equalBytes(a.digest, b.digest);
}
