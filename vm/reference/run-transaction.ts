/** One transaction through `runTx`, with what it throws sorted into verdicts and faults. */
import type { Block } from '@ethereumjs/block';
import type { TypedTransaction } from '@ethereumjs/tx';
import { type RunTxResult, runTx } from '@ethereumjs/vm';
import {
  asAddress,
  asHash,
  CodedError,
  InvariantError,
  type Log,
  refuse,
  type Verdict,
} from '../../ledger/model/index.ts';
import type { Machine } from './machine.ts';

export type RunOptions = {
  /** `vm` of the machine, or its `callVm`. */
  readonly vm: Machine['vm'];
  readonly skipNonce?: boolean;
  readonly reportAccessList?: boolean;
};

/**
 * What ethereumjs throws is its verdict on the transaction; what our own state throws is a fault and passes.
 *
 * A throw from within a frame leaves the checkpoints of the frames around it open, so a refusal winds the
 * overlay back to where the transaction began.
 */
export async function runTransaction(
  { evm, overlay }: Machine,
  { vm, ...options }: RunOptions,
  tx: TypedTransaction,
  block: Block,
): Promise<Verdict<{ readonly result: RunTxResult }>> {
  try {
    const result = await runTx(vm, { tx, block, skipBlockGasLimitValidation: true, ...options });
    return { ok: true, result };
  } catch (error) {
    if (error instanceof CodedError || error instanceof InvariantError) throw error;
    overlay.revertAll();
    evm.journal.cleanJournal();
    evm.transientStorage.clear();
    return refuse('VM_ENGINE_REFUSED', error instanceof Error ? error.message : String(error));
  }
}

/** Logs of a run; none if it failed. */
export function logsOf(result: RunTxResult): Log[] {
  return (result.execResult.logs ?? []).map(([address, topics, data]) => ({
    address: asAddress(address),
    topics: topics.map(asHash),
    data,
  }));
}
