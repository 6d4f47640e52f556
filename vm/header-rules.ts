/**
 * What a header owes to its parent and to the chain rules, before anything is executed.
 *
 * The consensus rules about a header (extraData, seals, proposer, period) are not here; see `consensus/`.
 * QBFT constants: Besu's QbftBlockHeaderValidationRulesetFactory; here the nonce is held to zero as well.
 */
import {
  type Address,
  type BlockHeader,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  equalBytes,
  type Gas,
  type Hash,
  headerHash,
  QBFT_MIX_HASH,
  type Refusal,
  refuse,
  type Wei,
  ZERO_HASH,
} from '../ledger/model/index.ts';
import { type ChainRules, type ForkName, forkAt, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment } from './engine.ts';

const INITIAL_BASE_FEE = 1_000_000_000n;
const ELASTICITY = 2n;
const BASE_FEE_STEP = 8n;
const GAS_LIMIT_STEP = 1_024n;
const LEAST_GAS_LIMIT = 5_000n;

/** the base fee of the block after `parent`; undefined before London. */
export function baseFeeAfter(
  parent: BlockHeader,
  rules: ChainRules,
  fork: ForkName,
): Wei | undefined {
  if (!isAtLeast(fork, 'london')) return undefined;
  if (rules.zeroBaseFee) return 0n;
  if (rules.fixedBaseFee !== undefined) return rules.fixedBaseFee;
  const { baseFeePerGas, gasUsed } = parent;
  if (baseFeePerGas === undefined) return INITIAL_BASE_FEE;
  const target = parent.gasLimit / ELASTICITY;
  if (gasUsed === target) return baseFeePerGas;
  if (gasUsed > target) {
    const rise = (baseFeePerGas * (gasUsed - target)) / target / BASE_FEE_STEP;
    return baseFeePerGas + (rise > 0n ? rise : 1n);
  }
  return baseFeePerGas - (baseFeePerGas * (target - gasUsed)) / target / BASE_FEE_STEP;
}

/** What instructions see of the block with this header. */
export function environmentOf(header: BlockHeader): BlockEnvironment {
  const { baseFeePerGas, excessBlobGas, parentBeaconBlockRoot } = header;
  return {
    number: header.number,
    timestamp: header.timestamp,
    parentHash: header.parentHash,
    gasLimit: header.gasLimit,
    beneficiary: header.beneficiary,
    prevRandao: header.mixHash,
    difficulty: header.difficulty,
    ...(baseFeePerGas !== undefined && { baseFeePerGas }),
    ...(excessBlobGas !== undefined && { excessBlobGas }),
    ...(parentBeaconBlockRoot !== undefined && { parentBeaconBlockRoot }),
  };
}

/** who gets the fees and the reward. @param rules those of the block's number (`rulesAt`) */
export function coinbaseOf(
  { coinbase, beneficiary }: Pick<BlockEnvironment, 'coinbase' | 'beneficiary'>,
  rules: Pick<ChainRules, 'beneficiary'>,
): Address {
  return coinbase ?? rules.beneficiary ?? beneficiary;
}

/** The fields that forks append, with the values that they have on a chain without blobs and withdrawals. */
export function forkFields(
  fork: ForkName,
  requestsHash: Hash,
): Pick<
  BlockHeader,
  'withdrawalsRoot' | 'blobGasUsed' | 'excessBlobGas' | 'parentBeaconBlockRoot' | 'requestsHash'
> {
  return {
    ...(isAtLeast(fork, 'shanghai') && { withdrawalsRoot: EMPTY_ROOT }),
    ...(isAtLeast(fork, 'cancun') && {
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ZERO_HASH,
    }),
    ...(isAtLeast(fork, 'prague') && { requestsHash }),
  };
}

/** Ring 1: the header alone against its parent. Undefined: nothing to refuse. */
export function checkHeader(
  header: BlockHeader,
  parent: BlockHeader,
  rules: ChainRules,
): Refusal | undefined {
  const fork = forkAt(rules, header.number, header.timestamp);
  return (
    checkPlace(header, parent, rules) ??
    checkGasFields(header, parent, rules, fork) ??
    checkConstants(header, rules) ??
    checkForkFields(header, fork)
  );
}

function checkPlace(
  header: BlockHeader,
  parent: BlockHeader,
  rules: ChainRules,
): Refusal | undefined {
  if (header.number !== parent.number + 1n) {
    return refuse('VM_NUMBER', `number ${header.number} after ${parent.number}`);
  }
  if (!equalBytes(header.parentHash, headerHash(parent, rules.hashRule))) {
    return refuse('VM_PARENT_HASH', `block ${header.number} has another parent`);
  }
  if (header.timestamp < parent.timestamp) {
    return refuse('VM_TIMESTAMP', `timestamp ${header.timestamp} before ${parent.timestamp}`);
  }
  return undefined;
}

function checkGasFields(
  header: BlockHeader,
  parent: BlockHeader,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  if (!isGasLimitAllowed(header.gasLimit, parent.gasLimit, rules)) {
    return refuse('VM_GAS_LIMIT', `gas limit ${header.gasLimit} after ${parent.gasLimit}`);
  }
  if (header.gasUsed > header.gasLimit) {
    return refuse('VM_GAS_USED_ABOVE_LIMIT', `gas used ${header.gasUsed} of ${header.gasLimit}`);
  }
  const baseFee = baseFeeAfter(parent, rules, fork);
  if (header.baseFeePerGas !== baseFee) {
    return refuse('VM_BASE_FEE', `base fee ${header.baseFeePerGas}, expected ${baseFee}`);
  }
  return undefined;
}

function isGasLimitAllowed(gasLimit: Gas, parentGasLimit: Gas, rules: ChainRules): boolean {
  if (rules.gasLimitMoves !== true) return gasLimit === parentGasLimit;
  const distance =
    gasLimit > parentGasLimit ? gasLimit - parentGasLimit : parentGasLimit - gasLimit;
  return (
    gasLimit >= LEAST_GAS_LIMIT && (distance === 0n || distance < parentGasLimit / GAS_LIMIT_STEP)
  );
}

function checkConstants(header: BlockHeader, rules: ChainRules): Refusal | undefined {
  if (!equalBytes(header.ommersHash, EMPTY_OMMERS_HASH)) {
    return refuse('VM_OMMERS', 'the header commits to ommers');
  }
  if (rules.hashRule !== 'qbft') return undefined;
  if (header.difficulty !== 1n) return constant('difficulty');
  if (!equalBytes(header.mixHash, QBFT_MIX_HASH)) return constant('mixHash');
  if (header.nonce.some((byte) => byte !== 0)) return constant('nonce');
  return undefined;
}

function checkForkFields(header: BlockHeader, fork: ForkName): Refusal | undefined {
  const { withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot } = header;
  const shanghai = isAtLeast(fork, 'shanghai');
  const cancun = isAtLeast(fork, 'cancun');
  const presence: readonly (readonly [string, boolean, boolean])[] = [
    ['withdrawalsRoot', withdrawalsRoot !== undefined, shanghai],
    ['blobGasUsed', blobGasUsed !== undefined, cancun],
    ['excessBlobGas', excessBlobGas !== undefined, cancun],
    ['parentBeaconBlockRoot', parentBeaconBlockRoot !== undefined, cancun],
    ['requestsHash', header.requestsHash !== undefined, isAtLeast(fork, 'prague')],
  ];
  for (const [field, isPresent, isRequired] of presence) {
    if (isPresent === isRequired) continue;
    return refuse('VM_FORK_FIELDS', `${field} is ${isPresent ? 'early' : 'missing'} at ${fork}`);
  }
  if (withdrawalsRoot !== undefined && !equalBytes(withdrawalsRoot, EMPTY_ROOT)) {
    return refuse('VM_WITHDRAWALS', 'the header commits to withdrawals');
  }
  if ((blobGasUsed ?? 0n) !== 0n) return constant('blobGasUsed');
  if ((excessBlobGas ?? 0n) !== 0n) return constant('excessBlobGas');
  if (parentBeaconBlockRoot !== undefined && !equalBytes(parentBeaconBlockRoot, ZERO_HASH)) {
    return constant('parentBeaconBlockRoot');
  }
  return undefined;
}

function constant(field: string): Refusal {
  return refuse('VM_HEADER_CONSTANT', `${field} is not the constant of the chain`);
}
