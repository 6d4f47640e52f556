/** The precompiled contracts of each fork, by the number of their address. */
import { type Address, asAddress, invariant } from '../../ledger/model/index.ts';
import { type ForkName, isAtLeast, type PrecompileGasFactor } from '../chain-rules.ts';
import { blake2f } from './blake2f.ts';
import {
  bls12G1Add,
  bls12G1Msm,
  bls12G2Add,
  bls12G2Msm,
  bls12MapG1,
  bls12MapG2,
  bls12Pairing,
} from './bls12-381.ts';
import {
  bn254Add,
  bn254AddByzantium,
  bn254Mul,
  bn254MulByzantium,
  bn254Pairing,
  bn254PairingByzantium,
} from './bn254.ts';
import { ecrecover } from './ecrecover.ts';
import { identity, ripemd160, sha256 } from './hashes.ts';
import { modexpBerlin, modexpByzantium, modexpOsaka } from './modexp.ts';
import { p256Verify } from './p256-verify.ts';
import { pointEvaluation } from './point-evaluation.ts';
import type { Precompile } from './precompile.ts';

export { verifyOpening } from './point-evaluation.ts';
export type { Precompile } from './precompile.ts';

/** From which fork on which contract is at which address; a later entry replaces an earlier one. */
const SCHEDULE: readonly (readonly [fork: ForkName, address: number, contract: Precompile])[] = [
  ['frontier', 0x01, ecrecover],
  ['frontier', 0x02, sha256],
  ['frontier', 0x03, ripemd160],
  ['frontier', 0x04, identity],
  ['byzantium', 0x05, modexpByzantium],
  ['byzantium', 0x06, bn254AddByzantium],
  ['byzantium', 0x07, bn254MulByzantium],
  ['byzantium', 0x08, bn254PairingByzantium],
  ['istanbul', 0x06, bn254Add],
  ['istanbul', 0x07, bn254Mul],
  ['istanbul', 0x08, bn254Pairing],
  ['istanbul', 0x09, blake2f],
  ['berlin', 0x05, modexpBerlin],
  ['cancun', 0x0a, pointEvaluation],
  ['prague', 0x0b, bls12G1Add],
  ['prague', 0x0c, bls12G1Msm],
  ['prague', 0x0d, bls12G2Add],
  ['prague', 0x0e, bls12G2Msm],
  ['prague', 0x0f, bls12Pairing],
  ['prague', 0x10, bls12MapG1],
  ['prague', 0x11, bls12MapG2],
  ['osaka', 0x05, modexpOsaka],
  ['osaka', 0x100, p256Verify],
];

/**
 * The precompiled contracts that exist at a fork; the key is the address as a number (0x100: P256VERIFY).
 *
 * @param factors X-40: what the chain charges for some of them, in Ethereum's price
 */
export function precompilesAt(
  fork: ForkName,
  factors: readonly PrecompileGasFactor[] = [],
): ReadonlyMap<number, Precompile> {
  const contracts = new Map(
    SCHEDULE.filter(([from]) => isAtLeast(fork, from)).map(([, address, contract]) => [
      address,
      contract,
    ]),
  );
  for (const { address, factor } of factors) {
    const contract = contracts.get(address);
    if (contract !== undefined) contracts.set(address, dearer(contract, BigInt(factor)));
  }
  return contracts;
}

/** By the names that EIP-7910 gives them. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x01, 'ECREC'],
  [0x02, 'SHA256'],
  [0x03, 'RIPEMD160'],
  [0x04, 'ID'],
  [0x05, 'MODEXP'],
  [0x06, 'BN254_ADD'],
  [0x07, 'BN254_MUL'],
  [0x08, 'BN254_PAIRING'],
  [0x09, 'BLAKE2F'],
  [0x0a, 'KZG_POINT_EVALUATION'],
  [0x0b, 'BLS12_G1ADD'],
  [0x0c, 'BLS12_G1MSM'],
  [0x0d, 'BLS12_G2ADD'],
  [0x0e, 'BLS12_G2MSM'],
  [0x0f, 'BLS12_PAIRING_CHECK'],
  [0x10, 'BLS12_MAP_FP_TO_G1'],
  [0x11, 'BLS12_MAP_FP2_TO_G2'],
  [0x100, 'P256VERIFY'],
]);

/** Name and address of each contract that exists at a fork, ascending by address. */
export function precompileNamesAt(
  fork: ForkName,
): readonly (readonly [name: string, address: Address])[] {
  return [...precompilesAt(fork).keys()].map((number) => {
    const name = NAMES.get(number);
    invariant(name !== undefined, 'a precompiled contract has a name');
    return [name, precompileAddress(number)];
  });
}

/** Numbers of the addresses that have a precompiled contract at some fork. */
export const PRECOMPILE_ADDRESSES: ReadonlySet<number> = new Set(
  SCHEDULE.map(([, address]) => address),
);

function dearer(contract: Precompile, factor: bigint): Precompile {
  return { ...contract, gas: (input) => factor * contract.gas(input) };
}

export function precompileAddress(number: number): Address {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint16(18, number);
  return asAddress(address);
}

/** The number that an address would have among precompiled contracts; undefined if it is too large for any. */
export function precompileNumber(address: Address): number | undefined {
  const [high = 0, low = 0] = address.subarray(18);
  return address.subarray(0, 18).every((byte) => byte === 0) ? high * 256 + low : undefined;
}

/**
 * Loads what makes the contracts of a fork fast: nothing after the first time. One after the other, since each
 * curve unpacks itself in one go, some 40 ms in which nobody else gets a turn; `pause` gives them one between.
 */
export async function loadPrecompiles(fork: ForkName, pause?: () => Promise<void>): Promise<void> {
  for (const contract of precompilesAt(fork).values()) {
    const loading = contract.load?.();
    if (loading === undefined) continue;
    await loading;
    await pause?.();
  }
}
