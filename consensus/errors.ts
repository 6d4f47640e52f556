/** Why the core refused an input. */
import { type ErrorTable, type Refusal, refuse as refuseWith } from '../ledger/model/index.ts';

export type ConsensusCode =
  | 'CONSENSUS_BAD_CERTIFICATE'
  | 'CONSENSUS_BAD_HEADER'
  | 'CONSENSUS_BAD_JUSTIFICATION'
  | 'CONSENSUS_BAD_REPORT'
  | 'CONSENSUS_BAD_SEAL'
  | 'CONSENSUS_BAD_SIGNATURE'
  | 'CONSENSUS_BODY_UNAVAILABLE'
  | 'CONSENSUS_BUFFER_FULL'
  | 'CONSENSUS_CONTRACT_ANSWER'
  | 'CONSENSUS_DIGEST_MISMATCH'
  | 'CONSENSUS_DUPLICATE'
  | 'CONSENSUS_DUPLICATE_SEAL'
  | 'CONSENSUS_EQUIVOCATION'
  | 'CONSENSUS_FOREIGN_EVIDENCE'
  | 'CONSENSUS_FOREIGN_PROOF'
  | 'CONSENSUS_FUTURE_HEIGHT'
  | 'CONSENSUS_INVALID_BLOCK'
  | 'CONSENSUS_MALFORMED'
  | 'CONSENSUS_NO_CONTRADICTION'
  | 'CONSENSUS_NOT_VALIDATOR'
  | 'CONSENSUS_OLD_HEIGHT'
  | 'CONSENSUS_OLD_ROUND'
  | 'CONSENSUS_PROOF_BY_CONTRACT'
  | 'CONSENSUS_PROOF_INVALID'
  | 'CONSENSUS_SECOND_SIGNER'
  | 'CONSENSUS_STALE_INPUT'
  | 'CONSENSUS_STRANGE_SEAL'
  | 'CONSENSUS_TIMESTAMP_AHEAD'
  | 'CONSENSUS_TOO_FEW_SEALS'
  | 'CONSENSUS_TOO_LARGE'
  | 'CONSENSUS_UNKNOWN_VERSION'
  | 'CONSENSUS_UNTRUSTED_VALIDATORS'
  | 'CONSENSUS_WRONG_PROPOSER'
  | 'CONSENSUS_WRONG_VALIDATORS';

type Entry = ErrorTable[string] & {
  /** Only a faulty sender causes it: charge the peer. */
  readonly fault: boolean;
};

const PEER =
  'Nothing to do here; a peer that keeps sending such messages is faulty or of another network.';
const NONE = 'Nothing to do: this happens in normal operation.';

export const CONSENSUS_ERRORS: Readonly<Record<ConsensusCode, Entry>> = {
  CONSENSUS_BAD_CERTIFICATE: {
    meaning: 'A prepared certificate has too few, repeated, foreign or unsigned Prepares.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_BAD_HEADER: {
    meaning: 'A header breaks a rule that needs no execution; the message names the field.',
    remedy: 'Compare the genesis files and versions of the validators if it comes from several.',
    fault: true,
  },
  CONSENSUS_BAD_JUSTIFICATION: {
    meaning: 'A Proposal is not justified by the RoundChanges and Prepares it carries.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_BAD_REPORT: {
    meaning: 'A report on lost logs says what cannot be.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_BAD_SEAL: {
    meaning: 'A commit seal is malformed, or does not recover to the author of its Commit.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_BAD_SIGNATURE: {
    meaning: 'A signature does not recover to the author that the message names.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_BODY_UNAVAILABLE: {
    meaning: 'No peer has delivered the body of a block yet.',
    remedy: 'Nothing to do: everyone who named the block is asked again.',
    fault: false,
  },
  CONSENSUS_BUFFER_FULL: {
    meaning: 'A sender has as many messages of future heights waiting here as it may have.',
    remedy: 'Nothing to do: this node catches up by blocks.',
    fault: false,
  },
  CONSENSUS_CONTRACT_ANSWER: {
    meaning: 'A validator contract answered with something that is no validator set.',
    remedy: 'Look at the contract: it must return at least one address, each once.',
    fault: false,
  },
  CONSENSUS_DIGEST_MISMATCH: {
    meaning: 'A Proposal does not contain what its signature covers.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_DUPLICATE: {
    meaning: 'The message is here already.',
    remedy: NONE,
    fault: false,
  },
  CONSENSUS_DUPLICATE_SEAL: {
    meaning: 'Two seals of a header come from one validator.',
    remedy: 'Do not trust who served the header.',
    fault: true,
  },
  CONSENSUS_EQUIVOCATION: {
    meaning: 'A validator signed two different messages of one kind for one view.',
    remedy:
      'Both messages are kept as evidence: vote the validator out, or look for a second process with its key.',
    fault: true,
  },
  CONSENSUS_FOREIGN_EVIDENCE: {
    meaning: 'Evidence names another genesis block than the one it is checked against.',
    remedy: 'Check it with the genesis file of the network that it comes from.',
    fault: true,
  },
  CONSENSUS_FOREIGN_PROOF: {
    meaning: 'A proof is of the chain of another genesis.',
    remedy: 'Check it with the genesis file of the network that it was made on.',
    fault: false,
  },
  CONSENSUS_FUTURE_HEIGHT: {
    meaning: 'The message is for a height that this node has not reached.',
    remedy: 'Nothing to do: it is kept if near, and blocks are fetched.',
    fault: false,
  },
  CONSENSUS_INVALID_BLOCK: {
    meaning: 'Executing a proposed block does not give what its header says.',
    remedy:
      'Compare genesis files and versions; if only one validator proposes such blocks, it is faulty.',
    fault: true,
  },
  CONSENSUS_MALFORMED: {
    meaning: 'The bytes are not a message or log record.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_NO_CONTRADICTION: {
    meaning: 'Evidence holds two statements that one validator may sign.',
    remedy: 'It proves nothing: do not act on it.',
    fault: true,
  },
  CONSENSUS_NOT_VALIDATOR: {
    meaning: 'The author is not in the validator set of the height.',
    remedy: NONE,
    fault: false,
  },
  CONSENSUS_OLD_HEIGHT: { meaning: 'The height is final already.', remedy: NONE, fault: false },
  CONSENSUS_OLD_ROUND: { meaning: 'The round is over.', remedy: NONE, fault: false },
  CONSENSUS_PROOF_BY_CONTRACT: {
    meaning:
      'A contract names the validators at the height of a proof, and it is not one whose storage this verifier can read.',
    remedy:
      'Compare the hash of the block with nodes that you trust; the proof below it holds for that hash.',
    fault: false,
  },
  CONSENSUS_PROOF_INVALID: {
    meaning:
      'The Merkle part of a proof does not lead from the header to what it is said to prove.',
    remedy: 'Do not believe it. Have the proof made again, by another node.',
    fault: false,
  },
  CONSENSUS_SECOND_SIGNER: {
    meaning:
      "A message under this validator's own key says what its log does not: the log is an old copy, or another process has the key.",
    remedy:
      'See to it that no other process has this key. The validator follows without voting, and votes again by itself.',
    fault: false,
  },
  CONSENSUS_STALE_INPUT: {
    meaning: 'A timer or a result came for something that is over.',
    remedy: NONE,
    fault: false,
  },
  CONSENSUS_STRANGE_SEAL: {
    meaning: 'A seal comes from an address outside the validator set.',
    remedy: 'Do not trust who served the header.',
    fault: true,
  },
  CONSENSUS_TIMESTAMP_AHEAD: {
    meaning: 'A proposed block is more than a second ahead of the local clock.',
    remedy: 'Synchronise the clocks of the validators.',
    fault: false,
  },
  CONSENSUS_TOO_FEW_SEALS: {
    meaning: 'A header has fewer seals than a quorum.',
    remedy: 'Do not trust who served the header.',
    fault: true,
  },
  CONSENSUS_TOO_LARGE: {
    meaning: 'A message or one of its lists is longer than allowed.',
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_UNKNOWN_VERSION: {
    meaning: 'The encoding has a version that this node does not know.',
    remedy: 'Upgrade the older of the two nodes; a log of a newer version needs the newer program.',
    fault: false,
  },
  CONSENSUS_UNTRUSTED_VALIDATORS: {
    meaning:
      'A header of a proof is not sealed by more than a third of the validators trusted before it.',
    remedy:
      'Do not believe it, unless a header at which the set changed was left out: have it made again.',
    fault: false,
  },
  CONSENSUS_WRONG_PROPOSER: {
    meaning: "It is another validator's turn to propose in that round.",
    remedy: PEER,
    fault: true,
  },
  CONSENSUS_WRONG_VALIDATORS: {
    meaning: 'A header lists other validators than its parent leads to.',
    remedy: 'Compare the genesis files of the validators.',
    fault: true,
  },
};

export type ConsensusRefusal = Refusal<ConsensusCode>;

export function refuse(code: ConsensusCode, message: string): ConsensusRefusal {
  return refuseWith(code, message);
}

/** Whether only a faulty sender causes this refusal, so that the peer may be charged for it. */
export function isSenderFault(code: ConsensusCode): boolean {
  return CONSENSUS_ERRORS[code].fault;
}
