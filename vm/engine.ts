/**
 * The engine port: one call a block, plain data in and out, synchronous reads of state.
 *
 * Nothing shared crosses it, so an engine can live in a worker thread, and two engines behind it can be
 * compared value by value. An engine knows transactions and system calls; headers, roots and votes are not
 * its business.
 */
import type {
  AccessListItem,
  Address,
  Authorization,
  Gas,
  Hash,
  Height,
  Log,
  Receipt,
  StateChanges,
  StateReader,
  Transaction,
  UnixSeconds,
  Verdict,
  Wei,
} from '../ledger/model/index.ts';
import type { Tracer } from './tracer.ts';

/** What instructions can learn about the block they run in. */
export type BlockEnvironment = {
  readonly number: Height;
  readonly timestamp: UnixSeconds;
  readonly parentHash: Hash;
  readonly gasLimit: Gas;
  /** The header's; `ChainRules.beneficiary` takes its place if set. */
  readonly beneficiary: Address;
  /** The header's mixHash: what PREVRANDAO returns from Paris on. */
  readonly prevRandao: Hash;
  /** What the same instruction returns before Paris. */
  readonly difficulty: bigint;
  /** From London on. */
  readonly baseFeePerGas?: Wei;
  /** From Cancun on. */
  readonly excessBlobGas?: Gas;
  /** In place of what follows from `excessBlobGas`. */
  readonly blobBaseFee?: Wei;
  /** In place of the beneficiary of header and rules. */
  readonly coinbase?: Address;
  /** From Cancun on. */
  readonly parentBeaconBlockRoot?: Hash;
};

/** A transaction whose signature was recovered once, at admission. */
export type SignedTransaction = { readonly transaction: Transaction; readonly sender: Address };

export type ExecuteBlockInput = {
  readonly environment: BlockEnvironment;
  readonly transactions: readonly SignedTransaction[];
  /** `build` leaves out what does not fit or is invalid; `validate` refuses the block for it. */
  readonly mode: 'build' | 'validate';
  /** Awaited after each transaction and inside long ones: lets the caller's event loop breathe. */
  readonly pause?: () => Promise<void>;
  /** Asked before each transaction when building: true ends the block there. */
  readonly deadline?: () => boolean;
  /** Who watches the transaction with that index of the input; the reference engine never asks. */
  readonly tracerFor?: (index: number) => Tracer | undefined;
};

/** A transaction that building left out. `index` counts in the input. */
export type SkippedTransaction = {
  readonly index: number;
  readonly code: string;
  readonly message: string;
};

export type BlockExecution = {
  /** One for each index in `included`, in that order. */
  readonly receipts: readonly Receipt[];
  readonly gasUsed: Gas;
  readonly changes: StateChanges;
  /** EIP-7685: type byte and data of each non-empty list of requests, ascending. */
  readonly requests: readonly Uint8Array[];
  /** Indexes of the input that are in the block. */
  readonly included: readonly number[];
  readonly skipped: readonly SkippedTransaction[];
};

/** A precompiled contract that answers elsewhere during one call; without `to`, nowhere. */
export type PrecompileMove = { readonly from: Address; readonly to?: Address };

/** A message to run on a state without changing it. */
export type CallRequest = {
  readonly from: Address;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  readonly value: Wei;
  readonly gas: Gas;
  /** What is paid for each unit; zero: free. */
  readonly gasPrice: Wei;
  /**
   * `waived`, if absent: a free call sees a BASEFEE of zero. `shown`: it sees that of the block. `charged`: there
   * are no free calls, the price must reach it.
   */
  readonly baseFee?: 'waived' | 'shown' | 'charged';
  /** The most that the sender would pay for it, at least `gasPrice`; that, if absent. */
  readonly feeCap?: Wei;
  readonly accessList?: readonly AccessListItem[];
  readonly authorizationList?: readonly Authorization[];
  /** At most 64. */
  readonly blobHashes?: readonly Hash[];
  /** The most that the sender would pay for one unit of blob gas. */
  readonly blobFeeCap?: Wei;
  readonly movedPrecompiles?: readonly PrecompileMove[];
  /** Ask for transfers of value among the logs (`transfer-log.ts`). */
  readonly logsTransfers?: boolean;
  /** Ask for what the call changes. */
  readonly reportChanges?: boolean;
  /** Ask for the addresses and slots that the call touches. */
  readonly reportAccessList?: boolean;
};

/** The reference engine leaves both aside: there, a call runs to its end. */
export type CallOptions = {
  /** Awaited inside a long call: lets the caller's event loop breathe; what it throws ends the call. */
  readonly pause?: () => Promise<void>;
  readonly tracer?: Tracer;
};

type CallCost = {
  /** What the sender would pay for: after refunds, at least the calldata floor. */
  readonly gasUsed: Gas;
  /** The gas that was needed on the way: before refunds. */
  readonly gasNeeded: Gas;
  /** Present if `reportAccessList` asked for it. */
  readonly accessList?: readonly AccessListItem[];
  /** Present if `reportChanges` asked for it. */
  readonly changes?: StateChanges;
  /** With the changes, on the fast engine: how many logs were made before each that is left, rolled back or not. */
  readonly logPlaces?: readonly number[];
  /** With them, all logs that were made. */
  readonly logsMade?: number;
};

export type CallResult =
  | (CallCost & {
      readonly kind: 'returned';
      readonly returnData: Uint8Array;
      readonly logs: readonly Log[];
    })
  | (CallCost & { readonly kind: 'reverted'; readonly returnData: Uint8Array })
  /** Out of gas, invalid instruction and the like; `reason` is for people. */
  | (CallCost & { readonly kind: 'halted'; readonly reason: string })
  /** Never started: `code` is that of a refused transaction. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export type Engine = {
  /** Executes a block's transactions and system calls on `state`, which it never changes. */
  executeBlock(
    input: ExecuteBlockInput,
    state: StateReader,
  ): Promise<Verdict<{ readonly execution: BlockExecution }>>;
  /**
   * runs one message on `state`, which it never changes; checks neither nonce nor signature.
   */
  call(
    request: CallRequest,
    environment: BlockEnvironment,
    state: StateReader,
    options?: CallOptions,
  ): Promise<CallResult>;
};
