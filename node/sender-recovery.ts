/** Who signed each of many transactions, without keeping the event loop from its other work. */
import { type Address, recoverSender, type Transaction } from '../ledger/model/index.ts';
import type { Clock } from './clock.ts';

/** Senders in the order of the transactions; undefined where the signature recovers to nobody. */
export type SenderRecovery = (
  transactions: readonly Transaction[],
) => Promise<readonly (Address | undefined)[]>;

/** One recovery takes some 50 us; so many of them are done before the loop gets its turn. */
const CHUNK = 64;

export function createSenderRecovery(clock: Pick<Clock, 'breathe'>): SenderRecovery {
  return async (transactions) => {
    const senders: (Address | undefined)[] = [];
    for (const [index, transaction] of transactions.entries()) {
      if (index > 0 && index % CHUNK === 0) await clock.breathe();
      senders.push(recoverSender(transaction));
    }
    return senders;
  };
}
