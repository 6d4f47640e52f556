/** What random programs are made of: a small world of addresses, slots and words that collide often. */

import type { Random } from '../../../consensus/testkit/random.ts';
import { type Address, asAddress, hexToBytes } from '../../../ledger/model/index.ts';
import { type Party, party } from '../../../ledger/model/testkit/party.ts';
import { precompileAddress } from '../../precompiles/index.ts';

/** Accounts with keys. */
export const SIGNERS: readonly Party[] = ['first', 'second', 'third'].map(party);

/** Where contracts of a case live. */
export const CONTRACTS: readonly Address[] = [1, 2, 3, 4].map((i) =>
  asAddress(hexToBytes(`0x${`c${i}`.repeat(20)}`)),
);

const ABSENT: Address = asAddress(hexToBytes(`0x${'ee'.repeat(20)}`));
export const BENEFICIARY: Address = asAddress(hexToBytes(`0x${'bb'.repeat(20)}`));
/** What a unit of gas costs where it is not free. */
export const BASE_FEE = 7n;

const TOP = 2n ** 256n;

/** The numbers at whose sides mistakes live. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  255n,
  256n,
  257n,
  1_023n,
  1_024n,
  2_300n,
  24_576n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  2n ** 128n - 1n,
  2n ** 128n,
  2n ** 160n - 1n,
  2n ** 255n - 1n,
  2n ** 255n,
  2n ** 255n + 1n,
  TOP - 2n,
  TOP - 1n,
];

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.between(0, 255));
}

export function randomWord(random: Random): bigint {
  const kind = random.between(0, 9);
  if (kind < 4) return BigInt(random.between(0, 40));
  if (kind < 8) return random.pick(EDGES);
  const bytes = random.between(1, 32);
  return BigInt(`0x${Buffer.from(randomBytes(random, bytes)).toString('hex')}`);
}

/** Mostly near zero, now and then anywhere up to 2^256 - 1. */
export function randomOffset(random: Random): bigint {
  const kind = random.between(0, 99);
  if (kind < 80) return BigInt(random.between(0, 160));
  if (kind < 95) return BigInt(random.between(0, 5_000));
  return kind < 97 ? BigInt(random.between(0, 2 ** 20)) : random.pick(EDGES);
}

export function randomAddress(random: Random): Address {
  const kind = random.between(0, 19);
  if (kind < 11) return random.pick(CONTRACTS);
  if (kind < 14) return random.pick(SIGNERS).address;
  if (kind < 17) return randomPrecompileAddress(random);
  return kind < 18 ? BENEFICIARY : ABSENT;
}

/** The cheap ones mostly: curves take milliseconds and have vectors of their own. */
function randomPrecompileAddress(random: Random): Address {
  const number = random.chance(0.9)
    ? random.pick([1, 2, 3, 4, 4, 5, 6, 9])
    : random.pick([7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 256]);
  return precompileAddress(number);
}
