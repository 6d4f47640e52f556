/**
 * What the tracing methods need of the node: transactions, blocks and calls run again and watched. A part of
 * what `vm/tracers` declares fits, so results go through as they are.
 */
import type { Address, Gas, Hash, Height, Verdict, Wei } from '../ledger/model/index.ts';
import type { CallOptions, CallRequest } from './ports.ts';

/** Which tracer watches, and what it is to tell. */
export type TracerChoice =
  | {
      readonly kind: 'structLogs';
      readonly disableStack: boolean;
      readonly disableStorage: boolean;
      readonly enableMemory: boolean;
      readonly enableReturnData: boolean;
      /** Steps that are recorded; 0: all. */
      readonly limit: number;
    }
  | { readonly kind: 'callTracer'; readonly onlyTopCall: boolean; readonly withLog: boolean }
  | {
      readonly kind: 'prestateTracer';
      readonly diffMode: boolean;
      readonly disableCode: boolean;
      readonly disableStorage: boolean;
      readonly includeEmpty: boolean;
    }
  | { readonly kind: '4byteTracer' }
  | { readonly kind: 'noopTracer' };

export type TracedSlot = { readonly slot: Uint8Array; readonly value: Uint8Array };

export type StructLog = {
  readonly pc: number;
  readonly op: string;
  readonly gas: Gas;
  readonly gasCost: Gas;
  readonly depth: number;
  readonly error: string | undefined;
  /** From the bottom to the top. */
  readonly stack: readonly bigint[] | undefined;
  readonly memory: Uint8Array | undefined;
  readonly storage: readonly TracedSlot[] | undefined;
  readonly returnData: Uint8Array | undefined;
  readonly refund: Gas;
};

export type CallFrame = {
  readonly kind: string;
  readonly from: Address;
  readonly to: Address | undefined;
  readonly value: Wei | undefined;
  readonly gas: Gas;
  readonly gasUsed: Gas;
  readonly input: Uint8Array;
  readonly output: Uint8Array | undefined;
  readonly error: string | undefined;
  readonly calls: readonly CallFrame[];
  readonly logs: readonly {
    readonly address: Address;
    readonly topics: readonly Hash[];
    readonly data: Uint8Array;
    readonly index: number;
    readonly position: number;
  }[];
};

export type TracedAccount = {
  readonly address: Address;
  readonly balance: Wei | undefined;
  readonly nonce: bigint | undefined;
  readonly code: Uint8Array | undefined;
  readonly storage: readonly TracedSlot[];
};

export type TraceResult =
  | {
      readonly kind: 'structLogs';
      readonly gas: Gas;
      readonly failed: boolean;
      readonly returnValue: Uint8Array;
      readonly structLogs: readonly StructLog[];
    }
  | { readonly kind: 'callTracer'; readonly frame: CallFrame | undefined }
  | { readonly kind: 'prestateTracer'; readonly accounts: readonly TracedAccount[] }
  | {
      readonly kind: 'prestateDiff';
      readonly pre: readonly TracedAccount[];
      readonly post: readonly TracedAccount[];
    }
  | {
      readonly kind: '4byteTracer';
      readonly calls: readonly {
        readonly selector: Uint8Array;
        readonly argumentBytes: number;
        readonly count: number;
      }[];
    }
  | { readonly kind: 'noopTracer' };

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
    message: CallRequest,
    at: Height,
    request: TraceRequest & CallOptions,
  ): Promise<Verdict<{ readonly result: TraceResult }>>;
};
