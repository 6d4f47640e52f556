/**
 * Reads the genesis file of a chain of Ethereum, as go-ethereum writes it, for chains that are replayed and
 * served and never run (G-20). Nobody seals their blocks here, so nothing is said of validators.
 */
import { asAddress } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { readBlobSchedule } from './blob-schedule.ts';
import { firstBlock, lowerCase, readAlloc, readChainId, readFile, warnOfUnknown } from './file.ts';
import { type Fork, readForks } from './forks.ts';
import type { ReferenceGenesis } from './genesis.ts';
import { readHeaderFields } from './header.ts';
import { type ParsedGenesis, parseWith } from './parsed.ts';
import type { Problems } from './problems.ts';
import type { Section } from './section.ts';

const CONFIG_KEYS: ReadonlySet<string> = lowerCase(
  'chainId networkId ethash blobSchedule depositContractAddress daoForkSupport eip150Hash',
  'terminalTotalDifficulty terminalTotalDifficultyPassed comment',
);

/** Their blocks are made in other ways, and hashed in other ways. */
const OTHER_CONSENSUS: readonly string[] = ['clique', 'ibft', 'ibft2', 'ibftLegacy'];

/** The genesis that the JSON value of a file describes. */
export function parseReferenceGenesis(json: unknown): ParsedGenesis<ReferenceGenesis> {
  return parseWith((problems) => readReference(json, problems));
}

function readReference(json: unknown, problems: Problems): ReferenceGenesis | undefined {
  const sections = readFile(withoutNulls(json), problems);
  if (sections === undefined) return undefined;
  const { file, config } = sections;
  if (config.has('qbft')) {
    const message =
      'is there: blocks of that chain carry seals, which a reference import leaves aside';
    config.report('GENESIS_NOT_REFERENCE', 'qbft', message);
    return undefined;
  }
  for (const key of OTHER_CONSENSUS.filter((name) => config.has(name))) {
    config.report('GENESIS_NOT_REFERENCE', key, 'names a consensus whose blocks are not replayed');
  }
  warnOfUnknown(config, CONFIG_KEYS, problems);
  const timestamp = file.quantity('timestamp', 53) ?? 0n;
  const depositContract = config.bytes('depositContractAddress', 20);
  const rules: ChainRules = {
    chainId: readChainId(config),
    forks: readReferenceForks(config, file, timestamp, problems),
    zeroBaseFee: false,
    blockReward: 0n,
    beneficiary: undefined,
    hashRule: 'plain',
    gasLimitMoves: true,
    reference: {
      blobSchedule: readBlobSchedule(config, problems),
      ...(depositContract !== undefined && { depositContract: asAddress(depositContract) }),
    },
  };
  const fields = readHeaderFields(file, rules, timestamp);
  const extraData = file.bytes('extraData') ?? new Uint8Array(0);
  const accounts = readAlloc(file, problems);
  if (problems.refusals.length > 0) return undefined;
  return { ...firstBlock(rules, fields, extraData, accounts), qbft: undefined };
}

function readReferenceForks(
  config: Section,
  file: Section,
  timestamp: bigint,
  problems: Problems,
): readonly Fork[] {
  const [signed, cleared] = [
    config.quantity('eip155Block', 63),
    config.quantity('eip158Block', 63),
  ];
  if (signed !== undefined && cleared !== undefined && signed !== cleared) {
    const message =
      'differs from eip158Block; both are of Spurious Dragon, which is known as a whole';
    config.report('GENESIS_FORK_UNSUPPORTED', 'eip155Block', message);
  }
  const named = readForks(config, timestamp, problems);
  const forks = config.flag('daoForkSupport') === true ? named : named.filter(isNotDao);
  if (forks.some(({ fork }) => fork === 'paris')) return forks;
  // Without proof of work at the start there is no block at which it ended.
  const startsMerged =
    config.quantity('terminalTotalDifficulty', 256) === 0n ||
    config.flag('terminalTotalDifficultyPassed') === true ||
    file.quantity('difficulty', 256) === 0n;
  const firstByTime = forks.findIndex((fork) => 'timestamp' in fork);
  if (startsMerged) {
    const place = firstByTime < 0 ? forks.length : firstByTime;
    return [...forks.slice(0, place), { fork: 'paris', block: 0n }, ...forks.slice(place)];
  }
  if (firstByTime >= 0) {
    const message =
      'is missing: from which block on stakes make the blocks is not found by total difficulty here';
    config.report('GENESIS_FIELD_MISSING', 'mergeNetsplitBlock', message);
  }
  return forks;
}

/** go-ethereum writes `null` for a field that block 0 does not have. */
function withoutNulls(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function isNotDao({ fork }: Fork): boolean {
  return fork !== 'dao';
}
