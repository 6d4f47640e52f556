/** Logs found by looking at every block: what the index of a real store is compared with, and chains in memory use. */
import { type Height, matchesLog } from '../../ledger/model/index.ts';
import type { ChainPort } from '../ports.ts';

export function scanLogs(
  chain: Pick<ChainPort, 'header' | 'hashOf' | 'block' | 'receipts'>,
): ChainPort['findLogs'] {
  return async (criteria, { from, to, after, limit }) => {
    const found: Awaited<ReturnType<ChainPort['findLogs']>>['logs'][number][] = [];
    for (let number = from; number <= to; number += 1n) {
      found.push(...logsOf(chain, number).filter(({ log }) => matchesLog(log, criteria)));
    }
    const behind = found.filter(
      ({ header: { number }, logIndex }) =>
        after === undefined ||
        number > after.number ||
        (number === after.number && logIndex > after.logIndex),
    );
    return { logs: behind.slice(0, limit), isComplete: behind.length <= limit };
  };
}

function logsOf(
  chain: Pick<ChainPort, 'header' | 'hashOf' | 'block' | 'receipts'>,
  number: Height,
): Awaited<ReturnType<ChainPort['findLogs']>>['logs'] {
  const header = chain.header(number);
  const blockHash = chain.hashOf(number);
  const transactions = chain.block(number)?.transactions;
  if (header === undefined || blockHash === undefined || transactions === undefined) return [];
  let logIndex = -1;
  return (chain.receipts(number) ?? []).flatMap(({ logs }, transactionIndex) =>
    logs.flatMap((log) => {
      logIndex += 1;
      const transactionHash = transactions[transactionIndex]?.hash;
      return transactionHash === undefined
        ? []
        : [{ header, blockHash, transactionHash, transactionIndex, logIndex, log }];
    }),
  );
}
