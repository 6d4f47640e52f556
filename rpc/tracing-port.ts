/** What the tracing methods need of the node: transactions, blocks and calls run again and watched. */
import type {
  Hash,
  Height,
  TraceResult,
  TracerChoice,
  TransactionRequest,
  Verdict,
} from '../ledger/model/index.ts';
import type { CallOptions } from './ports.ts';

export type TraceRequest = {
  readonly tracer: TracerChoice;
  /** For each transaction. */
  readonly timeoutMs: number;
  /** Of the results together, as JSON. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
};

export type BlockTrace = readonly { readonly hash: Hash; readonly result: TraceResult }[];

/**
 * One at a time, in the order in which they were asked for. Refusals: VM_TRACE_TOO_LARGE, NODE_TRACE_TIMEOUT,
 * and any code that says why a block or a call cannot be run. Each throws the reason of the signal when it
 * aborts.
 */
export type TracingPort = {
  /** A transaction of a final block that has a parent. */
  transaction(
    place: { readonly number: Height; readonly index: number },
    request: TraceRequest,
  ): Promise<Verdict<{ readonly result: TraceResult }>>;
  /** A final block that has a parent. */
  block(number: Height, request: TraceRequest): Promise<Verdict<{ readonly traces: BlockTrace }>>;
  /** Any block, as RLP, whose parent is final here. */
  encodedBlock(
    encoded: Uint8Array,
    request: TraceRequest,
  ): Promise<Verdict<{ readonly traces: BlockTrace }>>;
  /** A message on the state after a final block. */
  call(
    message: TransactionRequest,
    at: Height,
    request: TraceRequest & CallOptions,
  ): Promise<Verdict<{ readonly result: TraceResult }>>;
};
