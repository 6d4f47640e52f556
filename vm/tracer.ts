/**
 * What can be seen of a transaction while it runs: the port that the tracers of `vm/tracers` stand on.
 *
 * Only the fast engine has it. Everything handed over reads the running machine and holds until the
 * callback returns; what a tracer wants to keep it takes as the copies that the functions give. What a
 * callback throws ends the run.
 */
import type { Address, FrameKind, Gas, Hash, Wei } from '../ledger/model/index.ts';

/** The state as the running transaction sees it at this moment. Reading changes nothing, nor warms anything. */
export type TracedState = {
  /** Zeros for an account that does not exist. */
  account(address: Address): { readonly nonce: bigint; readonly balance: Wei };
  /** Empty if the account has none. */
  code(address: Address): Uint8Array;
  /** Value of a slot of 32 bytes, as 32 bytes. */
  storage(address: Address, slot: Uint8Array): Uint8Array;
};

/** A transaction that has not paid for anything yet. */
export type TracedTransaction = {
  readonly from: Address;
  /** The recipient, or where the contract will be. */
  readonly to: Address;
  readonly isCreation: boolean;
  readonly gasLimit: Gas;
  /** Who gets the fees. */
  readonly beneficiary: Address;
  /** Signers of its authorizations (EIP-7702), valid or not. */
  readonly authorities: readonly Address[];
  readonly state: TracedState;
};

/**
 * A message that begins. One that fails at once (no balance, too deep, an address that is taken) and the
 * payment of a SELFDESTRUCT are told as frames that end where they began.
 */
export type TracedFrame = {
  readonly kind: FrameKind;
  /** 0 for the transaction's own. */
  readonly depth: number;
  readonly from: Address;
  /** Whose storage and balance it works on; of a `selfdestruct`, who is paid. */
  readonly to: Address;
  /** Whose code runs: another account than `to` in `callcode` and `delegatecall`. */
  readonly codeAddress: Address;
  readonly isPrecompile: boolean;
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
  /** what it costs; for a call with what it hands on, without the stipend. */
  readonly cost: Gas;
  /** The part of it that a call hands on; 0 for any other. */
  readonly given: Gas;
  /** Why it fails before it does anything: stack or gas, in the words of geth. */
  readonly failure: string | undefined;
  readonly depth: number;
  /** Refund counter of the transaction so far. */
  readonly refund: Gas;
  readonly address: Address;
  readonly isStatic: boolean;
  readonly stackSize: number;
  /** Word of the stack, 0 being the top. */
  stack(fromTop: number): bigint;
  readonly memorySize: number;
  memory(): Uint8Array;
  /** What the last call of the frame returned. */
  returnData(): Uint8Array;
};

/** What a LOG instruction writes; it is void if its frame, or one below, fails. */
export type TracedLog = {
  readonly depth: number;
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
};

/** How a message ended. */
export type TracedEnd = {
  readonly depth: number;
  readonly gasUsed: Gas;
  readonly gasLeft: Gas;
  /** What it returned; the code of a contract that was created. */
  readonly output: Uint8Array;
  /** Undefined if it worked; `execution reverted`, or why it halted, in the words of geth. */
  readonly failure: string | undefined;
};

export type Tracer = {
  begin?(transaction: TracedTransaction): void;
  enter?(frame: TracedFrame): void;
  /**
   * Asked for, every instruction stops the machine, or each of `opcodes`: some fifty times slower. `enough`: no
   * further step is wanted, and the rest runs at its own speed.
   */
  step?(step: TracedStep): 'enough' | undefined;
  /** Instructions that `step` is told of; all when absent. */
  readonly opcodes?: readonly number[];
  log?(log: TracedLog): void;
  leave?(end: TracedEnd): void;
  /** After refunds and fees; `gasUsed` is what the sender paid for. */
  end?(result: { readonly gasUsed: Gas; readonly succeeded: boolean }): void;
};
