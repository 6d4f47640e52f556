/** What waits in the transaction pool: `pending` can be executed now, `queued` waits for a nonce. */
import { type TSchema, Type } from 'typebox';
import { bytesToHex, equalBytes } from '../../ledger/model/index.ts';
import { formatTransaction, transactionSchema } from '../format-transaction.ts';
import { defineMethod, type Method } from '../method.ts';
import type { PooledTransaction } from '../ports.ts';
import { addressParam, quantity, quantitySchema } from '../values.ts';

const halves = (half: TSchema): TSchema => Type.Object({ pending: half, queued: half });
const byNonce = (entry: TSchema): TSchema => Type.Record(Type.String(), entry);

/** Sender, then nonce in decimal. */
function grouped(
  pooled: readonly PooledTransaction[],
  show: (entry: PooledTransaction) => unknown,
): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const entry of pooled) {
    const sender = bytesToHex(entry.sender);
    groups[sender] ??= {};
    groups[sender][entry.transaction.nonce.toString()] = show(entry);
  }
  return groups;
}

function full(entry: PooledTransaction): unknown {
  return formatTransaction(entry, undefined);
}

/** One line for a person: recipient, value, gas and price. */
function inspected({ transaction }: PooledTransaction): string {
  const { to, value, gasLimit } = transaction;
  const price = 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas;
  const target = to === undefined ? 'contract creation' : bytesToHex(to);
  return `${target}: ${value} wei + ${gasLimit} gas × ${price} wei`;
}

export const txpoolMethods: readonly Method[] = [
  defineMethod({
    name: 'txpool_status',
    summary: 'How many transactions wait.',
    params: [],
    result: halves(quantitySchema),
    handler: ({ pool }) => {
      const { pending, queued } = pool.status();
      return { pending: quantity(pending), queued: quantity(queued) };
    },
  }),
  defineMethod({
    name: 'txpool_content',
    summary: 'Every waiting transaction, by sender and nonce.',
    params: [],
    result: halves(byNonce(byNonce(transactionSchema))),
    handler: ({ pool }) => {
      const { pending, queued } = pool.content();
      return { pending: grouped(pending, full), queued: grouped(queued, full) };
    },
  }),
  defineMethod({
    name: 'txpool_contentFrom',
    summary: 'Every waiting transaction of one sender, by nonce.',
    params: [{ name: 'address', codec: addressParam }],
    result: halves(byNonce(transactionSchema)),
    handler: ({ pool }, address) => {
      const { pending, queued } = pool.content();
      const own = (list: readonly PooledTransaction[]): Record<string, unknown> =>
        grouped(
          list.filter(({ sender }) => equalBytes(sender, address)),
          full,
        )[bytesToHex(address)] ?? {};
      return { pending: own(pending), queued: own(queued) };
    },
  }),
  defineMethod({
    name: 'txpool_inspect',
    summary: 'Every waiting transaction as a line of text, by sender and nonce.',
    params: [],
    result: halves(byNonce(byNonce(Type.String()))),
    handler: ({ pool }) => {
      const { pending, queued } = pool.content();
      return { pending: grouped(pending, inspected), queued: grouped(queued, inspected) };
    },
  }),
];
