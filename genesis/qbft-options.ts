/** `config.qbft` as Besu reads it (G-6) and `config.ehb`, our own timing (G-7). */
import type { QbftOptions } from '../consensus/index.ts';
import { type Address, asAddress, type Gas, type Wei } from '../ledger/model/index.ts';
import type { Problems } from './problems.ts';
import type { Section } from './section.ts';

export type QbftConfig = {
  readonly options: QbftOptions;
  readonly blockReward: Wei;
  /** Receives reward and fees in the proposer's place. */
  readonly beneficiary: Address | undefined;
  readonly perTransactionGasLimit: Gas | undefined;
  readonly validatorContract: Address | undefined;
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
    'epochLength',
    'blockPeriodSeconds',
    'xBlockPeriodMilliseconds',
    'emptyBlockPeriodSeconds',
    'xEmptyBlockPeriodSeconds',
    'requestTimeoutSeconds',
    'blockReward',
    'miningBeneficiary',
    'perTxGasLimit',
    'validatorContractAddress',
    'startBlock',
  ].map((key) => key.toLowerCase()),
);

const EHB_KEYS: readonly string[] = [
  'blockPeriodMs',
  'emptyBlockPeriodMs',
  'requestTimeoutMs',
  'maxRequestTimeoutMs',
];

/** Besu lets timeouts double without end; ours stop here so that a network always comes back soon. */
const LONGEST_TIMEOUT_MS = 30_000;

/** Undefined after a problem that was reported. */
export function readQbftConfig(config: Section, problems: Problems): QbftConfig | undefined {
  if (!config.has('qbft')) {
    problems.report('GENESIS_NOT_QBFT', 'config.qbft is missing');
    return undefined;
  }
  const qbft = config.section('qbft');
  if (qbft === undefined) return undefined;
  reportUnsupported(config, qbft);
  for (const key of qbft.keys) {
    if (!KNOWN.has(key.toLowerCase())) problems.warn(`config.qbft.${key} is unknown, no effect`);
  }
  const epochLength = qbft.quantity('epochLength', 63) ?? 30_000n;
  if (epochLength === 0n) qbft.report('GENESIS_FIELD_INVALID', 'epochLength', 'must be positive');
  const validatorContract = readAddress(qbft, 'validatorContractAddress');
  const ehb = config.section('ehb');
  const timing = ehb === undefined ? besuTiming(qbft) : ehbTiming(ehb, qbft, problems);
  return {
    options: {
      ...timing,
      epochLength,
      source:
        validatorContract === undefined
          ? { kind: 'headers' }
          : { kind: 'contract', address: validatorContract },
      transitions: [],
    },
    blockReward: qbft.quantity('blockReward', 128) ?? 0n,
    beneficiary: readAddress(qbft, 'miningBeneficiary'),
    perTransactionGasLimit: positive(qbft.quantity('perTxGasLimit', 63)),
    validatorContract,
  };
}

type Timing = Omit<QbftOptions, 'epochLength' | 'source' | 'transitions'>;

/** G-6: empty blocks every period unless `emptyBlockPeriodSeconds` says otherwise. */
function besuTiming(qbft: Section): Timing {
  const seconds = positiveCount(qbft, 'blockPeriodSeconds') ?? 1;
  const milliseconds = qbft.count('xBlockPeriodMilliseconds') ?? 0;
  const emptySeconds =
    qbft.count('emptyBlockPeriodSeconds') ?? qbft.count('xEmptyBlockPeriodSeconds') ?? 0;
  const blockPeriodMs = milliseconds > 0 ? milliseconds : seconds * 1000;
  const emptyBlockPeriodMs = emptySeconds > 0 ? emptySeconds * 1000 : blockPeriodMs;
  if (emptyBlockPeriodMs < blockPeriodMs) {
    const message = `is shorter than the block period of ${blockPeriodMs} ms`;
    qbft.report('GENESIS_FIELDS_CONTRADICT', 'emptyBlockPeriodSeconds', message);
  }
  const requestTimeoutMs = (positiveCount(qbft, 'requestTimeoutSeconds') ?? 1) * 1000;
  const maxRequestTimeoutMs = Math.max(requestTimeoutMs, LONGEST_TIMEOUT_MS);
  return {
    blockPeriodMs,
    emptyBlockPeriodMs,
    requestTimeoutMs,
    maxRequestTimeoutMs,
    besuTimestamps: true,
  };
}

/** G-7: blocks when there is work. Overrides the periods and timeouts of `config.qbft`. */
function ehbTiming(ehb: Section, qbft: Section, problems: Problems): Timing {
  for (const key of ehb.keys) {
    if (!EHB_KEYS.some((known) => known.toLowerCase() === key.toLowerCase())) {
      ehb.report('GENESIS_FIELD_INVALID', key, `is unknown; there are ${EHB_KEYS.join(', ')}`);
    }
  }
  const overridden = [
    'blockPeriodSeconds',
    'xBlockPeriodMilliseconds',
    'emptyBlockPeriodSeconds',
    'xEmptyBlockPeriodSeconds',
    'requestTimeoutSeconds',
  ].filter((key) => qbft.has(key));
  if (overridden.length > 0) {
    problems.warn(`config.ehb is there, so config.qbft.${overridden.join(', ')} has no effect`);
  }
  const blockPeriodMs = ehb.count('blockPeriodMs') ?? 0;
  const emptyBlockPeriodMs = ehb.count('emptyBlockPeriodMs') ?? 0;
  const requestTimeoutMs = positiveCount(ehb, 'requestTimeoutMs') ?? 2000;
  const maxRequestTimeoutMs =
    positiveCount(ehb, 'maxRequestTimeoutMs') ?? Math.max(10_000, requestTimeoutMs);
  if (emptyBlockPeriodMs > 0 && emptyBlockPeriodMs < blockPeriodMs) {
    const message = `is shorter than blockPeriodMs (${blockPeriodMs})`;
    ehb.report('GENESIS_FIELDS_CONTRADICT', 'emptyBlockPeriodMs', message);
  }
  if (maxRequestTimeoutMs < requestTimeoutMs) {
    const message = `is shorter than requestTimeoutMs (${requestTimeoutMs})`;
    ehb.report('GENESIS_FIELDS_CONTRADICT', 'maxRequestTimeoutMs', message);
  }
  return {
    blockPeriodMs,
    emptyBlockPeriodMs,
    requestTimeoutMs,
    maxRequestTimeoutMs,
    besuTimestamps: false,
  };
}

function reportUnsupported(config: Section, qbft: Section): void {
  const startBlock = qbft.quantity('startBlock', 63) ?? 0n;
  const older = ['ibft', 'ibft2', 'ibftLegacy'].find((key) => config.has(key));
  if (startBlock > 0n || older !== undefined) {
    const from = older === undefined ? '' : ` from ${older}`;
    const message = `moves the chain to QBFT${from} at block ${startBlock}; chains that change their consensus are not supported`;
    qbft.report('GENESIS_MIGRATION_UNSUPPORTED', 'startBlock', message);
  }
  if (!config.has('transitions')) return;
  const value = config.raw('transitions');
  const lists = Array.isArray(value) ? [value] : Object.values(value ?? {});
  if (lists.some((list) => !Array.isArray(list) || list.length > 0)) {
    config.report('GENESIS_TRANSITIONS_UNSUPPORTED', 'transitions', 'is not supported yet');
  }
}

/** The empty string means none, as in Besu. */
function readAddress(qbft: Section, name: string): Address | undefined {
  if (qbft.raw(name) === '') return undefined;
  const bytes = qbft.bytes(name, 20);
  return bytes === undefined ? undefined : asAddress(bytes);
}

function positiveCount(section: Section, name: string): number | undefined {
  const value = section.count(name);
  if (value === 0) section.report('GENESIS_FIELD_INVALID', name, 'must be positive');
  return value;
}

function positive(value: bigint | undefined): bigint | undefined {
  return value === 0n ? undefined : value;
}
