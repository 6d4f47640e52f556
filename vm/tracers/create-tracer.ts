/** The tracers by what is asked of them. */
import type { Tracer } from '../tracer.ts';
import { type CallTrace, type CallTracerOptions, createCallTracer } from './call-tracer.ts';
import { createFourByteTracer, type FourByteTrace } from './four-byte-tracer.ts';
import {
  createPrestateTracer,
  type PrestateOptions,
  type PrestateTrace,
} from './prestate-tracer.ts';
import {
  createStructLogger,
  type StructLoggerOptions,
  type StructLogTrace,
} from './struct-logger.ts';
import type { TraceBudget } from './trace-budget.ts';

export type TracerChoice =
  | ({ readonly kind: 'structLogs' } & StructLoggerOptions)
  | ({ readonly kind: 'callTracer' } & CallTracerOptions)
  | ({ readonly kind: 'prestateTracer' } & PrestateOptions)
  | { readonly kind: '4byteTracer' }
  /** Tells nothing: for measuring. */
  | { readonly kind: 'noopTracer' };

export type TraceResult =
  | StructLogTrace
  | CallTrace
  | PrestateTrace
  | FourByteTrace
  | { readonly kind: 'noopTracer' };

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
