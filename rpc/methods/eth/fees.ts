/** What gas costs, now and lately. */
import { Type } from 'typebox';
import {
  type BlockHeader,
  effectiveGasPrice,
  type Gas,
  type Height,
  invariant,
  type Wei,
} from '../../../ledger/model/index.ts';
import { blockNumberParam, requireBlock } from '../../block-reference.ts';
import { type Codec, listOf, refuseValue } from '../../codec.ts';
import { invalidParams } from '../../errors.ts';
import { defineMethod, type Method } from '../../method.ts';
import type { ChainPort, FeePort } from '../../ports.ts';
import { countParam, quantity, quantitySchema } from '../../values.ts';
import { readBlock } from './blocks.ts';

/** As go-ethereum. */
const MAX_PERCENTILES = 100;

const percentile: Codec<number> = {
  schema: Type.Number({ minimum: 0, maximum: 100 }),
  decode: (value, path) =>
    typeof value === 'number' && value >= 0 && value <= 100
      ? value
      : refuseValue(path, 'want a percentile of 0 to 100', value),
};

const percentiles: Codec<readonly number[]> = {
  schema: Type.Array(percentile.schema, { maxItems: MAX_PERCENTILES }),
  decode: (value, path) => {
    const list = listOf(percentile, MAX_PERCENTILES).decode(value, path);
    const descends = list.some((entry, index) => entry < (list[index - 1] ?? 0));
    if (descends) throw invalidParams(`invalid ${path}: percentiles must ascend`);
    return list;
  },
};

/** What a transaction must offer to get into the next block. */
function gasPrice(chain: ChainPort, fees: FeePort): Wei {
  return (fees.nextBaseFee(chain.head().header) ?? 0n) + fees.minimumPriorityFeePerGas;
}

/** Tips at the given percentiles of the gas used in a block, as EIP-1559 wallets expect them. */
function rewards(chain: ChainPort, number: Height, wanted: readonly number[]): readonly Wei[] {
  const { block, receipts } = readBlock(chain, number);
  const baseFee = block.header.baseFeePerGas;
  let gasBefore: Gas = 0n;
  const tips = receipts.map((receipt, index) => {
    const transaction = block.transactions[index];
    invariant(transaction, 'a block has one transaction for each receipt');
    const gasUsed = receipt.cumulativeGasUsed - gasBefore;
    gasBefore = receipt.cumulativeGasUsed;
    return { gasUsed, tip: effectiveGasPrice(transaction, baseFee) - (baseFee ?? 0n) };
  });
  tips.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  let at = 0;
  let gasUpTo = tips[0]?.gasUsed ?? 0n;
  return wanted.map((share) => {
    const threshold = (block.header.gasUsed * BigInt(Math.round(share * 100))) / 10_000n;
    while (gasUpTo < threshold && at < tips.length - 1) {
      at += 1;
      gasUpTo += tips[at]?.gasUsed ?? 0n;
    }
    return tips[at]?.tip ?? 0n;
  });
}

function ratio(part: Gas, whole: Gas): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}

/** Headers of the blocks asked for, oldest first. */
function headersOf(chain: ChainPort, newest: Height, count: number): readonly BlockHeader[] {
  const oldest = newest + 1n > BigInt(count) ? newest + 1n - BigInt(count) : 0n;
  const headers: BlockHeader[] = [];
  for (let number = oldest; count > 0 && number <= newest; number += 1n) {
    const header = chain.header(number);
    invariant(header, 'the store holds every header up to the head');
    headers.push(header);
  }
  return headers;
}

/** Base fees of the blocks and of the one after the newest. */
function baseFees(
  chain: ChainPort,
  fees: FeePort,
  headers: readonly BlockHeader[],
): readonly Wei[] {
  const newest = headers.at(-1);
  if (newest === undefined) return [];
  const after = chain.header(newest.number + 1n);
  const next = after === undefined ? fees.nextBaseFee(newest) : after.baseFeePerGas;
  return [...headers.map((header) => header.baseFeePerGas ?? 0n), next ?? 0n];
}

/** Blob base fees of the blocks and of the one after the newest. */
function blobBaseFees(
  chain: ChainPort,
  fees: FeePort,
  headers: readonly BlockHeader[],
): readonly Wei[] {
  const newest = headers.at(-1);
  if (newest === undefined) return [];
  const after = chain.header(newest.number + 1n);
  const next = after === undefined ? fees.nextBlobBaseFee(newest) : fees.blobBaseFee(after);
  return [...headers.map((header) => fees.blobBaseFee(header) ?? 0n), next ?? 0n];
}

export const feeMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_gasPrice',
    summary: 'Price per gas that gets a legacy transaction into the next block.',
    params: [],
    result: quantitySchema,
    handler: ({ chain, fees }) => quantity(gasPrice(chain, fees)),
  }),
  defineMethod({
    name: 'eth_maxPriorityFeePerGas',
    summary: 'Tip that is enough for the next block: the least that the pool accepts.',
    params: [],
    result: quantitySchema,
    handler: ({ fees }) => quantity(fees.minimumPriorityFeePerGas),
  }),
  defineMethod({
    name: 'eth_baseFee',
    summary: 'Base fee of the block after the head, in wei; null before London.',
    params: [],
    result: Type.Union([quantitySchema, Type.Null()]),
    handler: ({ chain, fees }) => {
      const fee = fees.nextBaseFee(chain.head().header);
      return fee === undefined ? null : quantity(fee);
    },
  }),
  defineMethod({
    name: 'eth_blobBaseFee',
    summary:
      'Price of a unit of blob gas by the rules at the head; blobs themselves are not taken.',
    params: [],
    result: quantitySchema,
    handler: ({ chain, fees }) => quantity(fees.blobBaseFee(chain.head().header) ?? 0n),
  }),
  defineMethod({
    name: 'eth_feeHistory',
    summary:
      'Base fees, fullness and tips of a run of blocks that ends with the given one. At most 1024 blocks unless the operator set another number; more are cut to that.',
    params: [
      { name: 'blockCount', codec: countParam('number of blocks') },
      { name: 'newestBlock', codec: blockNumberParam },
      { name: 'rewardPercentiles', codec: percentiles, optional: true },
    ],
    result: Type.Object({
      oldestBlock: quantitySchema,
      baseFeePerGas: Type.Array(quantitySchema),
      baseFeePerBlobGas: Type.Array(quantitySchema),
      gasUsedRatio: Type.Array(Type.Number()),
      blobGasUsedRatio: Type.Array(Type.Number()),
      reward: Type.Optional(Type.Array(Type.Array(quantitySchema))),
    }),
    handler: ({ chain, fees, limits }, count, newestBlock, wanted) => {
      const newest = requireBlock(chain, newestBlock);
      const headers = headersOf(chain, newest, Math.min(count, limits.feeHistoryBlocks));
      return {
        oldestBlock: quantity(headers[0]?.number ?? 0n),
        baseFeePerGas: baseFees(chain, fees, headers).map(quantity),
        baseFeePerBlobGas: blobBaseFees(chain, fees, headers).map(quantity),
        gasUsedRatio: headers.map(({ gasUsed, gasLimit }) => ratio(gasUsed, gasLimit)),
        blobGasUsedRatio: headers.map((header) =>
          ratio(header.blobGasUsed ?? 0n, fees.blobGasLimit(header)),
        ),
        ...(wanted === undefined
          ? {}
          : { reward: headers.map(({ number }) => rewards(chain, number, wanted).map(quantity)) }),
      };
    },
  }),
];
