/** Which chain this is and how far the node has followed it. */
import { Type } from 'typebox';
import { defineMethod, type Method } from '../../method.ts';
import { quantity, quantitySchema } from '../../values.ts';

export const chainFactMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_chainId',
    summary: 'Chain id, which every transaction signs (EIP-155).',
    params: [],
    result: quantitySchema,
    handler: ({ node }) => quantity(node.chainId),
  }),
  defineMethod({
    name: 'eth_blockNumber',
    summary: 'Height of the last final block.',
    params: [],
    result: quantitySchema,
    handler: ({ chain }) => quantity(chain.head().header.number),
  }),
  defineMethod({
    name: 'eth_syncing',
    summary: 'False when the node follows the head, otherwise from where to where it catches up.',
    params: [],
    result: Type.Union([
      Type.Literal(false),
      Type.Object({
        startingBlock: quantitySchema,
        currentBlock: quantitySchema,
        highestBlock: quantitySchema,
      }),
    ]),
    handler: ({ node }) => {
      const progress = node.syncing();
      if (progress === undefined) return false;
      return {
        startingBlock: quantity(progress.startingBlock),
        currentBlock: quantity(progress.currentBlock),
        highestBlock: quantity(progress.highestBlock),
      };
    },
  }),
];
