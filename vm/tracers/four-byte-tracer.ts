/** selectors of the functions that were called, with the length of their arguments, as geth's `4byteTracer`. */
import { bytesToHex, type FourByteTrace } from '../../ledger/model/index.ts';
import type { Tracer } from '../tracer.ts';
import type { TraceBudget } from './trace-budget.ts';

const ENTRY_BYTES = 30;
const CREATES_NOTHING: readonly string[] = ['call', 'callcode', 'delegatecall', 'staticcall'];

export function createFourByteTracer(budget: TraceBudget): {
  readonly tracer: Tracer;
  readonly result: () => FourByteTrace;
} {
  const calls = new Map<string, FourByteTrace['calls'][number]>();
  return {
    tracer: {
      enter: ({ kind, isPrecompile, input }) => {
        if (isPrecompile || !CREATES_NOTHING.includes(kind)) return;
        const data = input();
        if (data.length < 4) return;
        const selector = data.slice(0, 4);
        const argumentBytes = data.length - 4;
        const key = `${bytesToHex(selector)}-${argumentBytes}`;
        const known = calls.get(key);
        if (known === undefined) budget.spend(ENTRY_BYTES);
        calls.set(key, { selector, argumentBytes, count: (known?.count ?? 0) + 1 });
      },
    },
    result: () => ({ kind: '4byteTracer', calls: [...calls.values()] }),
  };
}
