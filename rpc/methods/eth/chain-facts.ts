/** Which chain this is and how far the node has followed it. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height } from '../../../ledger/model/index.ts';
import { defineMethod, type Method } from '../../method.ts';
import type { ForkConfig } from '../../ports.ts';
import { addressSchema, hashSchema, quantity, quantitySchema } from '../../values.ts';

const keptSchema: TSchema = Type.Object({
  disabled: Type.Boolean(),
  oldestBlock: Type.Optional(quantitySchema),
  deleteStrategy: Type.Optional(
    Type.Object({ type: Type.Literal('window'), retentionBlocks: quantitySchema }),
  ),
});

/** @param retention how many of the newest blocks are kept; undefined: all */
function kept(oldest: Height, retention: number | undefined): object {
  return {
    disabled: false,
    oldestBlock: quantity(oldest),
    ...(retention !== undefined && {
      deleteStrategy: { type: 'window', retentionBlocks: quantity(retention) },
    }),
  };
}

const contractsSchema: TSchema = Type.Record(Type.String(), addressSchema);

const forkSchema: TSchema = Type.Object({
  activationTime: Type.Integer(),
  blobSchedule: Type.Union([
    Type.Object({
      baseFeeUpdateFraction: Type.Integer(),
      max: Type.Integer(),
      target: Type.Integer(),
    }),
    Type.Null(),
  ]),
  chainId: quantitySchema,
  forkId: Type.String({ pattern: '^0x[0-9a-f]{8}$' }),
  precompiles: contractsSchema,
  systemContracts: contractsSchema,
});

function formatFork(config: ForkConfig, chainId: bigint): object {
  const { blobs } = config;
  return {
    activationTime: Number(config.activationTime),
    blobSchedule:
      blobs === undefined
        ? null
        : {
            baseFeeUpdateFraction: Number(blobs.baseFeeUpdateFraction),
            max: blobs.max,
            target: blobs.target,
          },
    chainId: quantity(chainId),
    forkId: `0x${config.forkId.toString(16).padStart(8, '0')}`,
    precompiles: formatContracts(config.precompiles),
    systemContracts: formatContracts(config.systemContracts),
  };
}

/** By name, ascending (RFC 8785). */
function formatContracts(contracts: ForkConfig['precompiles']): Record<string, string> {
  return Object.fromEntries(
    contracts
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, address]) => [name, bytesToHex(address)]),
  );
}

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
    summary:
      'The head, of which block on this node has each kind of data, and how long it keeps it.',
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
    handler: ({ chain, node, proofs }) => {
      const { header, hash } = chain.head();
      const oldest = chain.oldest();
      const state = kept(oldest.state, node.keep?.states);
      const bodies = kept(oldest.bodies, node.keep?.bodies);
      return {
        head: { number: quantity(header.number), hash: bytesToHex(hash) },
        state,
        tx: bodies,
        logs: bodies,
        receipts: bodies,
        blocks: bodies,
        stateproofs: proofs === undefined ? { disabled: true } : state,
      };
    },
  }),
  defineMethod({
    name: 'eth_config',
    summary: 'What the forks set: now, next and at last (EIP-7910).',
    params: [],
    result: Type.Object({
      current: forkSchema,
      next: Type.Union([forkSchema, Type.Null()]),
      last: Type.Union([forkSchema, Type.Null()]),
    }),
    handler: ({ node }) => {
      const { current, next, last } = node.forks();
      const format = (config: ForkConfig): object => formatFork(config, node.chainId);
      return {
        current: format(current),
        next: next ? format(next) : null,
        last: last ? format(last) : null,
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
