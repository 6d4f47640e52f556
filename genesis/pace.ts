/** The pace of consensus: the fields of `config.qbft`, as Besu means them (G-6), and of `config.ehb` (G-7). */
import type { QbftRules } from '../consensus/index.ts';
import type { Section } from './section.ts';

export type Pace = Omit<QbftRules, 'source'>;

/** What a Besu file writes; a transition changes single fields. */
export type BesuPeriods = {
  readonly blockSeconds: number;
  /** Takes the place of the seconds if positive. */
  readonly blockMilliseconds: number;
  /** 0: the block period. */
  readonly emptySeconds: number;
  readonly timeoutSeconds: number;
};

export const BESU_PERIODS: BesuPeriods = {
  blockSeconds: 1,
  blockMilliseconds: 0,
  emptySeconds: 0,
  timeoutSeconds: 1,
};

export const EHB_PACE: Pace = {
  blockPeriodMs: 0,
  emptyBlockPeriodMs: 0,
  requestTimeoutMs: 2000,
  maxRequestTimeoutMs: 10_000,
};

export const BESU_PERIOD_KEYS: readonly string[] = [
  'blockPeriodSeconds',
  'xBlockPeriodMilliseconds',
  'emptyBlockPeriodSeconds',
  'xEmptyBlockPeriodSeconds',
];

const EHB_KEYS: readonly string[] = [
  'blockPeriodMs',
  'emptyBlockPeriodMs',
  'requestTimeoutMs',
  'maxRequestTimeoutMs',
];

/** Besu lets timeouts double without end; ours stop here so that a network always comes back soon. */
const LONGEST_TIMEOUT_MS = 30_000;

/** Those of `before`, and what the section gives. */
export function readBesuPeriods(section: Section, before: BesuPeriods): BesuPeriods {
  return {
    blockSeconds: positiveCount(section, 'blockPeriodSeconds') ?? before.blockSeconds,
    blockMilliseconds: section.count('xBlockPeriodMilliseconds') ?? before.blockMilliseconds,
    emptySeconds:
      section.count('emptyBlockPeriodSeconds') ??
      section.count('xEmptyBlockPeriodSeconds') ??
      before.emptySeconds,
    timeoutSeconds: positiveCount(section, 'requestTimeoutSeconds') ?? before.timeoutSeconds,
  };
}

/** G-6: empty blocks every period unless the file says otherwise. */
export function besuPace(periods: BesuPeriods, section: Section): Pace {
  const { blockSeconds, blockMilliseconds, emptySeconds, timeoutSeconds } = periods;
  const blockPeriodMs = blockMilliseconds > 0 ? blockMilliseconds : blockSeconds * 1000;
  const emptyBlockPeriodMs = emptySeconds > 0 ? emptySeconds * 1000 : blockPeriodMs;
  if (emptyBlockPeriodMs < blockPeriodMs) {
    const message = `is shorter than the block period of ${blockPeriodMs} ms`;
    section.report('GENESIS_FIELDS_CONTRADICT', 'emptyBlockPeriodSeconds', message);
  }
  const requestTimeoutMs = timeoutSeconds * 1000;
  const maxRequestTimeoutMs = Math.max(requestTimeoutMs, LONGEST_TIMEOUT_MS);
  return { blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs, maxRequestTimeoutMs };
}

/** Those of `before`, and what the section gives. `more`: keys that are no part of the pace. */
export function readEhbPace(section: Section, before: Pace, more: readonly string[]): Pace {
  const known = [...EHB_KEYS, ...more];
  for (const key of section.keys) {
    if (!known.some((name) => name.toLowerCase() === key.toLowerCase())) {
      const message = `is unknown; there are ${known.join(', ')}`;
      section.report('GENESIS_FIELD_INVALID', key, message);
    }
  }
  const blockPeriodMs = section.count('blockPeriodMs') ?? before.blockPeriodMs;
  const emptyBlockPeriodMs = section.count('emptyBlockPeriodMs') ?? before.emptyBlockPeriodMs;
  const requestTimeoutMs = positiveCount(section, 'requestTimeoutMs') ?? before.requestTimeoutMs;
  const maxRequestTimeoutMs =
    positiveCount(section, 'maxRequestTimeoutMs') ??
    Math.max(before.maxRequestTimeoutMs, requestTimeoutMs);
  if (emptyBlockPeriodMs > 0 && emptyBlockPeriodMs < blockPeriodMs) {
    const message = `is shorter than blockPeriodMs (${blockPeriodMs})`;
    section.report('GENESIS_FIELDS_CONTRADICT', 'emptyBlockPeriodMs', message);
  }
  if (maxRequestTimeoutMs < requestTimeoutMs) {
    const message = `is shorter than requestTimeoutMs (${requestTimeoutMs})`;
    section.report('GENESIS_FIELDS_CONTRADICT', 'maxRequestTimeoutMs', message);
  }
  return { blockPeriodMs, emptyBlockPeriodMs, requestTimeoutMs, maxRequestTimeoutMs };
}

function positiveCount(section: Section, name: string): number | undefined {
  const value = section.count(name);
  if (value === 0) section.report('GENESIS_FIELD_INVALID', name, 'must be positive');
  return value;
}
