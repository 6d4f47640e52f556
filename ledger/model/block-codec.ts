/** Blocks in RLP: header, transactions, ommers and, from Shanghai on, withdrawals. */
import type { Block, Withdrawal } from './block.ts';
import { type Address, bigintToBytes, plainBytes } from './bytes.ts';
import { type Refusal, refuse, type Verdict } from './errors.ts';
import type { BlockHeader } from './header.ts';
import { encodeHeader, readHeader } from './header-codec.ts';
import { encodeListOf, encodeRlp } from './rlp.ts';
import { RlpReader } from './rlp-reader.ts';
import type { Transaction } from './transaction.ts';
import { decodeTransaction } from './transaction-decoder.ts';

export function encodeBlock(block: Block): Uint8Array {
  const parts = [
    encodeHeader(block.header),
    // A typed transaction is a string in the list, a legacy one a list of its own.
    encodeListOf(block.transactions.map(({ type, raw }) => (type === 0 ? raw : encodeRlp(raw)))),
    encodeListOf(block.ommers.map(encodeHeader)),
  ];
  if (block.withdrawals !== undefined) {
    parts.push(encodeListOf(block.withdrawals.map(encodeWithdrawal)));
  }
  return encodeListOf(parts);
}

/** Refuses with a code of RLP or of the first bad transaction. Byte fields are views of `bytes`. */
export function decodeBlock(bytes: Uint8Array): Verdict<{ block: Block }> {
  const reader = new RlpReader(plainBytes(bytes));
  const end = reader.enterList();
  const header = readHeader(reader);
  const transactions = readTransactions(reader);
  if (!Array.isArray(transactions)) return transactions as Refusal;
  const ommers = readOmmers(reader);
  const withdrawals = reader.hasMore(end) ? readWithdrawals(reader) : undefined;
  reader.leaveList(end);
  reader.finish();
  if (reader.fault !== undefined) {
    return refuse(reader.fault, `block malformed near byte ${reader.position}`);
  }
  const block = { header, transactions, ommers };
  return { ok: true, block: withdrawals === undefined ? block : { ...block, withdrawals } };
}

function readTransactions(reader: RlpReader): Transaction[] | Refusal {
  const transactions: Transaction[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) {
    const isLegacy = reader.nextIsList();
    const raw = isLegacy ? reader.raw() : reader.string();
    if (reader.fault !== undefined) break;
    const decoded = decodeTransaction(raw);
    if (!decoded.ok) return decoded;
    if (!isLegacy && decoded.transaction.type === 0) {
      return refuse('MODEL_BLOCK_WRAPPED_LEGACY', 'a legacy transaction wrapped in a string');
    }
    transactions.push(decoded.transaction);
  }
  reader.leaveList(end);
  return transactions;
}

/**
 * The header of an encoded block and its transactions at some indexes (ascending, repeats allowed), as they are hashed;
 * undefined for an index that it does not have. For stored blocks: nothing else in it is looked at.
 */
export function headerWithTransactions(
  encodedBlock: Uint8Array,
  indexes: readonly number[],
): { readonly header: BlockHeader; readonly raws: readonly (Uint8Array | undefined)[] } {
  const reader = new RlpReader(plainBytes(encodedBlock));
  reader.enterList();
  const header = readHeader(reader);
  const end = reader.enterList();
  let at = -1;
  let raw: Uint8Array | undefined;
  const raws = indexes.map((index) => {
    for (; at < index && reader.hasMore(end); at += 1) {
      if (at + 1 < index) reader.skip();
      else raw = reader.nextIsList() ? reader.raw() : reader.string();
    }
    return at === index ? raw : undefined;
  });
  return { header, raws };
}

function readOmmers(reader: RlpReader): BlockHeader[] {
  const ommers: BlockHeader[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) ommers.push(readHeader(reader));
  reader.leaveList(end);
  return ommers;
}

function readWithdrawals(reader: RlpReader): Withdrawal[] {
  const withdrawals: Withdrawal[] = [];
  const end = reader.enterList();
  while (reader.hasMore(end)) {
    const itemEnd = reader.enterList();
    withdrawals.push({
      index: reader.integer(8),
      validatorIndex: reader.integer(8),
      address: reader.fixed(20) as Address,
      amount: reader.integer(8),
    });
    reader.leaveList(itemEnd);
  }
  reader.leaveList(end);
  return withdrawals;
}

/** What the withdrawals trie holds. */
export function encodeWithdrawal(withdrawal: Withdrawal): Uint8Array {
  const { index, validatorIndex, address, amount } = withdrawal;
  return encodeRlp([
    bigintToBytes(index),
    bigintToBytes(validatorIndex),
    address,
    bigintToBytes(amount),
  ]);
}
