/**
 * The engine port on `@ethereumjs/vm`: slow, complete, and written by others, hence the oracle.
 *
 * Transactions are checked by our own rules first, so that refusals have our codes; what `runTx` refuses
 * beyond them is a difference between the two and is reported as `VM_ENGINE_REFUSED`.
 */
import type { Block } from '@ethereumjs/block';
import type { TypedTransaction } from '@ethereumjs/tx';
import { Address as EthereumAddress } from '@ethereumjs/util';
import { type RunTxResult, runTx } from '@ethereumjs/vm';
import {
  asAddress,
  asHash,
  CodedError,
  concatBytes,
  hexToBytes,
  InvariantError,
  type Log,
  type Receipt,
  type Refusal,
  refuse,
  type StateReader,
  type Verdict,
} from '../ledger/model/index.ts';
import { checkBlobFee } from './blob-rules.ts';
import { type ChainRules, type ForkName, forkAt, isAtLeast } from './chain-rules.ts';
import type {
  BlockEnvironment,
  BlockExecution,
  CallRequest,
  CallResult,
  Engine,
  ExecuteBlockInput,
  SignedTransaction,
  SkippedTransaction,
  StateOverride,
} from './engine.ts';
import { createMachine, type Machine } from './reference/machine.ts';
import type { StateOverlay } from './reference/state-overlay.ts';
import { adaptCall, adaptTransaction } from './reference/transaction-adapter.ts';
import {
  callsAfter,
  callsBefore,
  SYSTEM_ADDRESS,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from './system-contracts.ts';
import { checkAgainstState, checkForm } from './transaction-rules.ts';

/** An engine for one chain. Its calls may overlap: each runs on a machine of its own. */
export function createReferenceEngine(rules: ChainRules): Engine {
  const idle = new Map<ForkName, Machine[]>();

  /** Lends a machine; one that `use` threw out of is not lent again. */
  async function lend<T>(fork: ForkName, use: (machine: Machine) => Promise<T>): Promise<T> {
    const machine = idle.get(fork)?.pop() ?? (await createMachine(rules, fork));
    const result = await use(machine);
    idle.set(fork, [...(idle.get(fork) ?? []), machine]);
    return result;
  }

  return {
    async executeBlock(input, state) {
      const fork = forkAt(rules, input.environment.number, input.environment.timestamp);
      if (!isAtLeast(fork, 'byzantium')) {
        return refuse('VM_FORK_UNSUPPORTED', `cannot execute blocks at ${fork}`);
      }
      return lend(fork, (machine) => executeBlock(machine, rules, input, state));
    },
    async call(request, environment, state) {
      const fork = forkAt(rules, environment.number, environment.timestamp);
      return lend(fork, (machine) => call(machine, request, environment, state));
    },
  };
}

async function executeBlock(
  machine: Machine,
  rules: ChainRules,
  input: ExecuteBlockInput,
  state: StateReader,
): Promise<Verdict<{ readonly execution: BlockExecution }>> {
  const { environment, transactions, mode, pause, deadline } = input;
  const { fork, overlay } = machine;
  const block = machine.open(state, environment);
  for (const systemCall of callsBefore(environment, fork)) {
    const done = await runSystemCall(machine, block, systemCall);
    if (!done.ok) return done;
  }
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
      receipts.push(receiptOf(signed, outcome.result, gasUsed));
      included.push(index);
    } else if (mode === 'build') {
      skipped.push({ index, code: outcome.code, message: outcome.message });
    } else {
      return refuse(outcome.code, `transaction ${index}: ${outcome.message}`);
    }
    await pause?.();
  }
  const requests: Uint8Array[] = [];
  for (const systemCall of callsAfter(fork)) {
    const done = await runSystemCall(machine, block, systemCall);
    if (!done.ok) return done;
    if (done.returnData.length === 0) continue;
    requests.push(concatBytes(Uint8Array.of(systemCall.requestType as number), done.returnData));
  }
  payReward(overlay, rules, environment);
  const changes = overlay.changes();
  return { ok: true, execution: { receipts, gasUsed, changes, requests, included, skipped } };
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
  if (transaction.gasLimit > gasLeft) {
    return refuse(
      'VM_BLOCK_GAS_EXCEEDED',
      `exceeds block gas limit: gas ${transaction.gasLimit}, left ${gasLeft}`,
    );
  }
  const account = overlay.account(sender);
  const refusal =
    checkForm(transaction, rules, fork) ??
    (transaction.type === 3
      ? checkBlobFee(transaction, environment.excessBlobGas ?? 0n, fork)
      : undefined) ??
    checkAgainstState(
      transaction,
      account,
      () => {
        const code = overlay.code(sender);
        return code.length === 0 ? undefined : code;
      },
      environment.baseFeePerGas,
      fork,
    );
  if (refusal !== undefined) return refusal;
  const tx = adaptTransaction(transaction, sender, common);
  return runTransaction(machine.vm, tx, block, { skipBlockGasLimitValidation: true });
}

/** What ethereumjs throws is its verdict on the transaction; what our own state throws is a fault and passes. */
async function runTransaction(
  vm: Machine['vm'],
  tx: TypedTransaction,
  block: Block,
  options: Readonly<{
    skipNonce?: boolean;
    skipBlockGasLimitValidation: true;
    reportAccessList?: boolean;
  }>,
): Promise<Verdict<{ readonly result: RunTxResult }>> {
  try {
    return { ok: true, result: await runTx(vm, { tx, block, ...options }) };
  } catch (error) {
    if (error instanceof CodedError || error instanceof InvariantError) throw error;
    return refuse('VM_ENGINE_REFUSED', error instanceof Error ? error.message : String(error));
  }
}

function receiptOf(
  { transaction }: SignedTransaction,
  result: RunTxResult,
  cumulativeGasUsed: bigint,
): Receipt {
  return {
    type: transaction.type,
    status: result.execResult.exceptionError === undefined ? 1 : 0,
    cumulativeGasUsed,
    logsBloom: result.bloom.bitvector,
    logs: logsOf(result),
  };
}

function logsOf(result: RunTxResult): Log[] {
  return (result.execResult.logs ?? []).map(([address, topics, data]) => ({
    address: asAddress(address),
    topics: topics.map(asHash),
    data,
  }));
}

async function runSystemCall(
  machine: Machine,
  block: Block,
  { contract, data }: SystemCall,
): Promise<Verdict<{ readonly returnData: Uint8Array }>> {
  const { overlay, vm } = machine;
  if (overlay.code(contract).length === 0) return { ok: true, returnData: new Uint8Array(0) };
  const { execResult } = await vm.evm.runCall({
    block,
    caller: new EthereumAddress(SYSTEM_ADDRESS),
    to: new EthereumAddress(contract),
    data,
    gasLimit: SYSTEM_CALL_GAS,
    skipNonceIncrement: true,
  });
  await vm.evm.journal.cleanup();
  overlay.originalStorageCache.clear();
  const { exceptionError, returnValue } = execResult;
  if (exceptionError === undefined) return { ok: true, returnData: returnValue };
  return refuse('VM_SYSTEM_CALL_FAILED', `system contract: ${exceptionError.error}`);
}

function payReward(overlay: StateOverlay, rules: ChainRules, environment: BlockEnvironment): void {
  if (rules.blockReward === 0n) return;
  const beneficiary = rules.beneficiary ?? environment.beneficiary;
  const account = overlay.account(beneficiary);
  const balance = (account?.balance ?? 0n) + rules.blockReward;
  overlay.setAccount(beneficiary, account?.nonce ?? 0n, balance);
}

async function call(
  machine: Machine,
  request: CallRequest,
  environment: BlockEnvironment,
  state: StateReader,
): Promise<CallResult> {
  const { fork, overlay, common, callVm } = machine;
  const free = request.gasPrice === 0n && environment.baseFeePerGas !== undefined;
  const block = machine.open(state, free ? { ...environment, baseFeePerGas: 0n } : environment);
  applyOverrides(overlay, request.overrides ?? []);
  const refusal = checkCallFunds(overlay, request);
  if (refusal !== undefined) return refused(refusal);
  const tx = adaptCall(request, common, isAtLeast(fork, 'berlin'));
  const intrinsic = tx.getIntrinsicGas();
  if (request.gas < tx.getMinimumGasLimit()) {
    return refused(refuse('VM_INTRINSIC_GAS', `intrinsic gas too low: gas ${request.gas}`));
  }
  const outcome = await runTransaction(callVm, tx, block, {
    skipNonce: true,
    skipBlockGasLimitValidation: true,
    reportAccessList: request.reportAccessList === true,
  });
  return outcome.ok ? callResult(outcome.result, intrinsic) : refused(outcome);
}

function callResult(result: RunTxResult, intrinsic: bigint): CallResult {
  const { exceptionError, returnValue, executionGasUsed } = result.execResult;
  const gasUsed = result.totalGasSpent;
  const needed = executionGasUsed + intrinsic;
  const cost = {
    gasUsed,
    gasNeeded: needed > gasUsed ? needed : gasUsed,
    ...(result.accessList !== undefined && {
      accessList: result.accessList.map(({ address, storageKeys }) => ({
        address: asAddress(hexToBytes(address)),
        storageKeys: storageKeys.map(hexToBytes),
      })),
    }),
  };
  if (exceptionError === undefined) {
    return { kind: 'returned', returnData: returnValue, logs: logsOf(result), ...cost };
  }
  if (exceptionError.error === 'revert') {
    return { kind: 'reverted', returnData: returnValue, ...cost };
  }
  return { kind: 'halted', reason: exceptionError.error, ...cost };
}

function refused({ code, message }: Refusal): CallResult {
  return { kind: 'refused', code, message };
}

function checkCallFunds(overlay: StateOverlay, request: CallRequest): Refusal | undefined {
  const cost = request.gas * request.gasPrice + request.value;
  const balance = overlay.account(request.from)?.balance ?? 0n;
  if (balance >= cost) return undefined;
  const what = request.gasPrice === 0n ? 'transfer' : 'gas * price + value';
  return refuse(
    'VM_INSUFFICIENT_FUNDS',
    `insufficient funds for ${what}: balance ${balance}, want ${cost}`,
  );
}

function applyOverrides(overlay: StateOverlay, overrides: readonly StateOverride[]): void {
  for (const { address, nonce, balance, code, state, stateDiff } of overrides) {
    const account = overlay.account(address);
    if (nonce !== undefined || balance !== undefined) {
      overlay.setAccount(address, nonce ?? account?.nonce ?? 0n, balance ?? account?.balance ?? 0n);
    }
    if (code !== undefined) overlay.setCode(address, code);
    if (state !== undefined) overlay.clearSlots(address);
    for (const { slot, value } of state ?? stateDiff ?? []) overlay.setSlot(address, slot, value);
  }
}
