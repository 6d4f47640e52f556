/** Logs, and filters that are polled for what is new. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, type Height } from '../../../ledger/model/index.ts';
import { findBlock } from '../../block-reference.ts';
import { type Codec, describe } from '../../codec.ts';
import { invalidParams, RpcRefusal } from '../../errors.ts';
import type { Filter } from '../../filter-registry.ts';
import { logSchema } from '../../format-receipt.ts';
import { logQueryParam, logsOfBlock, readAllLogs } from '../../log-filter.ts';
import { defineMethod, type Method, type MethodContext } from '../../method.ts';
import { hashSchema, quantitySchema } from '../../values.ts';

/** Blocks that one poll of a filter looks at; a filter further behind catches up over several polls. */
const BLOCKS_PER_POLL = 512n;

const query = { name: 'filter', codec: logQueryParam } as const;

/** Ids are opaque: any string is asked for, only ours are found. */
export const idParam: Codec<string> = {
  schema: Type.String({ description: 'id of a filter or subscription' }),
  decode: (value, path) => {
    if (typeof value === 'string') return value;
    throw invalidParams(`invalid ${path}: want an id, a hex string, got ${describe(value)}`);
  },
};
const id = { name: 'id', codec: idParam } as const;
const idSchema: TSchema = quantitySchema;

/** What is new for a filter. Answered in one turn, so two polls at once never see the same. */
function changes(context: MethodContext, filter: Filter): readonly unknown[] {
  const { chain, filters, limits } = context;
  if (filter.kind === 'pending') {
    const hashes = filters.pendingSince(filter.nextSequence);
    filter.nextSequence = filters.pendingSequence();
    return hashes.map(bytesToHex);
  }
  const head = chain.head().header.number;
  const end = filter.nextBlock + BLOCKS_PER_POLL;
  const found: unknown[] = [];
  while (filter.nextBlock <= head && filter.nextBlock < end && found.length < limits.logResults) {
    const number = filter.nextBlock;
    if (filter.kind === 'logs') {
      if (withinQuery(context, filter, number)) {
        found.push(...logsOfBlock(chain, number, filter.query));
      }
    } else {
      const hash = chain.hashOf(number);
      if (hash !== undefined) found.push(bytesToHex(hash));
    }
    filter.nextBlock += 1n;
  }
  return found;
}

/** A filter with a fixed end or start reports nothing outside of it. */
function withinQuery(
  { chain }: MethodContext,
  { query: { fromBlock, toBlock } }: Extract<Filter, { kind: 'logs' }>,
  number: Height,
): boolean {
  const from = fromBlock?.kind === 'number' ? fromBlock.number : 0n;
  if (number < from) return false;
  if (toBlock === undefined || (toBlock.kind === 'tag' && toBlock.tag !== 'earliest')) return true;
  return number <= (toBlock.kind === 'number' ? toBlock.number : (findBlock(chain, toBlock) ?? 0n));
}

function firstNewBlock({ chain }: MethodContext): Height {
  return chain.head().header.number + 1n;
}

export const logMethods: readonly Method[] = [
  defineMethod({
    name: 'eth_getLogs',
    summary:
      'Logs of final blocks by address and topics, over any range. The logs answered are bounded; beyond the bound, page with ehb_getLogs.',
    params: [query],
    result: Type.Array(logSchema),
    handler: ({ chain, limits, signal }, wanted) =>
      readAllLogs(chain, wanted, { maxResults: limits.logResults, signal }),
  }),
  defineMethod({
    name: 'eth_newFilter',
    summary: 'Makes a filter of logs, to be polled by eth_getFilterChanges.',
    params: [query],
    result: idSchema,
    handler: (context, wanted) => {
      if (wanted.blockHash !== undefined) {
        throw invalidParams('invalid argument 0: a filter cannot be made of a block hash');
      }
      const nextBlock = firstNewBlock(context);
      return context.filters.add({ kind: 'logs', query: wanted, nextBlock });
    },
  }),
  defineMethod({
    name: 'eth_newBlockFilter',
    summary: 'Makes a filter of block hashes, to be polled by eth_getFilterChanges.',
    params: [],
    result: idSchema,
    handler: (context) =>
      context.filters.add({ kind: 'blocks', nextBlock: firstNewBlock(context) }),
  }),
  defineMethod({
    name: 'eth_newPendingTransactionFilter',
    summary: 'Makes a filter of hashes that enter the pool, to be polled by eth_getFilterChanges.',
    params: [],
    result: idSchema,
    handler: ({ filters }) =>
      filters.add({ kind: 'pending', nextSequence: filters.pendingSequence() }),
  }),
  defineMethod({
    name: 'eth_getFilterChanges',
    summary: 'What a filter has seen since it was last asked. Filters nobody asks for expire.',
    params: [id],
    result: Type.Array(Type.Union([logSchema, hashSchema])),
    handler: (context, filterId) => changes(context, context.filters.get(filterId)),
  }),
  defineMethod({
    name: 'eth_getFilterLogs',
    summary: 'All logs that a filter of logs matches, as eth_getLogs would answer.',
    params: [id],
    result: Type.Array(logSchema),
    handler: ({ chain, filters, limits, signal }, filterId) => {
      const filter = filters.get(filterId);
      if (filter.kind !== 'logs') {
        throw new RpcRefusal('RPC_FILTER_NOT_FOUND', 'filter not found: it is no filter of logs');
      }
      return readAllLogs(chain, filter.query, { maxResults: limits.logResults, signal });
    },
  }),
  defineMethod({
    name: 'eth_uninstallFilter',
    summary: 'Removes a filter; false if there was none.',
    params: [id],
    result: Type.Boolean(),
    handler: ({ filters }, filterId) => filters.remove(filterId),
  }),
];
