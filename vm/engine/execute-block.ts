/** A block's transactions and system calls in one instance of the engine. */
import {
  bytesToHex,
  concatBytes,
  type Receipt,
  type Refusal,
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
import { keptReason } from '../revert-reason.ts';
import {
  callsAfter,
  callsBefore,
  SYSTEM_ADDRESS,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from '../system-contracts.ts';
import { createBloomSlab } from './bloom-slab.ts';
import { readChanges } from './changes.ts';
import { readWord, writeWord } from './instance.ts';
import { GAS_PRICE, ORIGIN, REVERTED } from './layout.ts';
import {
  hasSucceeded,
  readBloom,
  reasonOf,
  returnedBytes,
  runMessage,
  runSlice,
} from './run-message.ts';
import {
  beginTransaction,
  endTransaction,
  executionOf,
  payBeneficiary,
  type Surroundings,
  type TransactionResult,
  traceTransaction,
  writeBytes,
} from './run-transaction.ts';
import { codeAt, loadAccount, nonceAt, slotValue, type World } from './world.ts';

/** `Engine.executeBlock` in surroundings that are open on the state, in the order of X-2. */
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
  { environment, transactions, mode, pause, deadline, tracerFor }: ExecuteBlockInput,
): Promise<Verdict<{ readonly results: Results }>> {
  const receipts: Receipt[] = [];
  const nextBloom = createBloomSlab();
  const included: number[] = [];
  const skipped: SkippedTransaction[] = [];
  let gasUsed = 0n;
  for (const [index, signed] of transactions.entries()) {
    if (mode === 'build' && deadline?.() === true) break;
    const gasLeft = environment.gasLimit - gasUsed;
    const refusal = admit(surroundings, signed, gasLeft);
    if (refusal === undefined) {
      const execution = executionOf(signed.transaction, signed.sender, surroundings);
      const tracer = tracerFor?.(index);
      let result: TransactionResult;
      if (tracer !== undefined) {
        result = await traceTransaction(surroundings, execution, tracer);
      } else {
        const running = beginTransaction(surroundings, execution);
        // Not `runTransaction`: its promise would cost a short transaction as much as its instructions.
        if (running.hasRun) while (!runSlice(surroundings.world)) await pause?.();
        result = endTransaction(surroundings, running);
      }
      gasUsed += result.gasUsed;
      receipts.push(receiptOf(surroundings.world, signed, result, gasUsed, nextBloom()));
      included.push(index);
    } else if (mode === 'build') {
      skipped.push({ index, code: refusal.code, message: refusal.message });
    } else {
      return refuse(refusal.code, `transaction ${index}: ${refusal.message}`);
    }
    if (pause !== undefined) await pause();
  }
  return { ok: true, results: { receipts, gasUsed, included, skipped } };
}

/** Why the transaction may not be in this block; undefined if it may. */
function admit(
  surroundings: Surroundings,
  { transaction, sender }: SignedTransaction,
  gasLeft: bigint,
): Refusal | undefined {
  const { world, rules, fork, environment } = surroundings;
  const { functions } = world.instance;
  const account = loadAccount(world, sender);
  return checkTransaction(transaction, {
    rules,
    fork,
    environment,
    sender,
    gasLeft,
    account: {
      nonce: nonceAt(world, account),
      balance: readWord(world.instance, functions.accountBalance(account)),
    },
    code: () => {
      const code = codeAt(world, account);
      return code.length === 0 ? undefined : code;
    },
    storage: (address, slot) => slotValue(world, address, slot),
  });
}

/** The logs are still in the engine, which makes their filter, and so is what was returned. */
function receiptOf(
  world: World,
  { transaction }: SignedTransaction,
  { status, logs }: TransactionResult,
  cumulativeGasUsed: bigint,
  logsBloom: Uint8Array,
): Receipt {
  if (logs.length > 0) readBloom(world, logsBloom);
  return {
    type: transaction.type,
    status: hasSucceeded(status) ? 1 : 0,
    cumulativeGasUsed,
    logsBloom,
    logs,
    ...(status === REVERTED && { revertReason: keptReason(returnedBytes(world)) }),
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
