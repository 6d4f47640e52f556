/**
 * The little of EIP-4844 that the engines keep for blocks of other chains and for conformance tests.
 *
 * Our own chain has no blobs: `checkBody` and the pool refuse type 3, and the header fields are zero.
 */
import type { Refusal, Transaction, UnixSeconds, Wei } from '../ledger/model/index.ts';
import { refuse } from '../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment } from './engine.ts';

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
  { timestamp, excessBlobGas = 0n }: Pick<BlockEnvironment, 'timestamp' | 'excessBlobGas'>,
  rules: ChainRules,
  fork: ForkName,
): Wei {
  const fraction = updateFraction(timestamp, rules, fork);
  let output = 0n;
  let accumulator = fraction;
  for (let i = 1n; accumulator > 0n; i += 1n) {
    output += accumulator;
    accumulator = (accumulator * excessBlobGas) / (fraction * i);
  }
  return output / fraction;
}

function updateFraction(timestamp: UnixSeconds, { reference }: ChainRules, fork: ForkName): bigint {
  const scheduled = reference?.blobSchedule.findLast(({ from }) => from <= timestamp);
  if (scheduled !== undefined) return scheduled.baseFeeUpdateFraction;
  return isAtLeast(fork, 'prague') ? 5_007_716n : 3_338_477n;
}
