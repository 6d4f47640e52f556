/** Finding logs through the index: reads the blocks that have a match, and of them no more than the matches. */
import { keccak256 } from '#crypto';
import {
  type BlockHeader,
  type Hash,
  type Height,
  headerWithTransactions,
  invariant,
  keyOf,
  type Log,
  type LogCriteria,
  matchesLog,
} from '../model/index.ts';
import type { Database } from './database.ts';
import { numberKey } from './keyspace.ts';
import { ANY_LOG, addressTerm, type LogPlace, topicTerm } from './log-places.ts';
import { allOf, anyOf, type BlockRange, type LogStream, streamOfTerm } from './log-stream.ts';
import { logsAt } from './receipt-record.ts';

export type FoundLog = {
  readonly header: BlockHeader;
  readonly blockHash: Hash;
  readonly transactionHash: Hash;
  readonly transactionIndex: number;
  /** Counted through the whole block. */
  readonly logIndex: number;
  readonly log: Log;
};

export type LogQueryBounds = BlockRange & {
  /** Goes on behind this log, which need not match. */
  readonly after?: { readonly number: Height; readonly logIndex: number };
  readonly limit: number;
  readonly signal?: AbortSignal;
};

export type LogSearch = {
  /** In chain order, at most `limit`. */
  readonly logs: readonly FoundLog[];
  /** Whether there are more behind them. */
  readonly isComplete: boolean;
};

export type LogSearchModules = {
  readonly database: Database;
  readonly hashOf: (number: Height) => Hash | undefined;
};

/** Terms read at a time, for one and for many alternatives. */
const LARGE_PAGE = 256;
const SMALL_PAGE = 8;

/** @throws the reason of `signal` when it aborts; CodedError `STORE_DAMAGED` */
export async function findLogs(
  modules: LogSearchModules,
  criteria: LogCriteria,
  bounds: LogQueryBounds,
): Promise<LogSearch> {
  const { after, limit } = bounds;
  const from = after !== undefined && after.number > bounds.from ? after.number : bounds.from;
  const range = { from, to: bounds.to };
  const logs: FoundLog[] = [];
  for await (const { number, places } of allOf(
    streamsOf(modules, criteria, { ...bounds, from }),
    range,
  )) {
    const rest =
      after?.number === number ? places.filter((place) => place.logIndex > after.logIndex) : places;
    // The index knows nothing of criteria with more topics than a log has.
    const found = readLogs(modules, number, rest);
    logs.push(...found.filter(({ log }) => matchesLog(log, criteria)).slice(0, limit + 1));
    if (logs.length > limit) return { logs: logs.slice(0, limit), isComplete: false };
  }
  return { logs, isComplete: true };
}

/** One stream for each thing that is asked for; any log at all if nothing is. */
function streamsOf(
  { database }: LogSearchModules,
  { addresses, topics }: LogCriteria,
  bounds: LogQueryBounds,
): readonly LogStream[] {
  const wanted = [addresses.map(addressTerm)];
  for (const [position, values] of topics.entries()) {
    wanted.push(values.map((topic) => topicTerm(position, topic)));
  }
  const asked = wanted.filter((terms) => terms.length > 0);
  return (asked.length === 0 ? [[ANY_LOG]] : asked).map((terms) => {
    const distinct = [...new Map(terms.map((term) => [keyOf(term), term])).values()];
    const pageSize = distinct.length > LARGE_PAGE / SMALL_PAGE ? SMALL_PAGE : LARGE_PAGE;
    const options = { pageSize, signal: bounds.signal };
    const streams = distinct.map((term) => streamOfTerm(database, term, bounds, options));
    return streams.length === 1 ? (streams[0] as LogStream) : anyOf(streams);
  });
}

function readLogs(
  { database, hashOf }: LogSearchModules,
  number: Height,
  places: readonly LogPlace[],
): readonly FoundLog[] {
  if (places.length === 0) return [];
  const blockHash = hashOf(number);
  invariant(blockHash !== undefined, 'an indexed block is stored');
  const logs = logsAt(database.require(numberKey('receipts', number)), places);
  const indexes = places.map(({ transactionIndex }) => transactionIndex);
  const block = database.require(numberKey('block', number));
  const { header, raws } = headerWithTransactions(block, indexes);
  return places.map(({ transactionIndex, logIndex }, at) => ({
    header,
    blockHash,
    transactionHash: keccak256(raws[at] as Uint8Array),
    transactionIndex,
    logIndex,
    log: logs[at] as Log,
  }));
}
