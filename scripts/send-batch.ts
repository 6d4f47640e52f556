/** How the benches send transactions: many in one JSON-RPC request, as one who has many of them does. */
import { batch } from './chaos/batch.ts';

const LIMIT_MS = 120_000;
/** Answers to a transaction that the validator has by now, be it from another one. */
const THERE_ALREADY = /already known|nonce too low/;

/**
 * Sends raw transactions to one validator.
 * @throws RangeError if one of them is refused, unless `mayBeThere` and the validator has it
 */
export async function sendBatch(
  url: string,
  raws: readonly string[],
  { mayBeThere }: { readonly mayBeThere: boolean },
): Promise<void> {
  const calls = raws.map((raw) => ({ method: 'eth_sendRawTransaction', params: [raw] }));
  for (const answer of await batch(url, calls, LIMIT_MS)) {
    if (answer.ok || (mayBeThere && THERE_ALREADY.test(answer.message))) continue;
    throw new RangeError(`refused: ${answer.message}`);
  }
}
