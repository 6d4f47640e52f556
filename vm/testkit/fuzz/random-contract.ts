/** The contracts that a case of the fuzzer starts with. */
import type { Random } from '../../../consensus/testkit/random.ts';
import { type Address, bigintToBytes, concatBytes } from '../../../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from '../../chain-rules.ts';
import { RIGHTS } from '../../permissions.ts';
import { wordBytes } from '../../stack-word.ts';
import type { FuzzContract } from './fuzz-case.ts';
import { mutate } from './mutate.ts';
import { randomAddress } from './pool.ts';
import { randomProgram } from './program.ts';

/** With a program of its own, or a mutation of what is given. */
export function randomContract(
  random: Random,
  address: Address,
  fork: ForkName,
  runtime: Uint8Array | undefined,
): FuzzContract {
  const program =
    runtime !== undefined ? mutate(random, runtime) : randomProgram(random, random.between(1, 24));
  const slots = random.between(0, 3);
  return {
    address,
    program,
    balance: random.chance(0.5) ? BigInt(random.between(0, 10)) : 0n,
    nonce: isAtLeast(fork, 'spuriousDragon') ? 1n : 0n,
    storage: Array.from({ length: slots }, (_, i) => ({
      slot: wordBytes(BigInt(i)),
      value: bigintToBytes(BigInt(random.between(1, 2))),
    })),
  };
}

/** Everyone may send and deploy at first, or little would run; half of the contracts do nothing but change that. */
export function withRights(
  random: Random,
  contract: FuzzContract,
  { permissions }: ChainRules,
): FuzzContract {
  if (permissions?.contract !== contract.address) return contract;
  const rights = Uint8Array.of(RIGHTS.send | RIGHTS.deploy);
  // PUSH1 rights, PUSH1 1, SSTORE, STOP
  const change = [[0x60, random.between(0, 3)], [0x60, 1], [0x55], [0x00]].map((each) =>
    Uint8Array.from(each),
  );
  return {
    ...contract,
    program: random.chance(0.5) ? change : contract.program,
    storage: [{ slot: wordBytes(1n), value: rights }],
  };
}

/** EIP-7702: an account whose code names a contract. */
export function delegatingAccount(random: Random, address: Address): FuzzContract {
  const code = concatBytes(Uint8Array.of(0xef, 0x01, 0x00), randomAddress(random));
  return { address, program: [code], balance: 10n ** 18n, nonce: 0n, storage: [] };
}
