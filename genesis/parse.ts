/**
 * Reads a genesis file: ours, or one of a Besu QBFT network as it is (docs/spec/genesis.md).
 *
 * A file is either understood completely or refused (G-9): a field that changes the chain and is passed
 * over would give a block 0 that the other nodes do not have.
 */
import type { ValidatorSource } from '../consensus/index.ts';
import { bytesToHex, EMPTY_CODE_HASH, equalBytes, QBFT_MIX_HASH } from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';
import { firstBlock, lowerCase, readAlloc, readChainId, readFile, warnOfUnknown } from './file.ts';
import { readForks, reportOldRules } from './forks.ts';
import type { Genesis } from './genesis.ts';
import { type HeaderFields, readHeaderFields } from './header.ts';
import { type ParsedGenesis, parseWith } from './parsed.ts';
import { readPermissions } from './permissions.ts';
import type { Problems } from './problems.ts';
import { type QbftConfig, readQbftConfig } from './qbft-options.ts';
import type { Section } from './section.ts';
import { readValidators } from './validators.ts';

/** Keys of `config` beside the forks, in lower case. Some are for other clients and mean nothing here. */
const CONFIG_KEYS: ReadonlySet<string> = lowerCase(
  'chainId qbft ehb permissions ibft ibft2 transitions zeroBaseFee fixedBaseFee contractSizeLimit evmStackSize',
  'ecCurve discovery terminalTotalDifficulty terminalTotalDifficultyPassed blobSchedule',
  'eip150Hash daoForkSupport comment',
);

/**
 * The genesis that the JSON value of a file describes.
 *
 * @example
 * const parsed = parseGenesis(JSON.parse(await readFile('genesis.json', 'utf8')));
 * if (!parsed.ok) throw new RangeError(parsed.message);
 * console.log(bytesToHex(parsed.genesis.hash));
 */
export function parseGenesis(json: unknown): ParsedGenesis {
  return parseWith((problems) => readGenesis(json, problems));
}

/** Undefined only after a problem was reported. */
function readGenesis(json: unknown, problems: Problems): Genesis | undefined {
  const sections = readFile(json, problems);
  if (sections === undefined) return undefined;
  const { file, config } = sections;
  const qbft = readQbftConfig(config, problems);
  if (qbft === undefined) return undefined;
  const timestamp = file.quantity('timestamp', 63) ?? 0n;
  const accounts = readAlloc(file, problems);
  const permissions = readPermissions(config, accounts, problems);
  const rules: ChainRules = {
    ...readRules(config, file, qbft, timestamp, problems),
    ...(permissions !== undefined && { permissions }),
  };
  const fields = readHeaderFields(file, rules, timestamp);
  warnOfForeignHeader(fields, problems);
  const validators = readValidators(file, qbft.options.source, problems);
  reportGasCap(qbft, fields.gasLimit, problems);
  reportMissingContract(qbft.options.source, accounts, problems);
  if (validators === undefined || problems.refusals.length > 0) return undefined;

  return {
    ...firstBlock(rules, fields, validators.extraData, accounts),
    qbft: qbft.options,
    validators: validators.validators,
  };
}

function warnOfForeignHeader(fields: HeaderFields, problems: Problems): void {
  const { difficulty, mixHash } = fields;
  if (difficulty !== 1n) problems.warn(`difficulty is ${difficulty}; QBFT blocks have 1`);
  if (!equalBytes(mixHash, QBFT_MIX_HASH)) {
    problems.warn('mixHash is not the constant by which tools know a QBFT chain');
  }
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
  const chainId = readChainId(config);
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
    chainId,
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
