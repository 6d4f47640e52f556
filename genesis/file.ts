/** The parts of a genesis file that every chain has, and block 0 made of them. */
import { type BlockHeader, headerHash, type StateChanges } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { readAccounts } from './accounts.ts';
import type { ReferenceGenesis } from './genesis.ts';
import type { HeaderFields } from './header.ts';
import type { Problems } from './problems.ts';
import { readSection, type Section } from './section.ts';
import { stateRootOf } from './state-root.ts';

/** Keys of the file, in lower case. */
const FILE_KEYS: ReadonlySet<string> = lowerCase(
  'config nonce timestamp extraData gasLimit difficulty mixHash coinbase alloc number gasUsed',
  'parentHash baseFeePerGas blobGasUsed excessBlobGas parentBeaconBlockRoot comment',
);

/** Undefined after a problem that was reported. */
export function readFile(
  json: unknown,
  problems: Problems,
): { readonly file: Section; readonly config: Section } | undefined {
  const file = readSection(json, '', problems);
  if (file === undefined) return undefined;
  if (!file.has('config')) {
    problems.report('GENESIS_CONFIG_MISSING', 'config is missing');
    return undefined;
  }
  const config = file.section('config');
  if (config === undefined) return undefined;
  warnOfUnknown(file, FILE_KEYS, problems);
  return { file, config };
}

/** 0 after a problem that was reported. */
export function readChainId(config: Section): bigint {
  config.require('chainId');
  const chainId = config.quantity('chainId', 63);
  if (chainId === 0n) config.report('GENESIS_FIELD_INVALID', 'chainId', 'must be positive');
  return chainId ?? 0n;
}

export function readAlloc(file: Section, problems: Problems): StateChanges {
  const alloc = file.section('alloc');
  return alloc === undefined ? { accounts: [], codes: [] } : readAccounts(alloc, problems);
}

/** Block 0 and what goes with it. */
export function firstBlock(
  rules: ChainRules,
  fields: HeaderFields,
  extraData: Uint8Array,
  accounts: StateChanges,
): Omit<ReferenceGenesis, 'qbft'> {
  const { chainId, hashRule } = rules;
  const header: BlockHeader = { ...fields, stateRoot: stateRootOf(accounts), extraData };
  const block = {
    header,
    transactions: [],
    ommers: [],
    ...(header.withdrawalsRoot !== undefined && { withdrawals: [] }),
  };
  return { chainId, rules, hashRule, block, hash: headerHash(header, hashRule), accounts };
}

/** @param known in lower case */
export function warnOfUnknown(
  section: Section,
  known: ReadonlySet<string>,
  problems: Problems,
): void {
  for (const key of section.keys) {
    // Forks are `readForks`'s to judge.
    if (known.has(key.toLowerCase()) || /(block|time)$/i.test(key)) continue;
    const where = section.path === '' ? key : `${section.path}.${key}`;
    problems.warn(`${where} is unknown and has no effect`);
  }
}

/** The words of some lines. */
export function lowerCase(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').toLowerCase().split(' '));
}
