/** Records a RoundChange: the newest of each author, its certificate checked. QBFT */
import { equalBytes, keyOf } from '../ledger/model/index.ts';
import { refuse } from './errors.ts';
import { heard } from './evidence.ts';
import { faultOfRoundChange } from './justification.ts';
import type { RoundChangeMessage } from './messages.ts';
import { noteMessage } from './rounds.ts';
import { isSignedByAuthor } from './signing.ts';
import { accepted, type ConsensusState, type Outcome, refused } from './state.ts';

export function acceptRoundChange(
  state: ConsensusState,
  message: RoundChangeMessage,
  nowMs: number,
  isOwn: boolean,
): Outcome {
  const { author, round, signature } = message.signed;
  const { genesisHash } = state.config;
  const key = keyOf(author);
  const newest = state.roundChanges.get(key);
  if (round < state.round || round < (newest?.signed.round ?? 0)) {
    return refused(state, refuse('CONSENSUS_OLD_ROUND', `RoundChange to ${round}`));
  }
  const first = newest?.signed.round === round ? newest : undefined;
  const isKnown = first !== undefined && equalBytes(first.signed.signature, signature);
  if (!isOwn && !isKnown && !isSignedByAuthor(genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'RoundChange'));
  }
  if (first !== undefined) {
    const noted = noteMessage(state, author, round, nowMs);
    return refused(noted, refuse('CONSENSUS_DUPLICATE', 'RoundChange'));
  }
  const known = heard(state, message);
  const { validators } = state.context;
  const members = { genesisHash, height: state.height, validators };
  const fault = isOwn ? undefined : faultOfRoundChange(message, members);
  if (fault !== undefined) return refused(known, fault);
  const noted = noteMessage(known, author, round, nowMs);
  return accepted({ ...noted, roundChanges: new Map(noted.roundChanges).set(key, message) });
}
