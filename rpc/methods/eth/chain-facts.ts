/** Which chain this is and how far the node has followed it. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height } from '../../../ledger/model/index.ts';
import { defineMethod, type Method } from '../../method.ts';
import { hashSchema, quantity, quantitySchema } from '../../values.ts';

const keptSchema: TSchema = Type.Object({ disabled: Type.Boolean(), oldestBlock: quantitySchema });

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
    name: 'eth_capabilities',
    summary: 'The head, and the oldest block of which this node has each kind of data.',
    params: [],
    result: Type.Object({
      head: Type.Object({ number: quantitySchema, hash: hashSchema }),
      state: keptSchema,
      tx: keptSchema,
      logs: keptSchema,
      receipts: keptSchema,
      blocks: keptSchema,
      stateproofs: keptSchema,
    }),
    handler: ({ chain, proofs }) => {
      const { header, hash } = chain.head();
      const oldest = chain.oldest();
      const kept = (from: Height, disabled = false): object => ({
        disabled,
        oldestBlock: quantity(from),
      });
      const bodies = kept(oldest.bodies);
      return {
        head: { number: quantity(header.number), hash: bytesToHex(hash) },
        state: kept(oldest.state),
        tx: bodies,
        logs: bodies,
        receipts: bodies,
        blocks: bodies,
        stateproofs: kept(oldest.state, proofs === undefined),
      };
    },
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
