/** Records a report: the newest of each member, and answers it if asked to. QBFT */
import { equalBytes, keyOf } from '../ledger/model/index.ts';
import { withSignOfLife } from './absence.ts';
import { refuse } from './errors.ts';
import { faultOfPrepared } from './justification.ts';
import type { ReportMessage } from './messages.ts';
import { report } from './report.ts';
import { isReportSigned } from './signing.ts';
import { accepted, type ConsensusState, isSelf, type Outcome, refused } from './state.ts';
import { isMember } from './validators.ts';

/** Farther ahead no rounds are closed for anyone: a faulty validator could use up those of a height. */
const MAX_CLOSED_AHEAD: number = 2 ** 20;
/** Of the base timeout: who asks more often waits. */
const ANSWERS_PER_TIMEOUT = 8;

export function acceptReport(
  state: ConsensusState,
  message: ReportMessage,
  nowMs: number,
): Outcome {
  const { signed } = message;
  const { config, context, lost } = state;
  if (!isMember(context.validators, signed.author)) {
    return refused(state, refuse('CONSENSUS_NOT_VALIDATOR', 'report'));
  }
  if (config.self === undefined || isSelf(state, signed.author)) {
    return refused(state, refuse('CONSENSUS_DUPLICATE', 'report'));
  }
  const key = keyOf(signed.author);
  const known = lost.reports.get(key)?.signed.signature;
  const isKnown = known !== undefined && equalBytes(known, signed.signature);
  if (!isKnown && !isReportSigned(config.genesisHash, message)) {
    return refused(state, refuse('CONSENSUS_BAD_SIGNATURE', 'report'));
  }
  const isHere = signed.height === state.height;
  if (isHere && (signed.closed ?? 0) > state.round + MAX_CLOSED_AHEAD) {
    return refused(state, refuse('CONSENSUS_BAD_REPORT', 'a closed round that nobody can be in'));
  }
  if (signed.heard.length > context.validators.length) {
    return refused(state, refuse('CONSENSUS_BAD_REPORT', 'more lives than validators'));
  }
  // Certificates of other heights cannot be checked here, and are of no use.
  const fault = isHere
    ? faultOfPrepared(signed.prepared, message.prepares, membersOf(state))
    : undefined;
  if (fault !== undefined) return refused(state, fault);
  const kept = isHere ? message : { ...message, prepares: [] };
  const alive = withSignOfLife(state, signed.author);
  return answered(
    { ...alive, lost: { ...lost, reports: new Map(lost.reports).set(key, kept) } },
    kept,
    nowMs,
  );
}

function answered(state: ConsensusState, { signed }: ReportMessage, nowMs: number): Outcome {
  const { author, asks } = signed;
  const key = keyOf(author);
  const { answeredAtMs } = state.lost;
  const pauseMs = state.context.baseTimeoutMs / ANSWERS_PER_TIMEOUT;
  if (!asks || nowMs < (answeredAtMs.get(key) ?? Number.NEGATIVE_INFINITY) + pauseMs) {
    return accepted(state);
  }
  const answers = new Map(answeredAtMs).set(key, nowMs);
  const next = { ...state, lost: { ...state.lost, answeredAtMs: answers } };
  return accepted(next, [report(next, author, false)]);
}

function membersOf(state: ConsensusState): Parameters<typeof faultOfPrepared>[2] {
  const { config, context, height } = state;
  return { genesisHash: config.genesisHash, height, validators: context.validators };
}
