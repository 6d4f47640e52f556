/** Code at the addresses of the system contracts, where a genesis file deploys some: published, random or failing. */
import type { Random } from '../../../consensus/testkit/random.ts';
import { type Address, hexToBytes } from '../../../ledger/model/index.ts';
import type { ForkName } from '../../chain-rules.ts';
import type { BlockEnvironment } from '../../engine.ts';
import { callsAfter, callsBefore } from '../../system-contracts.ts';
import { instructionsOf } from './mutate.ts';
import { type Program, randomProgram } from './program.ts';

const PROGRAMS: readonly Program[] = [
  // The code that EIP-4788 publishes.
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500',
  // The code that EIP-2935 publishes.
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500',
  // Keeps the first word of the calldata in slot 0.
  '0x5f355f5500',
  // Returns two bytes, and counts in slot 1 how often.
  '0x6001545f5260015460010160015560025ff3',
  // Ends itself in favour of the caller.
  '0x33ff',
].map((code) => instructionsOf(hexToBytes(code)));

export type SystemProgram = { readonly address: Address; readonly program: Program };

/** For some of the contracts that the fork knows. */
export function systemPrograms(
  random: Random,
  environment: BlockEnvironment,
  fork: ForkName,
): readonly SystemProgram[] {
  return [...callsBefore(environment, fork), ...callsAfter(fork)]
    .filter(() => random.chance(0.7))
    .map(({ contract }) => ({
      address: contract,
      program: random.chance(0.85)
        ? random.pick(PROGRAMS)
        : randomProgram(random, random.between(1, 6)),
    }));
}
