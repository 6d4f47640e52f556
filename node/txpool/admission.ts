/** What is refused at the pool's door, in the wording of geth: wallets match on it. */
import {
  decodeTransaction,
  type Refusal,
  refuse,
  type Transaction,
  type Verdict,
} from '../../ledger/model/index.ts';
import { type ChainRules, checkForm, checkFunds, forkAt, rulesAt } from '../../vm/index.ts';
import type { PoolLimits } from './limits.ts';
import { feesOf, heldCount, isReplacement, type SenderQueue } from './sender-queue.ts';

/** What the pool has to know of the head: the block after it is the one that transactions must fit. */
export type PoolHead = {
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  /** Of the block after the head; zero or undefined on a chain without fees. */
  readonly nextBaseFee: bigint | undefined;
};

/** Decodes; refuses what no pool on this chain would take. Looks at neither signature nor state. */
export function checkRaw(
  raw: Uint8Array,
  rules: ChainRules,
  head: PoolHead,
  limits: PoolLimits,
): Verdict<{ readonly transaction: Transaction }> {
  if (raw.length > limits.maxTransactionBytes) {
    return refuse(
      'POOL_OVERSIZED',
      `oversized data: transaction size ${raw.length}, limit ${limits.maxTransactionBytes}`,
    );
  }
  const decoded = decodeTransaction(raw);
  if (!decoded.ok) return decoded;
  const { transaction } = decoded;
  if (transaction.type === 3) {
    return refuse('VM_BLOB_TRANSACTION', 'transaction type not supported: no blobs on this chain');
  }
  if (transaction.gasLimit > head.gasLimit) {
    return refuse(
      'VM_BLOCK_GAS_EXCEEDED',
      `exceeds block gas limit: gas ${transaction.gasLimit}, limit ${head.gasLimit}`,
    );
  }
  const fork = forkAt(rules, head.number + 1n, head.timestamp);
  return checkForm(transaction, rulesAt(rules, head.number + 1n), fork) ?? decoded;
}

/** Whether the sender's account and queue admit the transaction. Undefined: they do. */
export function checkQueue(
  queue: SenderQueue,
  transaction: Transaction,
  limits: PoolLimits,
): Refusal | undefined {
  const { nonce } = transaction;
  if (nonce < queue.accountNonce) {
    return refuse(
      'VM_NONCE_TOO_LOW',
      `nonce too low: next nonce ${queue.accountNonce}, tx nonce ${nonce}`,
    );
  }
  const funds = checkFunds(transaction, queue.balance);
  if (funds !== undefined) return funds;
  const previous = queue.entries.get(nonce);
  if (previous === undefined) return checkCounts(queue, nonce, limits);
  return isReplacement(previous.fees, feesOf(transaction))
    ? undefined
    : refuse('POOL_UNDERPRICED_REPLACEMENT', 'replacement transaction underpriced');
}

function checkCounts(queue: SenderQueue, nonce: bigint, limits: PoolLimits): Refusal | undefined {
  if (nonce > queue.firstGap && heldCount(queue) >= limits.maxHeldPerSender) {
    return refuse(
      'POOL_SENDER_FULL',
      `account has ${limits.maxHeldPerSender} transactions waiting for nonce ${queue.firstGap}`,
    );
  }
  return queue.entries.size < limits.maxPerSender
    ? undefined
    : refuse('POOL_SENDER_FULL', `account has ${limits.maxPerSender} transactions waiting`);
}
