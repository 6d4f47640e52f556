/**
 * Reads a genesis file: ours, or one of a Besu QBFT network as it is (docs/spec/genesis.md).
 *
 * A file is either understood completely or refused (G-9): a field that changes the chain and is passed
 * over would give a block 0 that the other nodes do not have.
 */
import type { ValidatorSource } from '../consensus/index.ts';
import {
  bytesToHex,
  EMPTY_CODE_HASH,
  equalBytes,
  headerHash,
  invariant,
} from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { readAccounts } from './accounts.ts';
import { readForks, reportOldRules } from './forks.ts';
import type { Genesis } from './genesis.ts';
import { readHeaderFields } from './header.ts';
import { createProblems, type GenesisRefusal, type Problems } from './problems.ts';
import { type QbftConfig, readQbftConfig } from './qbft-options.ts';
import { readSection, type Section } from './section.ts';
import { stateRootOf } from './state-root.ts';
import { readValidators } from './validators.ts';

/** Keys of the file, in lower case. */
const FILE_KEYS: ReadonlySet<string> = keySet(
  'config nonce timestamp extraData gasLimit difficulty mixHash coinbase alloc number gasUsed',
  'parentHash baseFeePerGas blobGasUsed excessBlobGas parentBeaconBlockRoot comment',
);

/** Keys of `config` beside the forks, in lower case. Some are for other clients and mean nothing here. */
const CONFIG_KEYS: ReadonlySet<string> = keySet(
  'chainId qbft ehb ibft ibft2 transitions zeroBaseFee fixedBaseFee contractSizeLimit evmStackSize',
  'ecCurve discovery terminalTotalDifficulty terminalTotalDifficultyPassed blobSchedule',
  'eip150Hash daoForkSupport comment',
);

/** `problems` has every fault of the file; `code` and `message` are the first one's. */
export type ParsedGenesis =
  | { readonly ok: true; readonly genesis: Genesis; readonly warnings: readonly string[] }
  | (GenesisRefusal & { readonly problems: readonly GenesisRefusal[] });

/**
 * The genesis that the JSON value of a file describes.
 *
 * @example
 * const parsed = parseGenesis(JSON.parse(await readFile('genesis.json', 'utf8')));
 * if (!parsed.ok) throw new RangeError(parsed.message);
 * console.log(bytesToHex(parsed.genesis.hash));
 */
export function parseGenesis(json: unknown): ParsedGenesis {
  const problems = createProblems();
  const genesis = readGenesis(json, problems);
  const [first] = problems.refusals;
  if (first !== undefined) return { ...first, problems: problems.refusals };
  invariant(genesis !== undefined, 'a genesis file without a problem describes a genesis');
  return { ok: true, genesis, warnings: problems.warnings };
}

/** Undefined only after a problem was reported. */
function readGenesis(json: unknown, problems: Problems): Genesis | undefined {
  const file = readSection(json, '', problems);
  if (file === undefined) return undefined;
  if (!file.has('config')) {
    problems.report('GENESIS_CONFIG_MISSING', 'config is missing');
    return undefined;
  }
  const config = file.section('config');
  if (config === undefined) return undefined;
  warnOfUnknown(file, FILE_KEYS, problems);
  const qbft = readQbftConfig(config, problems);
  if (qbft === undefined) return undefined;
  const timestamp = file.quantity('timestamp', 63) ?? 0n;
  const rules = readRules(config, file, qbft, timestamp, problems);
  const fields = readHeaderFields(file, rules, timestamp, problems);
  const validators = readValidators(file, qbft.options.source, problems);
  const alloc = file.section('alloc');
  const accounts =
    alloc === undefined ? { accounts: [], codes: [] } : readAccounts(alloc, problems);
  reportGasCap(qbft, fields.gasLimit, problems);
  reportMissingContract(qbft.options.source, accounts, problems);
  if (validators === undefined || problems.refusals.length > 0) return undefined;

  const header = {
    ...fields,
    stateRoot: stateRootOf(accounts),
    extraData: validators.extraData,
  };
  const hashRule = rules.hashRule;
  return {
    chainId: rules.chainId,
    rules,
    hashRule,
    qbft: qbft.options,
    block: {
      header,
      transactions: [],
      ommers: [],
      ...(header.withdrawalsRoot !== undefined && { withdrawals: [] }),
    },
    hash: headerHash(header, hashRule),
    accounts,
    validators: validators.validators,
  };
}

/** `config` without the pace of the consensus. */
function readRules(
  config: Section,
  file: Section,
  qbft: QbftConfig,
  timestamp: bigint,
  problems: Problems,
): ChainRules {
  warnOfUnknown(config, CONFIG_KEYS, problems);
  config.require('chainId');
  const chainId = config.quantity('chainId', 63);
  if (chainId === 0n) config.report('GENESIS_FIELD_INVALID', 'chainId', 'must be positive');
  const stackSize = config.count('evmStackSize');
  if (stackSize !== undefined && stackSize !== 1024) {
    config.report('GENESIS_FIELD_INVALID', 'evmStackSize', `is ${stackSize}, only 1024 is known`);
  }
  const curve = config.raw('ecCurve');
  if (curve !== undefined && curve !== 'secp256k1') {
    config.report('GENESIS_FIELD_INVALID', 'ecCurve', 'must be "secp256k1"');
  }
  const contractSizeLimit = config.count('contractSizeLimit');
  const fixedBaseFee = readFixedBaseFee(config, file);
  const rules: ChainRules = {
    chainId: chainId ?? 0n,
    forks: readForks(config, timestamp, problems),
    zeroBaseFee: config.flag('zeroBaseFee') ?? false,
    blockReward: qbft.blockReward,
    beneficiary: qbft.beneficiary,
    hashRule: 'qbft',
    // Besu's miners may move the gas limit; ours keep the genesis file's.
    ...(qbft.options.besuTimestamps && { gasLimitMoves: true }),
    ...(fixedBaseFee !== undefined && { fixedBaseFee }),
    ...(contractSizeLimit !== undefined && { contractSizeLimit }),
    ...(qbft.perTransactionGasLimit !== undefined && {
      perTransactionGasLimit: qbft.perTransactionGasLimit,
    }),
    ...(qbft.precompileGasFactors.length > 0 && {
      precompileGasFactors: qbft.precompileGasFactors,
    }),
    ...(qbft.changes.length > 0 && { changes: qbft.changes }),
  };
  reportOldRules(rules, timestamp, problems);
  return rules;
}

/** Besu fixes the fee at an option of each node; here the genesis has to say it. */
function readFixedBaseFee(config: Section, file: Section): bigint | undefined {
  if (config.flag('fixedBaseFee') !== true) return undefined;
  if (config.flag('zeroBaseFee') === true) {
    const message = 'and zeroBaseFee are both true';
    config.report('GENESIS_FIELDS_CONTRADICT', 'fixedBaseFee', message);
  }
  const fee = file.quantity('baseFeePerGas', 63);
  if (fee === undefined) {
    const message = 'is missing; config.fixedBaseFee keeps the base fee at its value';
    file.report('GENESIS_FIELD_MISSING', 'baseFeePerGas', message);
  }
  return fee;
}

function reportGasCap(qbft: QbftConfig, gasLimit: bigint, problems: Problems): void {
  for (const { perTransactionGasLimit: cap } of [qbft, ...qbft.changes]) {
    if (cap === undefined || cap <= gasLimit) continue;
    const message = `perTxGasLimit is ${cap}, more than the gas limit ${gasLimit}`;
    problems.report('GENESIS_FIELDS_CONTRADICT', message);
  }
}

/** G-5: block 1 is made by those whom the contract names on the state of block 0. */
function reportMissingContract(
  source: ValidatorSource,
  { accounts }: Genesis['accounts'],
  problems: Problems,
): void {
  if (source.kind !== 'contract') return;
  const found = accounts.find(({ address }) => equalBytes(address, source.address));
  const codeHash = found?.account?.codeHash;
  if (codeHash !== undefined && !equalBytes(codeHash, EMPTY_CODE_HASH)) return;
  const contract = bytesToHex(source.address);
  const message = `config.qbft.validatorContractAddress names ${contract}, which has no code in alloc`;
  problems.report('GENESIS_VALIDATORS_MISSING', message);
}

function warnOfUnknown(section: Section, known: ReadonlySet<string>, problems: Problems): void {
  for (const key of section.keys) {
    // Forks are `readForks`'s to judge.
    if (known.has(key.toLowerCase()) || /(block|time)$/i.test(key)) continue;
    const where = section.path === '' ? key : `${section.path}.${key}`;
    problems.warn(`${where} is unknown and has no effect`);
  }
}

function keySet(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').toLowerCase().split(' '));
}
