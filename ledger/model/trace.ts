/** What a trace is asked to tell of a transaction and what it tells, by geth's tracers. */
import type { Address, Gas, Hash, Wei } from './bytes.ts';

export type StructLoggerOptions = {
  readonly disableStack: boolean;
  readonly disableStorage: boolean;
  readonly enableMemory: boolean;
  readonly enableReturnData: boolean;
  /** Steps that are recorded; 0: all. The transaction runs on without being recorded. */
  readonly limit: number;
};

export type CallTracerOptions = {
  readonly onlyTopCall: boolean;
  readonly withLog: boolean;
};

export type PrestateOptions = {
  readonly diffMode: boolean;
  readonly disableCode: boolean;
  readonly disableStorage: boolean;
  /** Tell of accounts too that were empty. */
  readonly includeEmpty: boolean;
};

/** Which tracer watches, and what it is to tell. */
export type TracerChoice =
  | ({ readonly kind: 'structLogs' } & StructLoggerOptions)
  | ({ readonly kind: 'callTracer' } & CallTracerOptions)
  | ({ readonly kind: 'prestateTracer' } & PrestateOptions)
  | { readonly kind: '4byteTracer' }
  /** Tells nothing: for measuring. */
  | { readonly kind: 'noopTracer' };

export type TracedSlot = { readonly slot: Uint8Array; readonly value: Uint8Array };

export type StructLog = {
  readonly pc: number;
  readonly op: string;
  readonly gas: Gas;
  readonly gasCost: Gas;
  /** 1 for the transaction's own frame. */
  readonly depth: number;
  readonly error: string | undefined;
  /** From the bottom to the top. */
  readonly stack: readonly bigint[] | undefined;
  readonly memory: Uint8Array | undefined;
  /** Slots of the running account that it has read and written so far, at an SLOAD or SSTORE; ascending. */
  readonly storage: readonly TracedSlot[] | undefined;
  readonly returnData: Uint8Array | undefined;
  readonly refund: Gas;
};

export type StructLogTrace = {
  readonly kind: 'structLogs';
  readonly gas: Gas;
  readonly failed: boolean;
  /** Empty if it halted. */
  readonly returnValue: Uint8Array;
  readonly structLogs: readonly StructLog[];
};

export type FrameKind =
  | 'call'
  | 'callcode'
  | 'delegatecall'
  | 'staticcall'
  | 'create'
  | 'create2'
  | 'selfdestruct';

export type CallLog = {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
  /** Among the logs that stay, of the transaction. */
  readonly index: number;
  /** How many calls of the frame came before it. */
  readonly position: number;
};

export type CallFrame = {
  readonly kind: FrameKind;
  /** The account that calls: the one that runs, also in a `delegatecall`. */
  readonly from: Address;
  /** The account whose code runs; undefined for a creation that failed. */
  readonly to: Address | undefined;
  /** Undefined where there can be none (`staticcall`). */
  readonly value: Wei | undefined;
  readonly gas: Gas;
  readonly gasUsed: Gas;
  readonly input: Uint8Array;
  /** Undefined if it halted. */
  readonly output: Uint8Array | undefined;
  readonly error: string | undefined;
  readonly calls: readonly CallFrame[];
  /** Empty unless `withLog`, and in what failed. */
  readonly logs: readonly CallLog[];
};

export type CallTrace = { readonly kind: 'callTracer'; readonly frame: CallFrame | undefined };

/** An account, or what became of it: what is undefined did not change, or is left out. */
export type PrestateAccount = {
  readonly address: Address;
  readonly balance: Wei | undefined;
  readonly nonce: bigint | undefined;
  readonly code: Uint8Array | undefined;
  readonly storage: readonly TracedSlot[];
};

export type PrestateTrace =
  | { readonly kind: 'prestateTracer'; readonly accounts: readonly PrestateAccount[] }
  | {
      readonly kind: 'prestateDiff';
      readonly pre: readonly PrestateAccount[];
      readonly post: readonly PrestateAccount[];
    };

export type FourByteTrace = {
  readonly kind: '4byteTracer';
  readonly calls: readonly {
    /** Four bytes. */
    readonly selector: Uint8Array;
    /** Bytes that followed it. */
    readonly argumentBytes: number;
    readonly count: number;
  }[];
};

export type TraceResult =
  | StructLogTrace
  | CallTrace
  | PrestateTrace
  | FourByteTrace
  | { readonly kind: 'noopTracer' };
