/** Calls of a case of the fuzzer, with what they suppose about the state. */
import type { Random } from '../../../consensus/testkit/random.ts';
import type { StateOverride } from '../../../ledger/model/index.ts';
import { isAtLeast } from '../../chain-rules.ts';
import { precompileAddress } from '../../precompiles/index.ts';
import { wordBytes } from '../../stack-word.ts';
import type { FuzzCall } from './fuzz-case.ts';
import { BASE_FEE, CONTRACTS, randomBytes, SIGNERS } from './pool.ts';
import { randomTransaction, type Setting } from './random-transaction.ts';

export function randomCall(setting: Setting): FuzzCall {
  const { random, fork } = setting;
  const { fields } = randomTransaction(setting);
  return {
    from: random.chance(0.8) ? random.pick(SIGNERS).address : random.pick(CONTRACTS),
    to: fields.to,
    data: fields.data,
    value: fields.value,
    gas: fields.gasLimit,
    gasPrice: random.chance(0.7) ? 0n : BASE_FEE,
    ...(isAtLeast(fork, 'berlin') && random.chance(0.3) && { reportAccessList: true }),
    ...(random.chance(0.3) && { reportChanges: true }),
    // The reference engine has it from Cancun on.
    ...(isAtLeast(fork, 'cancun') && random.chance(0.3) && { logsTransfers: true }),
    ...(random.chance(0.4) && { overrides: randomOverrides(random) }),
  };
}

/** Slots and balance of a contract, and sometimes a precompiled contract that moves or goes. */
function randomOverrides(random: Random): readonly StateOverride[] {
  const contract = {
    address: random.pick(CONTRACTS),
    balance: BigInt(random.between(0, 10)),
    ...(random.chance(0.2) && { code: randomBytes(random, random.between(0, 3)) }),
    [random.chance(0.3) ? 'state' : 'stateDiff']: [
      { slot: wordBytes(BigInt(random.between(0, 4))), value: Uint8Array.of(random.between(0, 1)) },
    ],
  };
  if (random.chance(0.6)) return [contract];
  const address = precompileAddress(random.between(1, 9));
  const moved = {
    address,
    ...(random.chance(0.7) && { movePrecompileTo: random.pick(CONTRACTS) }),
  };
  return [contract, moved];
}
