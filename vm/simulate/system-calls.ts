/** System calls of a simulated block, each as a call from the system's address that leaves no trace of itself. */
import {
  bytesToHex,
  concatBytes,
  EMPTY_CODE_HASH,
  equalBytes,
  refuse,
  type Verdict,
} from '../../ledger/model/index.ts';
import type { BlockEnvironment, Engine } from '../engine.ts';
import type { LayeredState } from '../layered-state.ts';
import { SYSTEM_ADDRESS, SYSTEM_CALL_GAS, type SystemCall } from '../system-contracts.ts';
import { changesOf } from './simulate-call.ts';

/** What they request (EIP-7685). Refuses with VM_SYSTEM_CALL_FAILED. */
export async function runSystemCalls(
  calls: readonly SystemCall[],
  environment: BlockEnvironment,
  state: LayeredState,
  engine: Engine,
): Promise<Verdict<{ readonly requests: readonly Uint8Array[] }>> {
  const requests: Uint8Array[] = [];
  for (const { contract, data, requestType } of calls) {
    const codeHash = state.account(contract)?.codeHash ?? EMPTY_CODE_HASH;
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) continue;
    const result = await engine.call(
      {
        from: SYSTEM_ADDRESS,
        to: contract,
        data,
        value: 0n,
        gas: SYSTEM_CALL_GAS,
        gasPrice: 0n,
        reportChanges: true,
      },
      environment,
      state,
    );
    if (result.kind !== 'returned') {
      return refuse('VM_SYSTEM_CALL_FAILED', `system contract ${bytesToHex(contract)}`);
    }
    const { accounts, codes } = changesOf(result);
    // A system call is no transaction: the nonce of its sender stays.
    const kept = accounts.filter(({ address }) => !equalBytes(address, SYSTEM_ADDRESS));
    state.apply({ accounts: kept, codes });
    if (requestType === undefined || result.returnData.length === 0) continue;
    requests.push(concatBytes(Uint8Array.of(requestType), result.returnData));
  }
  return { ok: true, requests };
}
