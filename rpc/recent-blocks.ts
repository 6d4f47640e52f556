/**
 * Keeps the blocks that were read last, decoded. Clients that wait for a receipt all ask for the same
 * few blocks, and decoding a full one costs more than anything else in such an answer. Final blocks never
 * change, so nothing here is ever stale.
 */
import type { Height } from '../ledger/model/index.ts';
import type { ChainPort } from './ports.ts';

/** Of each kind: blocks, receipts, senders. */
const KEPT = 16;

/** The same chain with its three expensive reads remembered. */
export function withRecentBlocks(chain: ChainPort): ChainPort {
  return {
    head: () => chain.head(),
    hashOf: (number) => chain.hashOf(number),
    numberOf: (hash) => chain.numberOf(hash),
    header: (number) => chain.header(number),
    block: remember((number) => chain.block(number)),
    encodedBlock: (number) => chain.encodedBlock(number),
    receipts: remember((number) => chain.receipts(number)),
    senders: remember((number) => chain.senders(number)),
    transactionPlace: (hash) => chain.transactionPlace(hash),
    findLogs: (criteria, bounds) => chain.findLogs(criteria, bounds),
    stateAt: (number) => chain.stateAt(number),
    oldest: () => chain.oldest(),
  };
}

/** What does not exist yet is asked for again. */
function remember<T>(read: (number: Height) => T | undefined): (number: Height) => T | undefined {
  const kept = new Map<Height, T>(); // insertion order is the order of last use
  return (number) => {
    const known = kept.get(number);
    const value = known ?? read(number);
    if (value === undefined) return undefined;
    kept.delete(number);
    kept.set(number, value);
    if (kept.size > KEPT) {
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        break;
      }
    }
    return value;
  };
}
