/** `config.qbft` as Besu reads it (G-6), `config.ehb`, our own pace (G-7), and what changes later (G-10). */
import type { QbftOptions } from '../consensus/index.ts';
import type { PrecompileGasFactor, RulesChange } from '../vm/index.ts';
import {
  BESU_PERIOD_KEYS,
  BESU_PERIODS,
  besuPace,
  EHB_PACE,
  readBesuPeriods,
  readEhbPace,
} from './pace.ts';
import { PRECOMPILE_GAS_KEY, readPrecompileGas } from './precompile-gas.ts';
import type { Problems } from './problems.ts';
import { NO_REWARDS, type Rewards, readAddress, readRewards, sourceOf } from './rewards.ts';
import type { Section } from './section.ts';
import { readTransitions } from './transitions.ts';

export type QbftConfig = Rewards & {
  readonly options: QbftOptions;
  readonly precompileGasFactors: readonly PrecompileGasFactor[];
  /** What changes of rewards and prices at later blocks. */
  readonly changes: readonly RulesChange[];
};

/** Keys that Besu defines for queues of its own; ours are bounded elsewhere. */
const BESU_QUEUES: readonly string[] = [
  'gossipedHistoryLimit',
  'messageQueueLimit',
  'duplicateMessageLimit',
  'futureMessagesLimit',
  'futureMessagesMaxDistance',
];

const KNOWN: ReadonlySet<string> = new Set(
  [
    ...BESU_QUEUES,
    ...BESU_PERIOD_KEYS,
    'epochLength',
    'requestTimeoutSeconds',
    'blockReward',
    'miningBeneficiary',
    'perTxGasLimit',
    'validatorContractAddress',
    'startBlock',
  ].map((key) => key.toLowerCase()),
);

/** Undefined after a problem that was reported. */
export function readQbftConfig(config: Section, problems: Problems): QbftConfig | undefined {
  if (!config.has('qbft')) {
    problems.report('GENESIS_NOT_QBFT', 'config.qbft is missing');
    return undefined;
  }
  const qbft = config.section('qbft');
  if (qbft === undefined) return undefined;
  reportMigration(config, qbft);
  for (const key of qbft.keys) {
    if (!KNOWN.has(key.toLowerCase())) problems.warn(`config.qbft.${key} is unknown, no effect`);
  }
  const epochLength = qbft.quantity('epochLength', 63) ?? 30_000n;
  if (epochLength === 0n) qbft.report('GENESIS_FIELD_INVALID', 'epochLength', 'must be positive');
  const ehb = config.section('ehb');
  const periods = readBesuPeriods(qbft, BESU_PERIODS);
  const pace =
    ehb === undefined
      ? besuPace(periods, qbft)
      : readEhbPace(ehb, EHB_PACE, ['transitions', PRECOMPILE_GAS_KEY]);
  const precompileGasFactors = ehb === undefined ? [] : readPrecompileGas(ehb, []);
  if (ehb !== undefined) warnOfOverridden(qbft, problems);
  const rewards = readRewards(qbft, NO_REWARDS);
  const source = sourceOf(readAddress(qbft, 'validatorContractAddress'));
  const later = readTransitions(
    { config, ehb, start: { periods, pace, rewards, source, precompileGasFactors } },
    problems,
  );
  return {
    ...rewards,
    precompileGasFactors,
    options: {
      ...pace,
      source,
      besuTimestamps: ehb === undefined,
      epochLength,
      transitions: later.transitions,
    },
    changes: later.changes,
  };
}

function warnOfOverridden(qbft: Section, problems: Problems): void {
  const overridden = [...BESU_PERIOD_KEYS, 'requestTimeoutSeconds'].filter((key) => qbft.has(key));
  if (overridden.length > 0) {
    problems.warn(`config.ehb is there, so config.qbft.${overridden.join(', ')} has no effect`);
  }
}

function reportMigration(config: Section, qbft: Section): void {
  const startBlock = qbft.quantity('startBlock', 63) ?? 0n;
  const older = ['ibft', 'ibft2', 'ibftLegacy'].find((key) => config.has(key));
  if (startBlock === 0n && older === undefined) return;
  const from = older === undefined ? '' : ` from ${older}`;
  const message = `moves the chain to QBFT${from} at block ${startBlock}; chains that change their consensus are not supported`;
  qbft.report('GENESIS_MIGRATION_UNSUPPORTED', 'startBlock', message);
}
