/** Ring 2: the body against its header, before execution. */
import {
  type Address,
  type Block,
  encodeBlock,
  equalBytes,
  type Hash,
  type Refusal,
  refuse,
  transactionsRoot,
} from '../ledger/model/index.ts';
import { type ForkName, isAtLeast } from './chain-rules.ts';

/** X-13: the longest encoded block: EIP-7934's limit of 10 MiB with its margin of 2 MiB, at every fork. */
export const MAX_BLOCK_BYTES = 8_388_608;

/**
 * Checks what the block carries beside its header.
 *
 * @param known recovered sender of each transaction, undefined where the signature is invalid; and the
 * root of the transactions, where it was computed before
 */
export function checkBody(
  block: Block,
  known: {
    readonly senders: readonly (Address | undefined)[];
    readonly transactionsRoot?: Hash | undefined;
  },
  fork: ForkName,
): Refusal | undefined {
  if (block.ommers.length > 0) return refuse('VM_OMMERS', 'the block has ommers');
  const withdrawals = block.withdrawals?.length;
  //
  if (withdrawals !== (isAtLeast(fork, 'shanghai') ? 0 : undefined)) {
    return refuse('VM_WITHDRAWALS', `${withdrawals ?? 'no list of'} withdrawals at ${fork}`);
  }
  //
  const blob = block.transactions.findIndex(({ type }) => type === 3);
  if (blob >= 0) {
    return refuse('VM_BLOB_TRANSACTION', `transaction ${blob} is of type 3`);
  }
  const unsigned = block.transactions.findIndex((_, index) => known.senders[index] === undefined);
  if (unsigned >= 0) return refuse('VM_SENDER', `transaction ${unsigned} has no valid signature`);
  const raws = block.transactions.map(({ raw }) => raw);
  const root = known.transactionsRoot ?? transactionsRoot(raws);
  if (!equalBytes(root, block.header.transactionsRoot)) {
    return refuse('VM_TRANSACTIONS_ROOT', 'the header commits to other transactions');
  }
  const length = raws.reduce((sum, raw) => sum + raw.length, 0);
  // Encoding adds at most a few bytes a transaction: measure exactly only near the limit.
  if (length > MAX_BLOCK_BYTES / 2 && encodeBlock(block).length > MAX_BLOCK_BYTES) {
    return refuse('VM_BLOCK_SIZE', `the encoded block is longer than ${MAX_BLOCK_BYTES} bytes`);
  }
  return undefined;
}
