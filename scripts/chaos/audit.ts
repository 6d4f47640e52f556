/** Compares what the validators hold: the same chain, and every acknowledged transaction in it. */
import {
  type AcknowledgedLedger,
  compareReceipts,
  findDivergence,
  type Place,
} from './acknowledged.ts';
import { batch } from './batch.ts';
import type { ValidatorProcess } from './validator-process.ts';

export type Audit = {
  /** What each earlier look has not covered yet, or all from the start. One sentence for each fault. */
  look(extent: 'new' | 'all'): Promise<readonly string[]>;
};

/** Calls in one request; within the node's own limit. */
const BATCH = 200;

export function createAudit(
  validators: readonly ValidatorProcess[],
  ledger: AcknowledgedLedger,
): Audit {
  let nextHeight = 0;
  let nextEntry = 0;
  return {
    look: async (extent) => {
      const firstHeight = extent === 'all' ? 0 : nextHeight;
      const firstEntry = extent === 'all' ? 0 : nextEntry;
      const entries = ledger.from(firstEntry);
      const heads = await Promise.all(validators.map(({ client }) => head(client)));
      const chains = await Promise.all(
        validators.map(({ url }, index) => hashes(url, firstHeight, heads[index] ?? 0)),
      );
      const missing = await Promise.all(
        validators.map(async ({ url, index }) =>
          compareReceipts(
            index,
            entries,
            await places(
              url,
              entries.map(({ hash }) => hash),
            ),
          ),
        ),
      );
      nextHeight = Math.max(nextHeight, Math.min(...heads));
      nextEntry = firstEntry + entries.length;
      return [
        ...findDivergence(firstHeight, chains),
        ...missing.flat(),
        ...ledger.contradictions(),
      ];
    },
  };
}

async function head(client: ValidatorProcess['client']): Promise<number> {
  return Number(await client.request('eth_blockNumber', []));
}

async function hashes(url: string, first: number, last: number): Promise<readonly string[]> {
  const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  const blocks = await inBatches<{ readonly hash: string }>(
    url,
    'eth_getBlockByNumber',
    numbers.map((number) => [`0x${number.toString(16)}`, false]),
  );
  return blocks.map((block) => block?.hash ?? 'none');
}

/** Where a node says that each transaction is. */
export async function places(
  url: string,
  transactions: readonly string[],
): Promise<readonly (Place | undefined)[]> {
  const receipts = await inBatches<{ readonly blockNumber: string; readonly blockHash: string }>(
    url,
    'eth_getTransactionReceipt',
    transactions.map((hash) => [hash]),
  );
  return receipts.map((receipt) =>
    receipt === undefined
      ? undefined
      : { blockNumber: Number(receipt.blockNumber), blockHash: receipt.blockHash },
  );
}

async function inBatches<R>(
  url: string,
  method: string,
  calls: readonly (readonly unknown[])[],
): Promise<readonly (R | undefined)[]> {
  const results: (R | undefined)[] = [];
  for (let start = 0; start < calls.length; start += BATCH) {
    const part = calls.slice(start, start + BATCH).map((params) => ({ method, params }));
    for (const answer of await batch(url, part)) {
      if (!answer.ok) throw new TypeError(`${url} refused ${method}: ${answer.message}`);
      results.push((answer.result as R | null) ?? undefined);
    }
  }
  return results;
}
