/** A system call of a simulated block, as a call from the system's address that leaves no trace of itself. */
import { equalBytes } from '../../ledger/model/index.ts';
import type { BlockEnvironment, Engine } from '../engine.ts';
import type { LayeredState } from '../layered-state.ts';
import type { SystemCallEnd } from '../run-block.ts';
import { SYSTEM_ADDRESS, SYSTEM_CALL_GAS, type SystemCall } from '../system-contracts.ts';
import { changesOf } from './simulate-call.ts';

export async function runSystemCall(
  { contract, data }: SystemCall,
  environment: BlockEnvironment,
  state: LayeredState,
  engine: Engine,
): Promise<SystemCallEnd> {
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
  if (result.kind !== 'returned') return { kind: 'failed' };
  const { accounts, codes } = changesOf(result);
  // A system call is no transaction: the nonce of its sender stays.
  const kept = accounts.filter(({ address }) => !equalBytes(address, SYSTEM_ADDRESS));
  state.apply({ accounts: kept, codes });
  return { kind: 'returned', output: result.returnData };
}
