/** A block's transactions and system calls in one instance of the engine. */
import type { Receipt, Refusal, Verdict } from '../../ledger/model/index.ts';
import { checkTransaction } from '../admit-transaction.ts';
import type { BlockExecution, ExecuteBlockInput, SignedTransaction } from '../engine.ts';
import { keptReason } from '../revert-reason.ts';
import {
  runBlock,
  runTransactions,
  type SystemCallEnd,
  type TransactionPlace,
  type TransactionVerdict,
} from '../run-block.ts';
import { SYSTEM_ADDRESS, SYSTEM_CALL_GAS, type SystemCall } from '../system-contracts.ts';
import { type BloomSlab, createBloomSlab } from './bloom-slab.ts';
import { readChanges } from './changes.ts';
import { readWord, writeWord } from './instance.ts';
import { GAS_PRICE, ORIGIN, REVERTED } from './layout.ts';
import { hasSucceeded, readBloom, reasonOf, returnedBytes, runMessage } from './run-message.ts';
import {
  executionOf,
  payBeneficiary,
  runTransaction,
  type Surroundings,
  type TransactionResult,
  traceTransaction,
  writeBytes,
} from './run-transaction.ts';
import { codeAt, loadAccount, nonceAt, slotValue, type World } from './world.ts';

/** `Engine.executeBlock` in surroundings that are open on the state. */
export async function executeBlock(
  surroundings: Surroundings,
  input: ExecuteBlockInput,
): Promise<Verdict<{ readonly execution: BlockExecution }>> {
  const { world, fork } = surroundings;
  const nextBloom = createBloomSlab();
  const ran = await runBlock(input.environment, fork, {
    hasCode: (contract) => codeAt(world, loadAccount(world, contract)).length > 0,
    systemCall: (call) => runSystemCall(surroundings, call),
    transactions: () =>
      runTransactions(input, (signed, place) =>
        executeTransaction(surroundings, signed, place, input.tracerFor, nextBloom),
      ),
    payReward: () => payReward(surroundings),
  });
  if (!ran.ok) return ran;
  const { ok, ...results } = ran;
  return { ok, execution: { ...results, changes: readChanges(world) } };
}

/** Waits only for what is traced or takes long. */
function executeTransaction(
  surroundings: Surroundings,
  signed: SignedTransaction,
  { index, gasUsed, gasLeft }: TransactionPlace,
  tracerFor: ExecuteBlockInput['tracerFor'],
  nextBloom: BloomSlab,
): TransactionVerdict | Promise<TransactionVerdict> {
  const { world } = surroundings;
  const refusal = admit(surroundings, signed, gasLeft);
  if (refusal !== undefined) return refusal;
  const execution = executionOf(signed.transaction, signed.sender, surroundings);
  const tracer = tracerFor?.(index);
  const result =
    tracer === undefined
      ? runTransaction(surroundings, execution)
      : traceTransaction(surroundings, execution, tracer);
  const accept = (ended: TransactionResult): TransactionVerdict => ({
    ok: true,
    receipt: receiptOf(world, signed, ended, gasUsed + ended.gasUsed, nextBloom()),
  });
  return result instanceof Promise ? result.then(accept) : accept(result);
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

async function runSystemCall(
  { world, pause }: Surroundings,
  { contract, data }: SystemCall,
): Promise<SystemCallEnd> {
  const to = loadAccount(world, contract);
  const from = loadAccount(world, SYSTEM_ADDRESS);
  world.instance.functions.startTransaction();
  writeBytes(world, ORIGIN, SYSTEM_ADDRESS);
  writeWord(world.instance, GAS_PRICE, 0n);
  const message = { from, to, nonce: 0n, value: 0n, data, gas: SYSTEM_CALL_GAS };
  const { status } = await runMessage(world, message, pause);
  if (!hasSucceeded(status)) {
    return { kind: 'failed', reason: status === REVERTED ? 'revert' : reasonOf(status) };
  }
  const output = returnedBytes(world);
  world.instance.functions.settleTransaction();
  return { kind: 'returned', output };
}

function payReward(surroundings: Surroundings): void {
  const { rules, beneficiary, world } = surroundings;
  if (rules.blockReward === 0n) return;
  world.instance.functions.startTransaction();
  payBeneficiary(surroundings, beneficiary, rules.blockReward);
  world.instance.functions.settleTransaction();
}
