/**
 * What a block is, whoever runs it: the order of its parts, what a refused transaction means for it, and
 * system calls, which run only where there is code.
 *
 * How a transaction or a call runs is not here: each engine has its own way, so that one checks the other.
 */
import {
  type Address,
  bytesToHex,
  concatBytes,
  type Gas,
  type Receipt,
  type Refusal,
  refuse,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ForkName, isAtLeast } from './chain-rules.ts';
import type {
  BlockEnvironment,
  BlockExecution,
  ExecuteBlockInput,
  SignedTransaction,
  SkippedTransaction,
} from './engine.ts';
import { callsAfter, callsBefore, type SystemCall } from './system-contracts.ts';

/** How a system call ended. */
export type SystemCallEnd =
  | { readonly kind: 'returned'; readonly output: Uint8Array }
  | { readonly kind: 'failed'; readonly reason?: string };

/** Runs the parts of one block, each on the state that those before it left. */
export type BlockRunner<Ran extends object> = {
  hasCode(contract: Address): boolean;
  systemCall(call: SystemCall): Promise<SystemCallEnd>;
  transactions(): Promise<Verdict<Ran>>;
  payReward(): void;
};

/** Undefined: blocks can be executed at that fork. Refuses with VM_FORK_UNSUPPORTED. */
export function checkFork(fork: ForkName): Refusal | undefined {
  if (isAtLeast(fork, 'byzantium')) return undefined;
  return refuse('VM_FORK_UNSUPPORTED', `cannot execute blocks at ${fork}`);
}

/** What came of the transactions, and what the block requests (EIP-7685). Refuses with VM_SYSTEM_CALL_FAILED. */
export async function runBlock<Ran extends object>(
  environment: BlockEnvironment,
  fork: ForkName,
  runner: BlockRunner<Ran>,
): Promise<Verdict<Ran & { readonly requests: readonly Uint8Array[] }>> {
  const before = await runSystemCalls(callsBefore(environment, fork), runner);
  if (!before.ok) return before;
  const ran = await runner.transactions();
  if (!ran.ok) return ran;
  const after = await runSystemCalls(callsAfter(fork), runner);
  if (!after.ok) return after;
  runner.payReward();
  return { ...ran, requests: after.requests };
}

async function runSystemCalls(
  calls: readonly SystemCall[],
  { hasCode, systemCall }: Pick<BlockRunner<object>, 'hasCode' | 'systemCall'>,
): Promise<Verdict<{ readonly requests: readonly Uint8Array[] }>> {
  const requests: Uint8Array[] = [];
  for (const call of calls) {
    if (!hasCode(call.contract)) continue;
    const end = await systemCall(call);
    if (end.kind === 'failed') {
      const name = bytesToHex(call.contract);
      const reason = end.reason === undefined ? '' : `: ${end.reason}`;
      return refuse('VM_SYSTEM_CALL_FAILED', `system contract ${name}${reason}`);
    }
    if (call.requestType === undefined || end.output.length === 0) continue;
    requests.push(concatBytes(Uint8Array.of(call.requestType), end.output));
  }
  return { ok: true, requests };
}

/** Where a transaction stands. */
export type TransactionPlace = {
  /** In the input. */
  readonly index: number;
  /** By the transactions of the block before it. */
  readonly gasUsed: Gas;
  /** Of the block. */
  readonly gasLeft: Gas;
};

/** What came of a transaction: a receipt, or why it may not be in the block. */
export type TransactionVerdict = Verdict<{ readonly receipt: Receipt }>;

export type RanTransactions = Omit<BlockExecution, 'requests' | 'changes'>;

/**
 * the transactions in their order.
 *
 * @param run gives a promise only if it has to wait
 */
export async function runTransactions(
  { environment, transactions, mode, pause, deadline }: ExecuteBlockInput,
  run: (
    signed: SignedTransaction,
    place: TransactionPlace,
  ) => TransactionVerdict | Promise<TransactionVerdict>,
): Promise<Verdict<RanTransactions>> {
  const receipts: Receipt[] = [];
  const included: number[] = [];
  const skipped: SkippedTransaction[] = [];
  let gasUsed = 0n;
  for (const [index, signed] of transactions.entries()) {
    if (mode === 'build' && deadline?.() === true) break;
    const running = run(signed, { index, gasUsed, gasLeft: environment.gasLimit - gasUsed });
    const verdict = running instanceof Promise ? await running : running;
    if (verdict.ok) {
      gasUsed = verdict.receipt.cumulativeGasUsed;
      receipts.push(verdict.receipt);
      included.push(index);
    } else if (mode === 'build') {
      skipped.push({ index, code: verdict.code, message: verdict.message });
    } else {
      return refuse(verdict.code, `transaction ${index}: ${verdict.message}`);
    }
    if (pause !== undefined) await pause();
  }
  return { ok: true, receipts, gasUsed, included, skipped };
}
