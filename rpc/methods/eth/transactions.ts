/** Sending transactions and finding them again. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height } from '../../../ledger/model/index.ts';
import { blockNumberParam, findBlock } from '../../block-reference.ts';
import { RpcRefusal } from '../../errors.ts';
import { formatReceipt, receiptSchema } from '../../format-receipt.ts';
import {
  formatTransaction,
  type TransactionJson,
  transactionSchema,
} from '../../format-transaction.ts';
import { defineMethod, type Method } from '../../method.ts';
import type { ChainPort } from '../../ports.ts';
import { bytesParam, hashParam, hashSchema, quantityParam } from '../../values.ts';
import { readBlock } from './blocks.ts';

/** Codes of the pool for senders without the right; Besu has a number of its own for them. */
const NOT_PERMITTED: ReadonlySet<string> = new Set([
  'VM_SENDER_NOT_PERMITTED',
  'VM_DEPLOYMENT_NOT_PERMITTED',
]);

const hash = { name: 'hash', codec: hashParam } as const;
const index = { name: 'index', codec: quantityParam(64, 'index in the block') } as const;
const transactionOrNull: TSchema = Type.Union([transactionSchema, Type.Null()]);

function transactionAt(
  chain: ChainPort,
  number: Height | undefined,
  at: number,
): TransactionJson | null {
  if (number === undefined) return null;
  const { block, hash: blockHash, senders } = readBlock(chain, number);
  const transaction = block.transactions[at];
  const sender = senders[at];
  if (transaction === undefined || sender === undefined) return null;
  const place = { header: block.header, blockHash, index: at };
  return formatTransaction({ transaction, sender }, place);
}

export const transactionMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_sendRawTransaction',
    summary:
      'Hands a signed transaction to the pool. The answer is its hash; the receipt exists once it is final.',
    params: [{ name: 'transaction', codec: bytesParam('signed transaction (EIP-2718)') }],
    result: hashSchema,
    handler: async ({ pool }, raw) => {
      const verdict = await pool.add(raw);
      if (!verdict.ok) {
        const code = NOT_PERMITTED.has(verdict.code)
          ? 'RPC_NOT_PERMITTED'
          : 'RPC_TRANSACTION_REFUSED';
        throw new RpcRefusal(code, verdict.message);
      }
      return bytesToHex(verdict.hash);
    },
  }),
  defineMethod({
    name: 'eth_getTransactionByHash',
    summary: 'A final transaction or one waiting in the pool; null if neither.',
    params: [hash],
    result: transactionOrNull,
    handler: ({ chain, pool }, wanted) => {
      const place = chain.transactionPlace(wanted);
      if (place !== undefined) return transactionAt(chain, place.number, place.index);
      const pooled = pool.get(wanted);
      return pooled === undefined ? null : formatTransaction(pooled, undefined);
    },
  }),
  defineMethod({
    name: 'eth_getTransactionByBlockNumberAndIndex',
    summary: 'The transaction at an index of a block; null if there is none.',
    params: [{ name: 'block', codec: blockNumberParam }, index],
    result: transactionOrNull,
    handler: ({ chain }, reference, at) =>
      transactionAt(chain, findBlock(chain, reference), Number(at)),
  }),
  defineMethod({
    name: 'eth_getTransactionByBlockHashAndIndex',
    summary: 'The transaction at an index of a block; null if there is none.',
    params: [hash, index],
    result: transactionOrNull,
    handler: ({ chain }, blockHash, at) =>
      transactionAt(chain, chain.numberOf(blockHash), Number(at)),
  }),
  defineMethod({
    name: 'eth_getTransactionReceipt',
    summary: 'The receipt of a final transaction; null before it is final.',
    params: [hash],
    result: Type.Union([receiptSchema, Type.Null()]),
    handler: ({ chain, fees }, wanted) => {
      const place = chain.transactionPlace(wanted);
      if (place === undefined) return null;
      const record = readBlock(chain, place.number);
      return formatReceipt(record, place.index, fees.blobBaseFee(record.block.header)) ?? null;
    },
  }),
];
