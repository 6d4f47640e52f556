/** A block's transactions and system calls in one instance of the engine. */
import {
  bytesToHex,
  concatBytes,
  logsBloom,
  type Receipt,
  refuse,
  type Verdict,
} from '../../ledger/model/index.ts';
import { checkTransaction } from '../admit-transaction.ts';
import type {
  BlockExecution,
  ExecuteBlockInput,
  SignedTransaction,
  SkippedTransaction,
} from '../engine.ts';
import {
  callsAfter,
  callsBefore,
  SYSTEM_ADDRESS,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from '../system-contracts.ts';
import { readChanges } from './changes.ts';
import { readWord, writeWord } from './instance.ts';
import { GAS_PRICE, ORIGIN, REVERTED } from './layout.ts';
import { hasSucceeded, reasonOf, returnedBytes, runMessage } from './run-message.ts';
import {
  executionOf,
  payBeneficiary,
  runTransaction,
  type Surroundings,
  type TransactionResult,
  writeBytes,
} from './run-transaction.ts';
import { codeAt, loadAccount, nonceAt } from './world.ts';

const NO_BLOOM: Uint8Array = new Uint8Array(256);

/** `Engine.executeBlock` in surroundings that are open on the state. */
export async function executeBlock(
  surroundings: Surroundings,
  input: ExecuteBlockInput,
): Promise<Verdict<{ readonly execution: BlockExecution }>> {
  const { environment } = input;
  const { fork } = surroundings;
  const before = await runSystemCalls(surroundings, callsBefore(environment, fork));
  if (!before.ok) return before;
  const ran = await executeTransactions(surroundings, input);
  if (!ran.ok) return ran;
  const after = await runSystemCalls(surroundings, callsAfter(fork));
  if (!after.ok) return after;
  payReward(surroundings);
  const { requests } = after;
  const changes = readChanges(surroundings.world);
  return { ok: true, execution: { ...ran.results, requests, changes } };
}

type Results = Omit<BlockExecution, 'requests' | 'changes'>;

async function executeTransactions(
  surroundings: Surroundings,
  { environment, transactions, mode, pause, deadline }: ExecuteBlockInput,
): Promise<Verdict<{ readonly results: Results }>> {
  const receipts: Receipt[] = [];
  const included: number[] = [];
  const skipped: SkippedTransaction[] = [];
  let gasUsed = 0n;
  for (const [index, signed] of transactions.entries()) {
    if (mode === 'build' && deadline?.() === true) break;
    const gasLeft = environment.gasLimit - gasUsed;
    const outcome = await executeTransaction(surroundings, signed, gasLeft);
    if (outcome.ok) {
      gasUsed += outcome.result.gasUsed;
      receipts.push(receiptOf(signed, outcome.result, gasUsed));
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
  surroundings: Surroundings,
  { transaction, sender }: SignedTransaction,
  gasLeft: bigint,
): Promise<Verdict<{ readonly result: TransactionResult }>> {
  const { world, rules, fork, environment } = surroundings;
  const { functions } = world.instance;
  const account = loadAccount(world, sender);
  const refusal = checkTransaction(transaction, {
    rules,
    fork,
    environment,
    gasLeft,
    account: {
      nonce: nonceAt(world, account),
      balance: readWord(world.instance, functions.accountBalance(account)),
    },
    code: () => {
      const code = codeAt(world, account);
      return code.length === 0 ? undefined : code;
    },
  });
  if (refusal !== undefined) return refusal;
  const execution = executionOf(transaction, sender, surroundings);
  return { ok: true, result: await runTransaction(surroundings, execution) };
}

function receiptOf(
  { transaction }: SignedTransaction,
  { status, logs }: TransactionResult,
  cumulativeGasUsed: bigint,
): Receipt {
  return {
    type: transaction.type,
    status: hasSucceeded(status) ? 1 : 0,
    cumulativeGasUsed,
    logsBloom: logs.length === 0 ? NO_BLOOM.slice() : logsBloom(logs),
    logs,
  };
}

/** Runs those whose code is there; returns what they request (EIP-7685). */
async function runSystemCalls(
  surroundings: Surroundings,
  calls: readonly SystemCall[],
): Promise<Verdict<{ readonly requests: readonly Uint8Array[] }>> {
  const { world, pause } = surroundings;
  const requests: Uint8Array[] = [];
  for (const { contract, data, requestType } of calls) {
    const to = loadAccount(world, contract);
    if (codeAt(world, to).length === 0) continue;
    const from = loadAccount(world, SYSTEM_ADDRESS);
    world.instance.functions.startTransaction();
    writeBytes(world, ORIGIN, SYSTEM_ADDRESS);
    writeWord(world.instance, GAS_PRICE, 0n);
    const message = { from, to, nonce: 0n, value: 0n, data, gas: SYSTEM_CALL_GAS };
    const { status } = await runMessage(world, message, pause);
    if (!hasSucceeded(status)) {
      const name = bytesToHex(contract);
      const reason = status === REVERTED ? 'revert' : reasonOf(status);
      return refuse('VM_SYSTEM_CALL_FAILED', `system contract ${name}: ${reason}`);
    }
    const returned = returnedBytes(world);
    world.instance.functions.settleTransaction();
    if (requestType === undefined || returned.length === 0) continue;
    requests.push(concatBytes(Uint8Array.of(requestType), returned));
  }
  return { ok: true, requests };
}

function payReward(surroundings: Surroundings): void {
  const { rules, beneficiary, world } = surroundings;
  if (rules.blockReward === 0n) return;
  world.instance.functions.startTransaction();
  payBeneficiary(surroundings, beneficiary, rules.blockReward);
  world.instance.functions.settleTransaction();
}
