/**
 * Receipts and logs as JSON. What consensus hashes is less than what callers ask for: the gas of one
 * transaction, the index of a log in its block, the price and the created address are derived here.
 */
import { type TSchema, Type } from 'typebox';
import {
  type Address,
  type Block,
  bytesToHex,
  contractAddress,
  effectiveGasPrice,
  type Gas,
  type Hash,
  invariant,
  type Log,
  type Receipt,
  type Transaction,
  type Wei,
} from '../ledger/model/index.ts';
import type { Place } from './format-transaction.ts';
import { addressSchema, bytesSchema, hashSchema, quantity, quantitySchema } from './values.ts';

/** EIP-4844: blob gas of one blob. */
const GAS_PER_BLOB = 131_072;

export type ReceiptJson = Readonly<Record<string, unknown>>;
export type LogJson = Readonly<Record<string, unknown>>;

export const logSchema: TSchema = Type.Object(
  {
    address: addressSchema,
    topics: Type.Array(hashSchema),
    data: bytesSchema,
    blockNumber: quantitySchema,
    blockHash: hashSchema,
    blockTimestamp: quantitySchema,
    transactionHash: hashSchema,
    transactionIndex: quantitySchema,
    logIndex: quantitySchema,
    removed: Type.Boolean(),
  },
  { description: 'log' },
);

const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

export const receiptSchema: TSchema = Type.Object(
  {
    blockHash: hashSchema,
    blockNumber: quantitySchema,
    transactionHash: hashSchema,
    transactionIndex: quantitySchema,
    type: quantitySchema,
    from: addressSchema,
    to: nullable(addressSchema),
    contractAddress: nullable(addressSchema),
    cumulativeGasUsed: quantitySchema,
    gasUsed: quantitySchema,
    effectiveGasPrice: quantitySchema,
    blobGasUsed: Type.Optional(quantitySchema),
    blobGasPrice: Type.Optional(quantitySchema),
    logs: Type.Array(logSchema),
    logsBloom: bytesSchema,
    status: Type.Optional(quantitySchema),
    root: Type.Optional(hashSchema),
    revertReason: Type.Optional(bytesSchema),
  },
  { description: 'receipt' },
);

/** A block with what the store keeps beside it. */
export type BlockRecord = {
  readonly block: Block;
  readonly hash: Hash;
  readonly receipts: readonly Receipt[];
  readonly senders: readonly Address[];
};

/** What the transactions before one in its block have used up. */
type Before = { readonly gas: Gas; readonly logs: number };

/** Every receipt of a block, in order. `blobBaseFee` is the price in that block. */
export function formatReceipts(
  record: BlockRecord,
  blobBaseFee: Wei | undefined,
): readonly ReceiptJson[] {
  let before: Before = { gas: 0n, logs: 0 };
  return record.receipts.map((receipt, index) => {
    const formatted = formatOne(record, index, before, blobBaseFee);
    before = { gas: receipt.cumulativeGasUsed, logs: before.logs + receipt.logs.length };
    return formatted;
  });
}

/** The receipt of one transaction; undefined if the block has no such index. */
export function formatReceipt(
  record: BlockRecord,
  index: number,
  blobBaseFee: Wei | undefined,
): ReceiptJson | undefined {
  if (record.receipts[index] === undefined) return undefined;
  let logs = 0;
  for (const receipt of record.receipts.slice(0, index)) logs += receipt.logs.length;
  const gas = record.receipts[index - 1]?.cumulativeGasUsed ?? 0n;
  return formatOne(record, index, { gas, logs }, blobBaseFee);
}

function formatOne(
  record: BlockRecord,
  index: number,
  before: Before,
  blobBaseFee: Wei | undefined,
): ReceiptJson {
  const receipt = record.receipts[index];
  const transaction = record.block.transactions[index];
  const sender = record.senders[index];
  invariant(receipt && transaction && sender, 'receipts, transactions and senders correspond');
  const { to, hash, nonce } = transaction;
  const place = { header: record.block.header, blockHash: record.hash, index };
  return {
    blockHash: bytesToHex(record.hash),
    blockNumber: quantity(place.header.number),
    transactionHash: bytesToHex(hash),
    transactionIndex: quantity(index),
    type: quantity(receipt.type),
    from: bytesToHex(sender),
    to: to === undefined ? null : bytesToHex(to),
    contractAddress: to === undefined ? bytesToHex(contractAddress(sender, nonce)) : null,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(receipt.cumulativeGasUsed - before.gas),
    effectiveGasPrice: quantity(effectiveGasPrice(transaction, place.header.baseFeePerGas)),
    ...blobFields(transaction, blobBaseFee),
    logs: receipt.logs.map((log, at) => formatLog(log, place, hash, before.logs + at)),
    logsBloom: bytesToHex(receipt.logsBloom),
    ...outcomeField(receipt),
    ...reasonField(receipt),
  };
}

/** `logIndex` counts through the whole block. A final log is never removed. */
export function formatLog(
  log: Log,
  place: Place,
  transactionHash: Hash,
  logIndex: number,
): LogJson {
  return {
    address: bytesToHex(log.address),
    topics: log.topics.map(bytesToHex),
    data: bytesToHex(log.data),
    blockNumber: quantity(place.header.number),
    transactionHash: bytesToHex(transactionHash),
    transactionIndex: quantity(place.index),
    blockHash: bytesToHex(place.blockHash),
    blockTimestamp: quantity(place.header.timestamp),
    logIndex: quantity(logIndex),
    removed: false,
  };
}

function blobFields(transaction: Transaction, blobBaseFee: Wei | undefined): ReceiptJson {
  if (transaction.type !== 3 || blobBaseFee === undefined) return {};
  return {
    blobGasUsed: quantity(GAS_PER_BLOB * transaction.blobVersionedHashes.length),
    blobGasPrice: quantity(blobBaseFee),
  };
}

/** EIP-658 replaced the intermediate state root by a status. */
function outcomeField({ status }: Receipt): ReceiptJson {
  return typeof status === 'number' ? { status: quantity(status) } : { root: bytesToHex(status) };
}

/** X-50, under the name that Besu gives it; `0x` for a REVERT without data. */
function reasonField({ revertReason }: Receipt): ReceiptJson {
  return revertReason === undefined ? {} : { revertReason: bytesToHex(revertReason) };
}
