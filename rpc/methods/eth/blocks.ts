/** Blocks by number and hash, and what they contain in numbers. */
import { type TSchema, Type } from 'typebox';
import { type Height, type Hex, invariant } from '../../../ledger/model/index.ts';
import {
  type BlockReference,
  blockNumberParam,
  blockParam,
  findBlock,
} from '../../block-reference.ts';
import { booleanParam } from '../../codec.ts';
import { type BlockJson, blockSchema, formatBlock } from '../../format-block.ts';
import { type BlockRecord, formatReceipts, receiptSchema } from '../../format-receipt.ts';
import { defineMethod, type Method } from '../../method.ts';
import type { ChainPort } from '../../ports.ts';
import { hashParam, quantity, quantitySchema } from '../../values.ts';

const byNumber = { name: 'block', codec: blockNumberParam } as const;
const byHash = { name: 'hash', codec: hashParam } as const;
const full = { name: 'hydrated', codec: booleanParam, optional: true } as const;

const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

/** A final block with what the store keeps beside it. */
export function readBlock(chain: ChainPort, number: Height): BlockRecord {
  const block = chain.block(number);
  const hash = chain.hashOf(number);
  const receipts = chain.receipts(number);
  const senders = chain.senders(number);
  invariant(block && hash && receipts && senders, 'the store holds every part of a final block');
  return { block, hash, receipts, senders };
}

function blockJson(
  chain: ChainPort,
  number: Height | undefined,
  hydrated: boolean,
): BlockJson | null {
  if (number === undefined) return null;
  const block = chain.block(number);
  const hash = chain.hashOf(number);
  const encoded = chain.encodedBlock(number);
  invariant(block && hash && encoded, 'the store holds every part of a final block');
  const senders = hydrated ? chain.senders(number) : undefined;
  return formatBlock(block, { hash, sizeBytes: encoded.length, senders });
}

function counted(
  chain: ChainPort,
  number: Height | undefined,
  part: 'transactions' | 'ommers',
): Hex | null {
  const block = number === undefined ? undefined : chain.block(number);
  return block === undefined ? null : quantity(block[part].length);
}

function countMethods(
  prefix: 'eth_getBlockTransactionCountBy' | 'eth_getUncleCountByBlock',
  part: 'transactions' | 'ommers',
): readonly Method[] {
  const what = part === 'ommers' ? 'uncles' : part;
  const summary = `Number of ${what} of a block; null if there is no such block.`;
  const result = nullable(quantitySchema);
  return [
    defineMethod({
      name: `${prefix}Number`,
      summary,
      params: [byNumber],
      result,
      handler: ({ chain }, reference) => counted(chain, findBlock(chain, reference), part),
    }),
    defineMethod({
      name: `${prefix}Hash`,
      summary,
      params: [byHash],
      result,
      handler: ({ chain }, hash) => counted(chain, chain.numberOf(hash), part),
    }),
  ];
}

/** For `eth_getBlockReceipts`: an unknown block is null there, not an error. */
function receiptsOf(chain: ChainPort, reference: BlockReference): BlockRecord | undefined {
  const number = findBlock(chain, reference);
  return number === undefined ? undefined : readBlock(chain, number);
}

export const blockMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_getBlockByNumber',
    summary:
      'A block by number or tag, with its transactions in full or as hashes; null if it does not exist.',
    params: [byNumber, full],
    result: nullable(blockSchema),
    handler: ({ chain }, reference, hydrated) =>
      blockJson(chain, findBlock(chain, reference), hydrated ?? false),
  }),
  defineMethod({
    name: 'eth_getBlockByHash',
    summary:
      'A block by hash, with its transactions in full or as hashes; null if it does not exist.',
    params: [byHash, full],
    result: nullable(blockSchema),
    handler: ({ chain }, hash, hydrated) =>
      blockJson(chain, chain.numberOf(hash), hydrated ?? false),
  }),
  ...countMethods('eth_getBlockTransactionCountBy', 'transactions'),
  ...countMethods('eth_getUncleCountByBlock', 'ommers'),
  defineMethod({
    name: 'eth_getBlockReceipts',
    summary: 'All receipts of a block; null if there is no such block.',
    params: [{ name: 'block', codec: blockParam }],
    result: nullable(Type.Array(receiptSchema)),
    handler: ({ chain, fees }, reference) => {
      const record = receiptsOf(chain, reference);
      if (record === undefined) return null;
      return formatReceipts(record, fees.blobBaseFee(record.block.header));
    },
  }),
];
