/** A block's transactions and system calls on one machine. */
import type { Block } from '@ethereumjs/block';
import type { ExecResult } from '@ethereumjs/evm';
import { Address as EthereumAddress } from '@ethereumjs/util';
import type { RunTxResult } from '@ethereumjs/vm';
import {
  hexToBytes,
  type Receipt,
  type StateReader,
  type Transaction,
  type Verdict,
} from '../../ledger/model/index.ts';
import { checkTransaction } from '../admit-transaction.ts';
import type { ChainRules } from '../chain-rules.ts';
import type {
  BlockEnvironment,
  BlockExecution,
  ExecuteBlockInput,
  SignedTransaction,
} from '../engine.ts';
import { coinbaseOf } from '../header-rules.ts';
import { keptReason } from '../revert-reason.ts';
import {
  runBlock,
  runTransactions,
  type SystemCallEnd,
  type TransactionPlace,
  type TransactionVerdict,
} from '../run-block.ts';
import { SYSTEM_ADDRESS, SYSTEM_CALL_GAS, type SystemCall } from '../system-contracts.ts';
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
  const ran = await runBlock(environment, fork, {
    hasCode: (contract) => overlay.code(contract).length > 0,
    systemCall: (call) => runSystemCall(machine, block, call),
    transactions: () =>
      runTransactions(input, (signed, place) =>
        executeTransaction(machine, rules, environment, block, signed, place),
      ),
    payReward: () => payReward(overlay, rules, environment),
  });
  if (!ran.ok) return ran;
  const { ok, ...results } = ran;
  return { ok, execution: { ...results, changes: overlay.changes() } };
}

async function executeTransaction(
  machine: Machine,
  rules: ChainRules,
  environment: BlockEnvironment,
  block: Block,
  { transaction, sender }: SignedTransaction,
  { gasUsed, gasLeft }: TransactionPlace,
): Promise<TransactionVerdict> {
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
  const ran = await runTransaction(machine, { vm: machine.vm }, tx, block);
  if (!ran.ok) return ran;
  const { result } = ran;
  const receipt = receiptOf(machine, transaction, result, gasUsed + result.totalGasSpent);
  return { ok: true, receipt };
}

function receiptOf(
  machine: Machine,
  transaction: Transaction,
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

async function runSystemCall(
  machine: Machine,
  block: Block,
  { contract, data }: SystemCall,
): Promise<SystemCallEnd> {
  const { overlay, vm } = machine;
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
  return exceptionError === undefined
    ? { kind: 'returned', output: returnValue }
    : { kind: 'failed', reason: exceptionError.error };
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
  const beneficiary = coinbaseOf(environment, rules);
  const account = overlay.account(beneficiary);
  const balance = (account?.balance ?? 0n) + rules.blockReward;
  overlay.setAccount(beneficiary, account?.nonce ?? 0n, balance);
}
