/** A block's transactions and system calls on one machine. */
import type { Block } from '@ethereumjs/block';
import type { ExecResult } from '@ethereumjs/evm';
import { Address as EthereumAddress } from '@ethereumjs/util';
import type { RunTxResult } from '@ethereumjs/vm';
import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  type Receipt,
  refuse,
  type StateReader,
  type Verdict,
} from '../../ledger/model/index.ts';
import { checkTransaction } from '../admit-transaction.ts';
import type { ChainRules } from '../chain-rules.ts';
import type {
  BlockEnvironment,
  BlockExecution,
  ExecuteBlockInput,
  SignedTransaction,
  SkippedTransaction,
} from '../engine.ts';
import { keptReason } from '../revert-reason.ts';
import {
  callsAfter,
  callsBefore,
  SYSTEM_ADDRESS,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from '../system-contracts.ts';
import { isPrecompile, type Machine } from './machine.ts';
import { logsOf, runTransaction } from './run-transaction.ts';
import type { StateOverlay } from './state-overlay.ts';
import { adaptTransaction } from './transaction-adapter.ts';

/** `Engine.executeBlock` at the fork of the machine. */
export async function executeBlock(
  machine: Machine,
  rules: ChainRules,
  input: ExecuteBlockInput,
  state: StateReader,
): Promise<Verdict<{ readonly execution: BlockExecution }>> {
  const { environment } = input;
  const { fork, overlay } = machine;
  const block = machine.open(state, environment);
  const before = await runSystemCalls(machine, block, callsBefore(environment, fork));
  if (!before.ok) return before;
  const ran = await executeTransactions(machine, rules, block, input);
  if (!ran.ok) return ran;
  const after = await runSystemCalls(machine, block, callsAfter(fork));
  if (!after.ok) return after;
  payReward(overlay, rules, environment);
  const { requests } = after;
  return { ok: true, execution: { ...ran.results, requests, changes: overlay.changes() } };
}

type Results = Omit<BlockExecution, 'requests' | 'changes'>;

async function executeTransactions(
  machine: Machine,
  rules: ChainRules,
  block: Block,
  input: ExecuteBlockInput,
): Promise<Verdict<{ readonly results: Results }>> {
  const { environment, transactions, mode, pause, deadline } = input;
  const receipts: Receipt[] = [];
  const included: number[] = [];
  const skipped: SkippedTransaction[] = [];
  let gasUsed = 0n;
  for (const [index, signed] of transactions.entries()) {
    if (mode === 'build' && deadline?.() === true) break;
    const gasLeft = environment.gasLimit - gasUsed;
    const outcome = await executeTransaction(machine, rules, environment, block, signed, gasLeft);
    if (outcome.ok) {
      gasUsed += outcome.result.totalGasSpent;
      receipts.push(receiptOf(machine, signed, outcome.result, gasUsed));
      included.push(index);
    } else if (mode === 'build') {
      skipped.push({ index, code: outcome.code, message: outcome.message });
    } else {
      return refuse(outcome.code, `transaction ${index}: ${outcome.message}`);
    }
    await pause?.();
  }
  return { ok: true, results: { receipts, gasUsed, included, skipped } };
}

async function executeTransaction(
  machine: Machine,
  rules: ChainRules,
  environment: BlockEnvironment,
  block: Block,
  { transaction, sender }: SignedTransaction,
  gasLeft: bigint,
): Promise<Verdict<{ readonly result: RunTxResult }>> {
  const { fork, overlay, common } = machine;
  const refusal = checkTransaction(transaction, {
    rules,
    fork,
    environment,
    sender,
    gasLeft,
    account: overlay.account(sender),
    code: () => {
      const code = overlay.code(sender);
      return code.length === 0 ? undefined : code;
    },
    storage: (address, slot) => overlay.slot(address, slot),
  });
  if (refusal !== undefined) return refusal;
  const tx = adaptTransaction(transaction, sender, common);
  return runTransaction(machine, { vm: machine.vm }, tx, block);
}

function receiptOf(
  machine: Machine,
  { transaction }: SignedTransaction,
  result: RunTxResult,
  cumulativeGasUsed: bigint,
): Receipt {
  const { exceptionError, returnValue } = result.execResult;
  const isReverted = exceptionError?.error === 'revert' && !isPrecompile(machine, transaction.to);
  return {
    type: transaction.type,
    status: exceptionError === undefined ? 1 : 0,
    cumulativeGasUsed,
    logsBloom: result.bloom.bitvector,
    logs: logsOf(result),
    ...(isReverted && { revertReason: keptReason(returnValue) }),
  };
}

/** Runs those whose code is there; returns what they request (EIP-7685). */
async function runSystemCalls(
  machine: Machine,
  block: Block,
  calls: readonly SystemCall[],
): Promise<Verdict<{ readonly requests: readonly Uint8Array[] }>> {
  const { overlay, vm } = machine;
  const requests: Uint8Array[] = [];
  for (const { contract, data, requestType } of calls) {
    if (overlay.code(contract).length === 0) continue;
    const { execResult } = await vm.evm.runCall({
      block,
      caller: new EthereumAddress(SYSTEM_ADDRESS),
      to: new EthereumAddress(contract),
      data,
      gasLimit: SYSTEM_CALL_GAS,
      skipNonceIncrement: true,
    });
    await endDestroyed(machine, execResult);
    await vm.evm.journal.cleanup();
    overlay.originalStorageCache.clear();
    const { exceptionError, returnValue } = execResult;
    if (exceptionError !== undefined) {
      const name = bytesToHex(contract);
      return refuse('VM_SYSTEM_CALL_FAILED', `system contract ${name}: ${exceptionError.error}`);
    }
    if (requestType === undefined || returnValue.length === 0) continue;
    requests.push(concatBytes(Uint8Array.of(requestType), returnValue));
  }
  return { ok: true, requests };
}

/** who was made and ended itself in the call is gone, which the library does for transactions alone. */
async function endDestroyed({ evm }: Machine, { selfdestruct, createdAddresses }: ExecResult) {
  for (const address of selfdestruct?.keys() ?? []) {
    if (createdAddresses?.has(address as `0x${string}`) !== true) continue;
    await evm.journal.deleteAccount(new EthereumAddress(hexToBytes(address)));
  }
}

function payReward(overlay: StateOverlay, rules: ChainRules, environment: BlockEnvironment): void {
  if (rules.blockReward === 0n) return;
  const beneficiary = rules.beneficiary ?? environment.beneficiary;
  const account = overlay.account(beneficiary);
  const balance = (account?.balance ?? 0n) + rules.blockReward;
  overlay.setAccount(beneficiary, account?.nonce ?? 0n, balance);
}
