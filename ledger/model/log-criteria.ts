/** Which logs a caller wants. */
import { type Address, equalBytes, type Hash } from './bytes.ts';
import type { Log } from './receipt.ts';

/** What a log must show. An empty list accepts anything; otherwise any of its entries. */
export type LogCriteria = {
  readonly addresses: readonly Address[];
  /** By position. */
  readonly topics: readonly (readonly Hash[])[];
};

/** Criteria with more topics than the log has never match, even if the surplus are wildcards. */
export function matchesLog(log: Log, { addresses, topics }: LogCriteria): boolean {
  if (topics.length > log.topics.length) return false;
  if (addresses.length > 0 && !addresses.some((address) => equalBytes(address, log.address))) {
    return false;
  }
  return topics.every((wanted, position) => {
    const topic = log.topics[position];
    if (wanted.length === 0) return true;
    return topic !== undefined && wanted.some((value) => equalBytes(value, topic));
  });
}
