/** How a caller says which logs it wants, and the answer to it. */
import { Type } from 'typebox';
import {
  type BlockHeader,
  bloomMayContain,
  type Hash,
  type Height,
  type LogCriteria,
  matchesLog,
} from '../ledger/model/index.ts';
import { type BlockReference, blockNumberParam, findBlock } from './block-reference.ts';
import { type Codec, listOf, objectOf, oneOf, optional } from './codec.ts';
import { invalidParams, RpcRefusal } from './errors.ts';
import { formatLog, type LogJson } from './format-receipt.ts';
import type { ChainPort } from './ports.ts';
import { addressParam, hashParam } from './values.ts';

/** Filters are matched against every log; these bounds keep one match cheap (as go-ethereum's). */
const MAX_ADDRESSES = 1000;
const MAX_ALTERNATIVES = 1000;

export type LogQuery = LogCriteria & {
  readonly fromBlock: BlockReference | undefined;
  readonly toBlock: BlockReference | undefined;
  readonly blockHash: Hash | undefined;
};

/** One value, a list of alternatives, or `null` for anything. */
function alternatives<T>(item: Codec<T>, maximum: number, what: string): Codec<readonly T[]> {
  return oneOf<readonly T[]>(
    [
      {
        accepts: (value) => typeof value === 'string',
        codec: { schema: item.schema, decode: (value, path) => [item.decode(value, path)] },
      },
      { accepts: Array.isArray, codec: listOf(item, maximum) },
      {
        accepts: (value) => value === null,
        codec: { schema: Type.Null(), decode: () => [] },
      },
    ],
    `want ${what}, a list of them, or null`,
  );
}

const fields = objectOf(
  {
    address: optional(alternatives(addressParam, MAX_ADDRESSES, 'an address')),
    topics: optional(listOf(alternatives(hashParam, MAX_ALTERNATIVES, 'a topic'), 4)),
    fromBlock: optional(blockNumberParam),
    toBlock: optional(blockNumberParam),
    blockHash: optional(hashParam),
  },
  'filter of logs: address, topics, and fromBlock and toBlock or blockHash',
);

export const logQueryParam: Codec<LogQuery> = {
  schema: fields.schema,
  decode: (value, path) => {
    const { address, topics, fromBlock, toBlock, blockHash } = fields.decode(value, path);
    if (blockHash !== undefined && (fromBlock !== undefined || toBlock !== undefined)) {
      throw invalidParams(
        `invalid ${path}: cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other`,
      );
    }
    return { addresses: address ?? [], topics: topics ?? [], fromBlock, toBlock, blockHash };
  },
};

/** The heights that a query names, both included. @throws RpcRefusal */
export function queryRange(
  chain: ChainPort,
  query: LogQuery,
): { readonly from: Height; readonly to: Height } {
  if (query.blockHash !== undefined) {
    const number = chain.numberOf(query.blockHash);
    if (number === undefined) throw new RpcRefusal('RPC_BLOCK_NOT_FOUND', 'unknown block');
    return { from: number, to: number };
  }
  const head = chain.head().header.number;
  const from = query.fromBlock === undefined ? head : heightOf(chain, query.fromBlock);
  const to = query.toBlock === undefined ? head : heightOf(chain, query.toBlock);
  if (from > to) throw invalidParams('invalid block range params');
  if (to > head) throw invalidParams('block range extends beyond current head block');
  return { from, to };
}

function heightOf(chain: ChainPort, reference: BlockReference): Height {
  return reference.kind === 'number' ? reference.number : (findBlock(chain, reference) ?? 0n);
}

export type LogPage = {
  readonly logs: readonly LogJson[];
  /** Where the rest begins: behind this log. Undefined: there is no rest. */
  readonly last: { readonly number: Height; readonly logIndex: number } | undefined;
};

/** Matching logs, in chain order. @throws RpcRefusal RPC_TIMEOUT */
export async function readLogs(
  chain: ChainPort,
  criteria: LogCriteria,
  bounds: Parameters<ChainPort['findLogs']>[1] & { readonly signal: AbortSignal },
): Promise<LogPage> {
  let found: Awaited<ReturnType<ChainPort['findLogs']>>;
  try {
    found = await chain.findLogs(criteria, bounds);
  } catch (error) {
    if (bounds.signal.aborted) throw new RpcRefusal('RPC_TIMEOUT', 'request timed out');
    throw error;
  }
  const { logs, isComplete } = found;
  const last = isComplete ? undefined : logs.at(-1);
  return {
    logs: logs.map(({ header, blockHash, transactionIndex: index, ...rest }) =>
      formatLog(rest.log, { header, blockHash, index }, rest.transactionHash, rest.logIndex),
    ),
    last: last && { number: last.header.number, logIndex: last.logIndex },
  };
}

/** All matching logs. @throws RpcRefusal RPC_LIMIT_EXCEEDED, RPC_TIMEOUT */
export async function readAllLogs(
  chain: ChainPort,
  query: LogQuery,
  { maxResults, signal }: { readonly maxResults: number; readonly signal: AbortSignal },
): Promise<readonly LogJson[]> {
  const bounds = { ...queryRange(chain, query), limit: maxResults, signal };
  const { logs, last } = await readLogs(chain, query, bounds);
  if (last === undefined) return logs;
  throw new RpcRefusal(
    'RPC_LIMIT_EXCEEDED',
    `query returned more than ${maxResults} results by block ${last.number}: narrow the range or the filter, or page with ehb_getLogs`,
  );
}

/** Matching logs of one final block. */
export function logsOfBlock(
  chain: ChainPort,
  number: Height,
  criteria: LogCriteria,
): readonly LogJson[] {
  const header = chain.header(number);
  if (header === undefined || !blockMayMatch(header, criteria)) return [];
  const receipts = chain.receipts(number);
  const transactions = chain.block(number)?.transactions;
  const blockHash = chain.hashOf(number);
  if (receipts === undefined || transactions === undefined || blockHash === undefined) return [];
  const found: LogJson[] = [];
  let logIndex = 0;
  for (const [index, receipt] of receipts.entries()) {
    const transactionHash = transactions[index]?.hash;
    if (transactionHash === undefined) break;
    for (const log of receipt.logs) {
      if (matchesLog(log, criteria)) {
        found.push(formatLog(log, { header, blockHash, index }, transactionHash, logIndex));
      }
      logIndex += 1;
    }
  }
  return found;
}

function blockMayMatch({ logsBloom }: BlockHeader, { addresses, topics }: LogCriteria): boolean {
  const may = (wanted: readonly Uint8Array[]): boolean =>
    wanted.length === 0 || wanted.some((value) => bloomMayContain(logsBloom, value));
  return may(addresses) && topics.every(may);
}
