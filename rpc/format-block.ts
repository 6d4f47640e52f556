/** Blocks and headers as JSON, field for field as ethereum/execution-apis has them. */
import { type TSchema, Type } from 'typebox';
import {
  type Address,
  type Block,
  type BlockHeader,
  bytesToHex,
  type Hash,
  headerHash,
} from '../ledger/model/index.ts';
import { formatTransaction, transactionSchema } from './format-transaction.ts';
import { addressSchema, bytesSchema, hashSchema, quantity, quantitySchema } from './values.ts';

export type BlockJson = Readonly<Record<string, unknown>>;

const headerFields = {
  number: quantitySchema,
  hash: hashSchema,
  parentHash: hashSchema,
  sha3Uncles: hashSchema,
  miner: addressSchema,
  stateRoot: hashSchema,
  transactionsRoot: hashSchema,
  receiptsRoot: hashSchema,
  logsBloom: bytesSchema,
  difficulty: quantitySchema,
  gasLimit: quantitySchema,
  gasUsed: quantitySchema,
  timestamp: quantitySchema,
  extraData: bytesSchema,
  mixHash: hashSchema,
  nonce: bytesSchema,
  baseFeePerGas: Type.Optional(quantitySchema),
  withdrawalsRoot: Type.Optional(hashSchema),
  blobGasUsed: Type.Optional(quantitySchema),
  excessBlobGas: Type.Optional(quantitySchema),
  parentBeaconBlockRoot: Type.Optional(hashSchema),
  requestsHash: Type.Optional(hashSchema),
};

export const blockSchema: TSchema = Type.Object(
  {
    ...headerFields,
    size: quantitySchema,
    transactions: Type.Array(Type.Union([hashSchema, transactionSchema])),
    uncles: Type.Array(hashSchema),
    withdrawals: Type.Optional(Type.Array(Type.Object({}))),
  },
  { description: 'block' },
);

/** A header, as `newHeads` announces it. `hash` follows the chain's rule, so the caller has it. */
export function formatHeader(header: BlockHeader, hash: Hash): BlockJson {
  return {
    number: quantity(header.number),
    hash: bytesToHex(hash),
    parentHash: bytesToHex(header.parentHash),
    sha3Uncles: bytesToHex(header.ommersHash),
    miner: bytesToHex(header.beneficiary),
    stateRoot: bytesToHex(header.stateRoot),
    transactionsRoot: bytesToHex(header.transactionsRoot),
    receiptsRoot: bytesToHex(header.receiptsRoot),
    logsBloom: bytesToHex(header.logsBloom),
    difficulty: quantity(header.difficulty),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    extraData: bytesToHex(header.extraData),
    mixHash: bytesToHex(header.mixHash),
    nonce: bytesToHex(header.nonce),
    ...laterFields(header),
  };
}

/** The fields that forks after the merge of the yellow paper added, each where the header has it. */
function laterFields(header: BlockHeader): BlockJson {
  const fields: Record<string, string> = {};
  const quantities = ['baseFeePerGas', 'blobGasUsed', 'excessBlobGas'] as const;
  const hashes = ['withdrawalsRoot', 'parentBeaconBlockRoot', 'requestsHash'] as const;
  for (const name of quantities) {
    const value = header[name];
    if (value !== undefined) fields[name] = quantity(value);
  }
  for (const name of hashes) {
    const value = header[name];
    if (value !== undefined) fields[name] = bytesToHex(value);
  }
  return fields;
}

/** A block with its transactions in full, or only their hashes. */
export function formatBlock(
  block: Block,
  facts: {
    readonly hash: Hash;
    readonly sizeBytes: number;
    /** Undefined leaves the transactions as hashes. */
    readonly senders: readonly Address[] | undefined;
  },
): BlockJson {
  const { header, transactions, ommers, withdrawals } = block;
  return {
    ...formatHeader(header, facts.hash),
    size: quantity(facts.sizeBytes),
    transactions: transactions.map((transaction, index) => {
      const sender = facts.senders?.[index];
      return sender === undefined
        ? bytesToHex(transaction.hash)
        : formatTransaction({ transaction, sender }, { header, blockHash: facts.hash, index });
    }),
    uncles: ommers.map((ommer) => bytesToHex(headerHash(ommer, 'plain'))),
    ...(withdrawals === undefined
      ? {}
      : {
          withdrawals: withdrawals.map((withdrawal) => ({
            index: quantity(withdrawal.index),
            validatorIndex: quantity(withdrawal.validatorIndex),
            address: bytesToHex(withdrawal.address),
            amount: quantity(withdrawal.amount),
          })),
        }),
  };
}
