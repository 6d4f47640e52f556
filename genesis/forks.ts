/** Forks of `config`: keys as Besu and go-ethereum write them (G-3). */
import { type ChainRules, type ForkName, forkAt, isAtLeast } from '../vm/index.ts';
import type { Problems } from './problems.ts';
import type { Section } from './section.ts';

export type Fork = ChainRules['forks'][number];

/** Oldest first. */
const BLOCK_FORKS: readonly (readonly [key: string, fork: ForkName])[] = [
  ['homesteadBlock', 'homestead'],
  ['daoForkBlock', 'dao'],
  ['eip150Block', 'tangerineWhistle'],
  ['eip158Block', 'spuriousDragon'],
  ['byzantiumBlock', 'byzantium'],
  ['constantinopleBlock', 'constantinople'],
  ['petersburgBlock', 'petersburg'],
  ['istanbulBlock', 'istanbul'],
  ['muirGlacierBlock', 'muirGlacier'],
  ['berlinBlock', 'berlin'],
  ['londonBlock', 'london'],
  ['arrowGlacierBlock', 'arrowGlacier'],
  ['grayGlacierBlock', 'grayGlacier'],
  ['mergeNetsplitBlock', 'paris'],
];

const TIME_FORKS: readonly (readonly [key: string, fork: ForkName])[] = [
  ['shanghaiTime', 'shanghai'],
  ['cancunTime', 'cancun'],
  ['pragueTime', 'prague'],
  ['osakaTime', 'osaka'],
];

/** Older names of the same forks. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['eip158Block', 'eip155Block'],
  ['petersburgBlock', 'constantinopleFixBlock'],
]);

/** They change nothing in a chain without blobs, difficulty or the DAO's accounts. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  [
    'eip155Block',
    'constantinopleFixBlock',
    'bpo1Time',
    'bpo2Time',
    'bpo3Time',
    'bpo4Time',
    'bpo5Time',
  ].map((key) => key.toLowerCase()),
);

/** Rules that would be missing from the chain if they were passed over. */
const UNSUPPORTED: readonly string[] = ['amsterdamTime', 'futureEipsTime', 'experimentalEipsTime'];

/** The forks in the order in which they came. Reports what is out of order or unknown to the engine. */
export function readForks(config: Section, timestamp: bigint, problems: Problems): readonly Fork[] {
  const byBlock = readActivations(config, BLOCK_FORKS, 'block');
  const byTime = readActivations(config, TIME_FORKS, 'timestamp');
  reportDisorder(config, byBlock);
  reportDisorder(config, byTime);
  const forks = [...byBlock, ...byTime].map(({ fork, kind, at }) =>
    kind === 'block' ? { fork, block: at } : { fork, timestamp: at },
  );
  reportMissingLondon(config, byBlock, byTime, timestamp);
  for (const key of UNSUPPORTED) {
    if (config.has(key)) config.report('GENESIS_FORK_UNSUPPORTED', key, 'is not supported');
  }
  const known = new Set(
    [...BLOCK_FORKS, ...TIME_FORKS].map(([key]) => key.toLowerCase()).concat(...WITHOUT_EFFECT),
  );
  for (const key of config.keys) {
    const isFork = /(block|time)$/i.test(key) && !UNSUPPORTED.includes(key);
    if (isFork && !known.has(key.toLowerCase())) {
      problems.warn(`config.${key} names no fork that is known here; it has no effect`);
    }
  }
  return forks;
}

/** Reports a block 0 with rules older than Byzantium, whose receipts carry a state root each. */
export function reportOldRules(rules: ChainRules, timestamp: bigint, problems: Problems): void {
  const first = forkAt(rules, 0n, timestamp);
  if (isAtLeast(first, 'byzantium')) return;
  problems.report(
    'GENESIS_FORK_UNSUPPORTED',
    `config gives block 0 the rules of ${first}; the oldest that can be run are those of Byzantium, so write for example "berlinBlock": 0`,
  );
}

type Activation = {
  readonly key: string;
  readonly fork: ForkName;
  readonly kind: 'block' | 'timestamp';
  readonly at: bigint;
};

function readActivations(
  config: Section,
  forks: readonly (readonly [string, ForkName])[],
  kind: Activation['kind'],
): readonly Activation[] {
  return forks.flatMap(([name, fork]) => {
    const alias = ALIASES.get(name);
    const key = alias !== undefined && !config.has(name) ? alias : name;
    const at = config.quantity(key, 64);
    return at === undefined ? [] : [{ key, fork, kind, at }];
  });
}

function reportDisorder(config: Section, activations: readonly Activation[]): void {
  for (const [index, later] of activations.entries()) {
    const earlier = activations[index - 1];
    // The DAO fork changed accounts of one chain and no rules: its place among the forks is free.
    if (earlier === undefined || earlier.fork === 'dao' || later.fork === 'dao') continue;
    if (later.at < earlier.at) {
      const message = `is ${later.at}, before ${earlier.key} (${earlier.at}), on which it builds`;
      config.report('GENESIS_FORK_ORDER', later.key, message);
    }
  }
}

/** Headers append the fields of each fork to those of the one before: London's must be there first. */
function reportMissingLondon(
  config: Section,
  byBlock: readonly Activation[],
  byTime: readonly Activation[],
  timestamp: bigint,
): void {
  const [first] = byTime;
  if (first === undefined) return;
  const london = byBlock.find(({ fork }) => fork === 'london');
  if (london === undefined || (first.at <= timestamp && london.at > 0n)) {
    const has = london === undefined ? 'there is no londonBlock' : `londonBlock is ${london.at}`;
    config.report('GENESIS_FORK_ORDER', first.key, `builds on London, but ${has}`);
  }
}
