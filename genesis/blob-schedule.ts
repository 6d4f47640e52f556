/** `config.blobSchedule` (EIP-7840), for chains of Ethereum: ours have no blobs. */
import type { BlobSchedule } from '../vm/index.ts';
import type { Problems } from './problems.ts';
import type { Section } from './section.ts';

/** Oldest first, with what holds where the file says nothing (EIP-4844, EIP-7691). */
const FORKS: readonly (readonly [fork: string, values: Values | undefined])[] = [
  ['cancun', { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n }],
  ['prague', { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n }],
  ['osaka', { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n }],
  ...[1, 2, 3, 4, 5].map((n) => [`bpo${n}`, undefined] as const),
];

type Values = Omit<BlobSchedule, 'fork' | 'from'>;

/** Of the forks that the file names, ascending. */
export function readBlobSchedule(config: Section, problems: Problems): readonly BlobSchedule[] {
  const schedule = config.section('blobSchedule');
  const entries: BlobSchedule[] = [];
  for (const [fork, usual] of FORKS) {
    const from = config.quantity(`${fork}Time`, 53);
    if (from === undefined) continue;
    const values = readValues(schedule, fork, usual);
    if (values === undefined) {
      const message = `is there, but blobSchedule has no entry ${fork} that says how many blobs`;
      config.report('GENESIS_FIELD_MISSING', `${fork}Time`, message);
      continue;
    }
    const before = entries.at(-1);
    if (before !== undefined && from < before.from) {
      const message = `is ${from}, before ${before.fork}Time (${before.from}), on which it builds`;
      config.report('GENESIS_FORK_ORDER', `${fork}Time`, message);
    }
    entries.push({ fork, from, ...values });
  }
  for (const key of schedule?.keys ?? []) {
    if (!FORKS.some(([fork]) => fork === key.toLowerCase())) {
      problems.warn(
        `config.blobSchedule.${key} names no fork that is known here; it has no effect`,
      );
    }
  }
  return entries;
}

function readValues(
  schedule: Section | undefined,
  fork: string,
  usual: Values | undefined,
): Values | undefined {
  const entry = schedule?.section(fork);
  if (entry === undefined) return usual;
  for (const name of ['target', 'max', 'baseFeeUpdateFraction']) entry.require(name);
  const target = entry.count('target') ?? 0;
  const max = entry.count('max') ?? 0;
  const baseFeeUpdateFraction = entry.quantity('baseFeeUpdateFraction', 53) ?? 1n;
  if (max === 0 || baseFeeUpdateFraction === 0n || target > max) {
    const message = 'needs a positive max, a target up to it and a positive baseFeeUpdateFraction';
    schedule?.report('GENESIS_FIELD_INVALID', fork, message);
  }
  return { target, max, baseFeeUpdateFraction };
}
