/** Clients of a simulated network: they send transfers to some nodes, and again until they see receipts. */
import type { Random } from '../../consensus/testkit/random.ts';
import type { Transaction } from '../../ledger/model/index.ts';
import type { Checks } from './checks.ts';
import type { SimChain } from './sim-chain.ts';
import type { SimNode } from './sim-node.ts';

export type Clients = {
  /** A new transfer of some account. */
  send(to: readonly SimNode[]): Transaction;
  /** Everything without a receipt so far. */
  sendAgain(to: readonly SimNode[]): void;
  /** How many transfers have no receipt yet. */
  waiting(): number;
  sent(): number;
};

const ACCOUNTS = 5;

export function createClients(chain: SimChain, checks: Checks, random: Random): Clients {
  const sent: Transaction[] = [];
  const nonces = new Array<number>(ACCOUNTS).fill(0);
  const open = (): readonly Transaction[] =>
    sent.filter(({ hash }) => !checks.isAcknowledged(hash));
  return {
    send: (to) => {
      const account = random.between(0, ACCOUNTS - 1);
      const nonce = nonces[account] as number;
      nonces[account] = nonce + 1;
      const transaction = chain.transfer(account, nonce);
      sent.push(transaction);
      for (const node of to) node.submit(transaction.raw);
      return transaction;
    },
    sendAgain: (to) => {
      for (const { raw } of open()) for (const node of to) node.submit(raw);
    },
    waiting: () => open().length,
    sent: () => sent.length,
  };
}
