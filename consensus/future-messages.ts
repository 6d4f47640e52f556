/**
 * Messages of heights not reached yet: signed by members, near, bounded for each sender and so in
 * total. They are replayed when their height begins. QBFT
 */
import { type Address, equalBytes, type Height, keyOf } from '../ledger/model/index.ts';
import type { QbftMessage } from './messages.ts';

/** By `keyOf(author)`, in the order of arrival. */
export type FutureMessages = ReadonlyMap<string, readonly QbftMessage[]>;

/** Heights ahead of the current one that are kept. */
export const FUTURE_DISTANCE = 10n;
/** A correct validator has a handful of messages a height. */
export const FUTURE_MESSAGES_PER_AUTHOR = 48;
/** Estimated bytes: big Proposals count for what they weigh. */
const FUTURE_BYTES_PER_AUTHOR: number = 4 * 1024 * 1024;

/** The same buffer for a message that is there already; undefined if the sender's share is used up. */
export function withFutureMessage(
  buffer: FutureMessages,
  message: QbftMessage,
): FutureMessages | undefined {
  const key = keyOf(message.signed.author);
  const held = buffer.get(key) ?? [];
  if (held.some((each) => equalBytes(each.signed.signature, message.signed.signature)))
    return buffer;
  const bytes = held.reduce((sum, each) => sum + weightOf(each), weightOf(message));
  if (held.length >= FUTURE_MESSAGES_PER_AUTHOR || bytes > FUTURE_BYTES_PER_AUTHOR)
    return undefined;
  return new Map(buffer).set(key, [...held, message]);
}

/** What to replay at `height`, senders in the order of `validators`, and what stays for later. */
export function takeFutureMessages(
  buffer: FutureMessages,
  height: Height,
  validators: readonly Address[],
): { readonly due: readonly QbftMessage[]; readonly rest: FutureMessages } {
  const of = (validator: Address): readonly QbftMessage[] => buffer.get(keyOf(validator)) ?? [];
  const due = validators.flatMap(of).filter((message) => message.signed.height === height);
  const rest = new Map<string, readonly QbftMessage[]>();
  for (const validator of validators) {
    const later = of(validator).filter((message) => message.signed.height > height);
    if (later.length > 0) rest.set(keyOf(validator), later);
  }
  return { due, rest };
}

const SIGNED_WEIGHT = 256;

function weightOf(message: QbftMessage): number {
  switch (message.kind) {
    case 'prepare':
    case 'commit':
      return SIGNED_WEIGHT;
    case 'round-change':
      return SIGNED_WEIGHT * (1 + message.prepares.length);
    case 'proposal': {
      const lists = message.roundChanges.length + message.prepares.length;
      const { header, transactionHashes } = message;
      return 1024 + header.extraData.length + 32 * transactionHashes.length + SIGNED_WEIGHT * lists;
    }
  }
}
