/** Two different messages of one kind for one view, signed by one validator. QBFT */
import { keyOf } from '../ledger/model/index.ts';
import { refuse } from './errors.ts';
import type { QbftMessage } from './messages.ts';
import { type ConsensusState, type Outcome, refused } from './state.ts';

/** Keeps the first message, reports both: once for each author and kind of a height. */
export function convict(state: ConsensusState, first: QbftMessage, second: QbftMessage): Outcome {
  const verdict = refuse('CONSENSUS_EQUIVOCATION', `two of ${first.kind} in one round`);
  const key = `${first.kind} ${keyOf(first.signed.author)}`;
  if (state.convicted.has(key)) return refused(state, verdict);
  const convicted = new Set(state.convicted).add(key);
  return refused({ ...state, convicted }, verdict, [{ kind: 'evidence', first, second }]);
}
