/** What consensus does, in numbers: `qbft_*`, after the metrics that operators of CometBFT know. */
export const CONSENSUS_METRICS = {
  height: {
    kind: 'gauge',
    name: 'qbft_height',
    help: 'Height that is being decided: the one after the head.',
  },
  round: {
    kind: 'gauge',
    name: 'qbft_round',
    help: 'Round of that height. One that stays above 0 means a proposer that is missing or slow.',
  },
  roundChanges: {
    kind: 'counter',
    name: 'qbft_round_changes_total',
    help: 'Rounds entered above 0: after the timeout of the one before, after a refused proposal, with a proposal of that round, or to catch up with more than f others.',
    labels: { reason: ['timeout', 'refused', 'proposal', 'catch-up'] },
  },
  roundDuration: {
    kind: 'histogram',
    name: 'qbft_round_duration_seconds',
    help: 'From entering a round to leaving it or to a final block. Idle time counts.',
    buckets: 'interval',
  },
  phaseDuration: {
    kind: 'histogram',
    name: 'qbft_phase_duration_seconds',
    help: 'Phases of a round: from its timer to the proposal, its validation, from there to a quorum of prepares, from there to a quorum of commits.',
    labels: { phase: ['proposal', 'validation', 'prepare', 'commit'] },
    buckets: 'phase',
  },
  workDuration: {
    kind: 'histogram',
    name: 'qbft_work_duration_seconds',
    help: 'What consensus waits for on this machine: a signature, the synced log, the import of the final block.',
    labels: { work: ['sign', 'log', 'import'] },
    buckets: 'work',
  },
  blockInterval: {
    kind: 'histogram',
    name: 'qbft_block_interval_seconds',
    help: 'Between two blocks decided here one after the other. Blocks that were fetched do not count.',
    buckets: 'interval',
  },
  timeouts: {
    kind: 'counter',
    name: 'qbft_round_timeouts_total',
    help: 'Timers of a round that ran out, also where the round could not be left.',
  },
  validators: {
    kind: 'gauge',
    name: 'qbft_validators',
    help: 'Validators of the height that is being decided.',
  },
  isValidator: {
    kind: 'gauge',
    name: 'qbft_is_validator',
    help: '1 if this node votes at that height, else 0.',
  },
  missingValidators: {
    kind: 'gauge',
    name: 'qbft_missing_validators',
    help: 'Other validators of which nothing was heard at the height before until it was final.',
  },
  lastSignedHeight: {
    kind: 'gauge',
    name: 'qbft_validator_last_signed_height',
    help: 'The last height at which this node signed anything since it started.',
  },
  proposalsCreated: {
    kind: 'counter',
    name: 'qbft_proposals_created_total',
    help: 'Proposals that this node signed.',
  },
  proposalsReceived: {
    kind: 'counter',
    name: 'qbft_proposals_received_total',
    help: 'Proposals, own ones included, whose block was found valid or was refused.',
    labels: { result: ['accepted', 'refused'] },
  },
  messagesReceived: {
    kind: 'counter',
    name: 'qbft_messages_received_total',
    help: 'Messages of others that could be decoded.',
    labels: { kind: ['proposal', 'prepare', 'commit', 'round-change', 'report'] },
  },
  messagesSigned: {
    kind: 'counter',
    name: 'qbft_messages_signed_total',
    help: 'Messages that this node signed and sent.',
    labels: { kind: ['proposal', 'prepare', 'commit', 'round-change'] },
  },
  messagesResent: {
    kind: 'counter',
    name: 'qbft_messages_resent_total',
    help: 'Own messages that were sent again, after a timeout or to a peer that connected.',
    labels: { kind: ['proposal', 'prepare', 'commit', 'round-change'] },
  },
  messagesLate: {
    kind: 'counter',
    name: 'qbft_messages_late_total',
    help: 'Messages of others whose height or round was over.',
    labels: { kind: ['proposal', 'prepare', 'commit', 'round-change', 'report'] },
  },
  messagesHeld: {
    kind: 'gauge',
    name: 'qbft_messages_held',
    help: 'Messages of later heights that wait for their turn.',
  },
  refused: {
    kind: 'counter',
    name: 'qbft_inputs_refused_total',
    help: 'Inputs of any kind that were not taken, by error code; many of the codes are part of normal operation.',
    labels: { code: 'a CONSENSUS_ code' },
  },
  evidence: {
    kind: 'counter',
    name: 'qbft_evidence_total',
    help: 'Equivocations found and stored since the start. More than 0 needs an operator.',
    labels: { kind: ['proposal', 'prepare', 'commit', 'round-change'] },
  },
} as const;
