/**
 * What can be seen of a transaction while it runs: the port of `structLogs` and of call and state tracers.
 *
 * Only the fast engine has it. Everything handed over reads the running machine and holds until the
 * callback returns; what a tracer wants to keep it takes as the copies that the functions give.
 */
import type { Address, Gas, Wei } from '../ledger/model/index.ts';

export type FrameKind = 'call' | 'callcode' | 'delegatecall' | 'staticcall' | 'create' | 'create2';

/** A message that begins. */
export type TracedFrame = {
  readonly kind: FrameKind;
  /** 0 for the transaction's own. */
  readonly depth: number;
  readonly from: Address;
  /** Whose storage and balance it works on. */
  readonly to: Address;
  /** Whose code runs: another account than `to` in `callcode` and `delegatecall`. */
  readonly codeAddress: Address;
  readonly value: Wei;
  readonly gas: Gas;
  /** Calldata, or the code that a creation runs. */
  input(): Uint8Array;
};

/** An instruction that is about to run. */
export type TracedStep = {
  readonly pc: number;
  readonly opcode: number;
  /** Before the instruction is paid for. */
  readonly gas: Gas;
  readonly depth: number;
  /** Refund counter of the transaction so far. */
  readonly refund: Gas;
  readonly address: Address;
  readonly stackSize: number;
  /** Word of the stack, 0 being the top. */
  stack(fromTop: number): bigint;
  readonly memorySize: number;
  memory(): Uint8Array;
  /** What the last call of the frame returned. */
  returnData(): Uint8Array;
};

/** How a message ended. */
export type TracedEnd = {
  readonly depth: number;
  readonly gasLeft: Gas;
  /** Empty for a creation that worked: its code is in the state. */
  readonly output: Uint8Array;
  /** Undefined if it worked; `execution reverted`, or why it halted. */
  readonly failure: string | undefined;
};

export type Tracer = {
  enter?(frame: TracedFrame): void;
  /** Asked for, every instruction stops the machine: some hundred times slower. */
  step?(step: TracedStep): void;
  leave?(end: TracedEnd): void;
};
