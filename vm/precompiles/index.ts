/** The precompiled contracts of each fork, by the number of their address. */
import { type ForkName, isAtLeast } from '../chain-rules.ts';
import { ecrecover } from './ecrecover.ts';
import { identity, ripemd160, sha256 } from './hashes.ts';
import type { Precompile } from './precompile.ts';

export type { Precompile } from './precompile.ts';

/** From which fork on which contract is at which address; a later entry replaces an earlier one. */
const SCHEDULE: readonly (readonly [fork: ForkName, address: number, contract: Precompile])[] = [
  ['frontier', 0x01, ecrecover],
  ['frontier', 0x02, sha256],
  ['frontier', 0x03, ripemd160],
  ['frontier', 0x04, identity],
];

/** The precompiled contracts that exist at a fork; the key is the address as a number (0x100: P256VERIFY). */
export function precompilesAt(fork: ForkName): ReadonlyMap<number, Precompile> {
  return new Map(
    SCHEDULE.filter(([from]) => isAtLeast(fork, from)).map(([, address, contract]) => [
      address,
      contract,
    ]),
  );
}
