/** One message on one machine: `eth_call` and what is made of it. */
import type { RunTxResult } from '@ethereumjs/vm';
import {
  asAddress,
  equalBytes,
  hexToBytes,
  type Log,
  refuse,
  type StateReader,
} from '../../ledger/model/index.ts';
import { refusedCall } from '../call-rules.ts';
import { isAtLeast } from '../chain-rules.ts';
import type { BlockEnvironment, CallRequest, CallResult } from '../engine.ts';
import { SYSTEM_ADDRESS } from '../system-contracts.ts';
import { TRANSFER_LOG_ADDRESS } from '../transfer-log.ts';
import { isPrecompile, type Machine } from './machine.ts';
import { logsOf, runTransaction } from './run-transaction.ts';
import { adaptCall } from './transaction-adapter.ts';

/** `Engine.call` at the fork of the machine; what it may not do was checked before. */
export async function call(
  machine: Machine,
  request: CallRequest,
  environment: BlockEnvironment,
  state: StateReader,
): Promise<CallResult> {
  const { fork, common, callVm, overlay } = machine;
  const logsTransfers = request.logsTransfers === true;
  if (logsTransfers && !isAtLeast(fork, 'cancun')) {
    const message = 'the reference engine logs transfers from Cancun on';
    return refusedCall(refuse('VM_ENGINE_REFUSED', message));
  }
  // It cannot show a base fee that nobody pays.
  const isFree = request.gasPrice === 0n && environment.baseFeePerGas !== undefined;
  const block = machine.open(state, isFree ? { ...environment, baseFeePerGas: 0n } : environment);
  machine.movePrecompiles(request.movedPrecompiles ?? []);
  if (logsTransfers) common.setEIPs([TRANSFER_LOGS_EIP]);
  const tx = adaptCall(request, common, isAtLeast(fork, 'berlin'));
  const intrinsic = tx.getIntrinsicGas();
  const reportAccessList = request.reportAccessList === true;
  const options = { vm: callVm, skipNonce: true, reportAccessList };
  const outcome = await runTransaction(machine, options, tx, block);
  if (logsTransfers) common.setEIPs([]);
  if (!outcome.ok) return refusedCall(outcome);
  const shown = callResult(outcome.result, intrinsic);
  const result = isPrecompile(machine, request.to) ? haltIfReverted(shown) : shown;
  return request.reportChanges === true && result.kind !== 'refused'
    ? { ...result, changes: overlay.changes() }
    : result;
}

/** EIP-7708, a later proposal, logs transfers as well, from another address and burning as well. */
const TRANSFER_LOGS_EIP = 7708;

function withTransfers(logs: readonly Log[]): readonly Log[] {
  return logs.flatMap((log) => {
    if (!equalBytes(log.address, SYSTEM_ADDRESS)) return [log];
    return log.topics.length === 3 ? [{ ...log, address: TRANSFER_LOG_ADDRESS }] : [];
  });
}

/** ethereumjs says of some precompiles that they revert, but they take all gas and return nothing. */
function haltIfReverted(result: CallResult): CallResult {
  if (result.kind !== 'reverted') return result;
  const { returnData: _, ...cost } = result;
  return { ...cost, kind: 'halted', reason: 'precompile failed' };
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
    return {
      kind: 'returned',
      returnData: returnValue,
      logs: withTransfers(logsOf(result)),
      ...cost,
    };
  }
  if (exceptionError.error === 'revert') {
    return { kind: 'reverted', returnData: returnValue, ...cost };
  }
  return { kind: 'halted', reason: reasonOf(exceptionError.error), ...cost };
}

/** The words of geth for how an execution halts, where those of ethereumjs differ: clients match on them. */
const GETH_REASONS: ReadonlyMap<string, string> = new Map([
  ['code store out of gas', 'contract creation code storage out of gas'],
  ['code size to deposit exceeds maximum code size', 'max code size exceeded'],
  ['stack overflow', 'stack limit reached 1024'],
  ['invalid JUMP', 'invalid jump destination'],
  ['static state change', 'write protection'],
  ['create collision', 'contract address collision'],
  ['value out of range', 'return data out of bounds'],
  ['insufficient balance', 'insufficient balance for transfer'],
  ['invalid bytecode deployed', 'invalid code: must not begin with 0xef'],
  ['initcode exceeds max initcode size', 'max initcode size exceeded'],
]);

/** Some come with the place after them (`invalid JUMP at HASH/ADDRESS:PC`), which nobody matches on. */
function reasonOf(words: string): string {
  const [reason = words] = words.split(' at 0x');
  return GETH_REASONS.get(reason) ?? reason;
}
