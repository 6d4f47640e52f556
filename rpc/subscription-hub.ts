/**
 * Fans the node's events out to subscriptions.
 *
 * A block is turned into JSON once, however many listen, and outside the turn in which it became
 * final: the thread that votes only notes its height.
 */
import {
  bytesToHex,
  type Height,
  type Log,
  type LogCriteria,
  matchesLog,
} from '../ledger/model/index.ts';
import { formatHeader } from './format-block.ts';
import { formatLog } from './format-receipt.ts';
import { formatTransaction } from './format-transaction.ts';
import type { ChainPort, EventPort, PooledTransaction } from './ports.ts';

export type SubscriptionTopic =
  | { readonly kind: 'newHeads' }
  | { readonly kind: 'logs'; readonly criteria: LogCriteria }
  | { readonly kind: 'newPendingTransactions'; readonly full: boolean };

/** Receives one `result` of a notification, as JSON text. */
export type Deliver = (result: string) => void;

export type SubscriptionHub = {
  /** Returns what ends it. */
  attach(topic: SubscriptionTopic, deliver: Deliver): () => void;
  close(): void;
};

type Listener = { readonly topic: SubscriptionTopic; readonly deliver: Deliver };

export function createSubscriptionHub(modules: {
  readonly chain: ChainPort;
  readonly events: EventPort;
}): SubscriptionHub {
  const { chain, events } = modules;
  const listeners = new Set<Listener>();
  let waiting: (() => void)[] = [];

  const later = (work: () => void): void => {
    if (listeners.size === 0) return;
    if (waiting.length === 0) setImmediate(run);
    waiting.push(work);
  };
  const run = (): void => {
    const batch = waiting;
    waiting = [];
    for (const work of batch) work();
  };
  const stops = [
    events.onBlock((number) => later(() => announceBlock(chain, number, listeners))),
    events.onPendingTransactions((pooled) => later(() => announcePending(pooled, listeners))),
  ];

  return {
    attach: (topic, deliver) => {
      const listener = { topic, deliver };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      for (const stop of stops) stop();
      listeners.clear();
      waiting = [];
    },
  };
}

function announceBlock(chain: ChainPort, number: Height, listeners: Iterable<Listener>): void {
  const head = once(() => headText(chain, number));
  const logs = once(() => logTexts(chain, number));
  for (const { topic, deliver } of listeners) {
    if (topic.kind === 'newHeads') {
      const text = head();
      if (text !== undefined) deliver(text);
    } else if (topic.kind === 'logs') {
      for (const { log, text } of logs()) if (matchesLog(log, topic.criteria)) deliver(text);
    }
  }
}

function announcePending(
  pooled: readonly PooledTransaction[],
  listeners: Iterable<Listener>,
): void {
  const hashes = once(() =>
    pooled.map(({ transaction }) => JSON.stringify(bytesToHex(transaction.hash))),
  );
  const bodies = once(() =>
    pooled.map((entry) => JSON.stringify(formatTransaction(entry, undefined))),
  );
  for (const { topic, deliver } of listeners) {
    if (topic.kind !== 'newPendingTransactions') continue;
    for (const text of topic.full ? bodies() : hashes()) deliver(text);
  }
}

function headText(chain: ChainPort, number: Height): string | undefined {
  const header = chain.header(number);
  const hash = chain.hashOf(number);
  if (header === undefined || hash === undefined) return undefined;
  return JSON.stringify(formatHeader(header, hash));
}

function logTexts(
  chain: ChainPort,
  number: Height,
): readonly { readonly log: Log; readonly text: string }[] {
  const block = chain.block(number);
  const blockHash = chain.hashOf(number);
  const receipts = chain.receipts(number);
  if (block === undefined || blockHash === undefined || receipts === undefined) return [];
  const texts: { log: Log; text: string }[] = [];
  for (const [index, receipt] of receipts.entries()) {
    const transaction = block.transactions[index];
    if (transaction === undefined) break;
    const place = { header: block.header, blockHash, index };
    for (const log of receipt.logs) {
      const json = formatLog(log, place, transaction.hash, texts.length);
      texts.push({ log, text: JSON.stringify(json) });
    }
  }
  return texts;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
