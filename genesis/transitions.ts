/**
 * `config.transitions.qbft` as Besu reads it, and `config.ehb.transitions`: what changes at later
 * blocks (G-10). Each entry changes single fields; the result says for each height all that holds.
 */
import type { QbftTransition, ValidatorSource } from '../consensus/index.ts';
import {
  type Address,
  asAddress,
  compareBytes,
  type Height,
  keyOf,
} from '../ledger/model/index.ts';
import type { PrecompileGasFactor, RulesChange } from '../vm/index.ts';
import {
  BESU_PERIOD_KEYS,
  type BesuPeriods,
  besuPace,
  type Pace,
  readBesuPeriods,
  readEhbPace,
} from './pace.ts';
import { PRECOMPILE_GAS_KEY, readPrecompileGas } from './precompile-gas.ts';
import type { Problems } from './problems.ts';
import { type Rewards, readAddress, readRewards, sourceOf } from './rewards.ts';
import { nameOf, parseHex, readSection, type Section } from './section.ts';

/** All that can change. */
export type Changing = {
  readonly periods: BesuPeriods;
  readonly pace: Pace;
  readonly rewards: Rewards;
  readonly source: ValidatorSource;
  readonly precompileGasFactors: readonly PrecompileGasFactor[];
};

export type Transitions = {
  readonly transitions: readonly QbftTransition[];
  readonly changes: readonly RulesChange[];
};

type Entry = {
  readonly from: Height;
  readonly section: Section;
  readonly list: 'qbft' | 'ehb';
};

const QBFT_KEYS: ReadonlySet<string> = new Set(
  [
    ...BESU_PERIOD_KEYS,
    'block',
    'validators',
    'validatorSelectionMode',
    'validatorContractAddress',
    'blockReward',
    'miningBeneficiary',
    'perTxGasLimit',
    'comment',
  ].map((key) => key.toLowerCase()),
);

const MOST_ENTRIES = 1000;
/** No chain has so many blocks, and no chain began before: 2001-09-09. */
const FIRST_TIMESTAMP = 1_000_000_000n;

export function readTransitions(
  file: {
    readonly config: Section;
    readonly ehb: Section | undefined;
    readonly start: Changing;
  },
  problems: Problems,
): Transitions {
  const { config, ehb, start } = file;
  const entries = [
    ...listOf(qbftList(config), 'config.transitions.qbft', 'qbft', problems),
    ...listOf(ehb?.raw('transitions'), 'config.ehb.transitions', 'ehb', problems),
  ].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const transitions: QbftTransition[] = [];
  const changes: RulesChange[] = [];
  let now = start;
  for (const { from, section, list } of entries) {
    const validators = list === 'qbft' ? readSet(section, problems) : undefined;
    now =
      list === 'ehb'
        ? afterOwnEntry(now, section)
        : afterEntry(now, section, { validators, hasOwnPace: ehb !== undefined }, problems);
    const before = transitions.at(-1)?.from === from ? transitions.pop() : undefined;
    const { pace, source, rewards, precompileGasFactors } = now;
    transitions.push({ from, ...pace, source, validators: validators ?? before?.validators });
    if (changes.at(-1)?.from === from) changes.pop();
    changes.push({ from, ...rewards, precompileGasFactors });
  }
  return { transitions, changes };
}

function qbftList(config: Section): unknown {
  if (!config.has('transitions')) return undefined;
  if (Array.isArray(config.raw('transitions'))) {
    const message =
      'is the flat list of GoQuorum, whose chains have other headers; for a chain of Besu write {"qbft": [...]}';
    config.report('GENESIS_TRANSITIONS_UNSUPPORTED', 'transitions', message);
    return undefined;
  }
  const lists = config.section('transitions');
  if (lists === undefined) return undefined;
  for (const key of lists.keys.filter((name) => name.toLowerCase() !== 'qbft')) {
    const list = lists.raw(key);
    if (Array.isArray(list) && list.length === 0) continue;
    lists.report('GENESIS_TRANSITIONS_UNSUPPORTED', key, 'is of another consensus than QBFT');
  }
  return lists.raw('qbft');
}

function listOf(
  value: unknown,
  path: string,
  list: Entry['list'],
  problems: Problems,
): readonly Entry[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MOST_ENTRIES) {
    const message = `${path} must be a list of at most ${MOST_ENTRIES} entries, got ${nameOf(value)}`;
    problems.report('GENESIS_TRANSITION_INVALID', message);
    return [];
  }
  const heights = new Set<Height>();
  return value.flatMap((item: unknown, index) => {
    const section = readSection(item, `${path}[${index}]`, problems);
    if (section === undefined) return [];
    section.require('block');
    const from = section.quantity('block', 63);
    if (from === undefined) return [];
    const fault = faultOfHeight(from, heights);
    if (fault !== undefined) section.report('GENESIS_TRANSITION_INVALID', 'block', fault);
    heights.add(from);
    return [{ from, section, list }];
  });
}

function faultOfHeight(from: Height, heights: ReadonlySet<Height>): string | undefined {
  if (from === 0n) return 'must be above 0: block 0 is what the file says without transitions';
  if (heights.has(from)) return `is ${from}, as in an earlier entry; write one entry for it`;
  if (from >= FIRST_TIMESTAMP) return `is ${from}, a time; transitions by time are not supported`;
  return undefined;
}

function afterEntry(
  before: Changing,
  section: Section,
  { validators, hasOwnPace }: { validators: readonly Address[] | undefined; hasOwnPace: boolean },
  problems: Problems,
): Changing {
  for (const key of section.keys) {
    if (!QBFT_KEYS.has(key.toLowerCase())) {
      problems.warn(`${section.path}.${key} has no effect in a transition`);
    }
  }
  const ignored = BESU_PERIOD_KEYS.filter((key) => section.has(key));
  if (hasOwnPace && ignored.length > 0) {
    const where = `${section.path}.${ignored.join(', ')}`;
    problems.warn(`config.ehb is there, so ${where} has no effect; use config.ehb.transitions`);
  }
  const periods = readBesuPeriods(section, before.periods);
  const source = readSource(section, before.source, validators);
  if (source.kind === 'contract' && validators !== undefined) {
    problems.warn(`${section.path}.validators has no effect: a contract names them`);
  }
  return {
    periods,
    pace: hasOwnPace ? before.pace : besuPace(periods, section),
    rewards: readRewards(section, before.rewards),
    source,
    precompileGasFactors: before.precompileGasFactors,
  };
}

function afterOwnEntry(before: Changing, section: Section): Changing {
  return {
    ...before,
    pace: readEhbPace(section, before.pace, ['block', PRECOMPILE_GAS_KEY]),
    precompileGasFactors: readPrecompileGas(section, before.precompileGasFactors),
  };
}

function readSource(
  section: Section,
  before: ValidatorSource,
  validators: readonly Address[] | undefined,
): ValidatorSource {
  const mode = section.raw('validatorSelectionMode');
  const contract = readAddress(section, 'validatorContractAddress');
  const invalid = (name: string, message: string): ValidatorSource => {
    section.report('GENESIS_TRANSITION_INVALID', name, message);
    return before;
  };
  if (mode === undefined) {
    return contract === undefined
      ? before
      : invalid('validatorContractAddress', 'needs "validatorselectionmode": "contract" beside it');
  }
  switch (typeof mode === 'string' ? mode.toLowerCase() : mode) {
    case 'blockheader':
      return validators === undefined
        ? invalid('validators', 'must list at least one validator where headers begin to name them')
        : sourceOf(undefined);
    case 'contract':
      return contract === undefined
        ? invalid('validatorContractAddress', 'is missing: which contract names the validators?')
        : sourceOf(contract);
    default:
      return invalid(
        'validatorSelectionMode',
        `must be "blockheader" or "contract", got ${nameOf(mode)}`,
      );
  }
}

/** Ascending, each once. Undefined if the entry lists nobody. */
function readSet(section: Section, problems: Problems): readonly Address[] | undefined {
  const value = section.raw('validators');
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  const bytes = Array.isArray(value) ? value.map((item: unknown) => parseHex(item)) : [undefined];
  if (!bytes.every((address) => address?.length === 20)) {
    const message = `must be a list of addresses, got ${nameOf(value)}`;
    section.report('GENESIS_TRANSITION_INVALID', 'validators', message);
    return undefined;
  }
  const set = new Map<string, Address>();
  for (const address of bytes) {
    if (address !== undefined) set.set(keyOf(asAddress(address)), asAddress(address));
  }
  if (set.size < bytes.length) problems.warn(`${section.path}.validators repeats an address`);
  return [...set.values()].sort(compareBytes);
}
