/**
 * The little of EIP-4844 that the engines keep for blocks of other chains and for conformance tests.
 *
 * Our own chain has no blobs: `checkBody` and the pool refuse type 3, and the header fields are zero.
 */
import type {
  BlockHeader,
  Gas,
  Refusal,
  Transaction,
  UnixSeconds,
  Wei,
} from '../ledger/model/index.ts';
import { refuse } from '../ledger/model/index.ts';
import { type BlobSchedule, type ChainRules, type ForkName, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment } from './engine.ts';

/** Blob gas of one blob. */
export const GAS_PER_BLOB: Gas = 131_072n;

type BlobTransaction = Extract<Transaction, { type: 3 }>;

const OSAKA_BLOBS_PER_TRANSACTION = 6;

/** Blobs that one block may carry (EIP-4844, EIP-7691). */
function blobsPerBlock(fork: ForkName): number {
  return isAtLeast(fork, 'prague') ? 9 : 6;
}

/** Count and hash versions of a blob transaction; undefined: nothing to refuse. */
export function checkBlobForm(transaction: BlobTransaction, fork: ForkName): Refusal | undefined {
  const hashes = transaction.blobVersionedHashes;
  const perBlock = blobsPerBlock(fork);
  const limit = isAtLeast(fork, 'osaka')
    ? Math.min(perBlock, OSAKA_BLOBS_PER_TRANSACTION)
    : perBlock;
  if (hashes.length === 0 || hashes.length > limit) {
    return refuse(
      'VM_BLOB_COUNT',
      `a blob transaction has 1 to ${limit} blobs, got ${hashes.length}`,
    );
  }
  if (hashes.some((hash) => hash[0] !== 1)) {
    return refuse('VM_BLOB_VERSION', 'a blob hash has an unknown version');
  }
  return undefined;
}

/** Whether the transaction offers the blob base fee of its block. */
export function checkBlobFee(
  transaction: BlobTransaction,
  environment: BlockEnvironment,
  rules: ChainRules,
  fork: ForkName,
): Refusal | undefined {
  const price = blobBaseFee(environment, rules, fork);
  if (transaction.maxFeePerBlobGas >= price) return undefined;
  return refuse(
    'VM_BLOB_FEE',
    `max fee per blob gas less than block blob gas fee: maxFeePerBlobGas: ${transaction.maxFeePerBlobGas}, blobBaseFee: ${price}`,
  );
}

/** Wei for one unit of blob gas: 1 as long as no block carries blobs (EIP-4844's fake_exponential). */
export function blobBaseFee(
  {
    timestamp,
    excessBlobGas = 0n,
    blobBaseFee: supposed,
  }: Pick<BlockEnvironment, 'timestamp' | 'excessBlobGas' | 'blobBaseFee'>,
  rules: ChainRules,
  fork: ForkName,
): Wei {
  if (supposed !== undefined) return supposed;
  const fraction = updateFraction(timestamp, rules, fork);
  let output = 0n;
  let accumulator = fraction;
  for (let i = 1n; accumulator > 0n; i += 1n) {
    output += accumulator;
    accumulator = (accumulator * excessBlobGas) / (fraction * i);
  }
  return output / fraction;
}

/** What the genesis file of a chain of Ethereum says of blobs at a time; undefined on ours, which has none. */
export function blobScheduleAt(
  timestamp: UnixSeconds,
  { reference }: ChainRules,
): BlobSchedule | undefined {
  return reference?.blobSchedule.findLast(({ from }) => from <= timestamp);
}

function updateFraction(timestamp: UnixSeconds, rules: ChainRules, fork: ForkName): bigint {
  const scheduled = blobScheduleAt(timestamp, rules);
  if (scheduled !== undefined) return scheduled.baseFeeUpdateFraction;
  return isAtLeast(fork, 'prague') ? 5_007_716n : 3_338_477n;
}

/** The most blob gas that a block of that time may use. */
export function blobGasLimit(timestamp: UnixSeconds, rules: ChainRules, fork: ForkName): Gas {
  return BigInt(blobScheduleAt(timestamp, rules)?.max ?? blobsPerBlock(fork)) * GAS_PER_BLOB;
}

/** EIP-7918: below this times the base fee, a unit of blob gas costs less than keeping blobs does. */
const BLOB_BASE_COST = 8_192n;

/** The header's `excessBlobGas` after a parent that has Cancun's fields; always zero on our own chain. */
export function excessBlobGasAfter(
  parent: Pick<BlockHeader, 'timestamp' | 'excessBlobGas' | 'blobGasUsed' | 'baseFeePerGas'>,
  timestamp: UnixSeconds,
  rules: ChainRules,
  fork: ForkName,
): Gas {
  const schedule = blobScheduleAt(timestamp, rules);
  if (schedule === undefined || parent.excessBlobGas === undefined) return 0n;
  const { target, max } = schedule;
  const used = parent.blobGasUsed ?? 0n;
  const sum = parent.excessBlobGas + used;
  const wanted = BigInt(target) * GAS_PER_BLOB;
  if (sum < wanted) return 0n;
  const price = blobBaseFee({ timestamp, excessBlobGas: parent.excessBlobGas }, rules, fork);
  const isCheap = BLOB_BASE_COST * (parent.baseFeePerGas ?? 0n) > GAS_PER_BLOB * price;
  if (isAtLeast(fork, 'osaka') && isCheap) {
    return parent.excessBlobGas + (used * BigInt(max - target)) / BigInt(max);
  }
  return sum - wanted;
}
