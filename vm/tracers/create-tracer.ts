/** The tracers by what is asked of them. */
import type { TraceResult, TracerChoice } from '../../ledger/model/index.ts';
import type { Tracer } from '../tracer.ts';
import { createCallTracer } from './call-tracer.ts';
import { createFourByteTracer } from './four-byte-tracer.ts';
import { createPrestateTracer } from './prestate-tracer.ts';
import { createStructLogger } from './struct-logger.ts';
import type { TraceBudget } from './trace-budget.ts';

/**
 * A tracer of one transaction, and what it saw once the transaction has run.
 * @param budget may be shared by the transactions of a block; when it is spent, the run ends
 */
export function createTracer(
  choice: TracerChoice,
  budget: TraceBudget,
): { readonly tracer: Tracer; readonly result: () => TraceResult } {
  switch (choice.kind) {
    case 'structLogs':
      return createStructLogger(choice, budget);
    case 'callTracer':
      return createCallTracer(choice, budget);
    case 'prestateTracer':
      return createPrestateTracer(choice, budget);
    case '4byteTracer':
      return createFourByteTracer(budget);
    case 'noopTracer':
      return { tracer: {}, result: () => ({ kind: 'noopTracer' }) };
  }
}
