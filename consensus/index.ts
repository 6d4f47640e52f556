export { decodeMessage, encodeMessage, MAX_MESSAGE_BYTES } from './codec.ts';
export { isKnownContract, readNamedSet } from './contract-set.ts';
export type { Effect, LogEntry } from './effect.ts';
export { CONSENSUS_ERRORS, type ConsensusCode, isSenderFault } from './errors.ts';
export { decodeEvidence, type Evidence, encodeEvidence, verifyEvidence } from './evidence-codec.ts';
export { verifyHeader } from './header-rules.ts';
export { initialState } from './initial-state.ts';
export type {
  BlockValidation,
  ConsensusConfig,
  HeightContext,
  Input,
  InputBody,
  Timer,
} from './input.ts';
export { decodeLogRecord, encodeLogRecord, heightOf, type LogRecord } from './log-record.ts';
export { isMute } from './lost-logs.ts';
export type { PeerMessage, QbftMessage, UnsignedMessage, UnsignedReport } from './messages.ts';
export {
  encodeProofBundle,
  type ProofBundle,
  type ProofSubject,
  type SealedStep,
} from './proof-bundle.ts';
export {
  type QbftOptions,
  type QbftRules,
  type QbftTransition,
  qbftRulesAt,
  transitionAt,
  type ValidatorSource,
} from './schedule.ts';
export {
  completeMessage,
  completeReport,
  MESSAGE_CODES,
  reportHash,
  signingHashes,
} from './signing.ts';
export type { ConsensusState } from './state.ts';
export { type Statement, viewOfStatement } from './statement.ts';
export { step } from './step.ts';
export { asWitness, follow, type TrustAnchor, trustedAtFirst } from './trust-path.ts';
export { decodeValidators, GET_VALIDATORS } from './validator-contract.ts';
export { proposerOf, quorumOf } from './validators.ts';
export {
  type Proved,
  type ProvedFact,
  verifyProofBundle,
} from './verify-bundle.ts';
export { verifySealedHeader, verifySeals } from './verify-seals.ts';
export {
  type CastVote,
  isEpochBlock,
  isFulfilled,
  setAfter,
  tallyAfter,
  tallyAt,
  tallyOf,
  uncastVotes,
  type ValidatorVote,
  type VoteTally,
  votesNeeded,
} from './vote-tally.ts';
