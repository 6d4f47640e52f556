/**
 * The system contracts of Ethereum, which run only where the genesis deploys their code.
 *
 * Looking for the code at execution needs no configuration and is the same on every node. On a chain without
 * them nothing happens, not even on forks whose mainnet rules require them; the requests of a block are then
 * an empty list.
 */
import { type Address, asAddress, hexToBytes } from '../ledger/model/index.ts';
import { type ChainRules, type ForkName, isAtLeast } from './chain-rules.ts';
import type { BlockEnvironment } from './engine.ts';

export type SystemCall = {
  readonly contract: Address;
  readonly data: Uint8Array;
  /** EIP-7685 type byte of what it returns; undefined if nobody asks for that. */
  readonly requestType?: number;
};

/** The caller of all system calls. */
export const SYSTEM_ADDRESS: Address = address('0xfffffffffffffffffffffffffffffffffffffffe');
/** Gas of each system call, outside the block's gas. */
export const SYSTEM_CALL_GAS = 30_000_000n;

const BEACON_ROOTS = address('0x000f3df6d732807ef1319fb7b8bb8522d0beac02');
const HISTORY = address('0x0000f90827f1c53a10cb7a02335b175320002935');
const WITHDRAWALS = address('0x00000961ef480eb55e80d19ad83579a64c007002');
const CONSOLIDATIONS = address('0x0000bbddc7ce488642fb579f8b00f3a590007251');
const MAINNET_DEPOSITS = address('0x00000000219ab540356cbb839cbe05303d7705fa');

/** Calls before the first transaction: EIP-4788 (Cancun), then EIP-2935 (Prague). */
export function callsBefore(environment: BlockEnvironment, fork: ForkName): readonly SystemCall[] {
  const calls: SystemCall[] = [];
  const { parentBeaconBlockRoot, parentHash, number } = environment;
  if (number === 0n) return calls;
  if (isAtLeast(fork, 'cancun') && parentBeaconBlockRoot !== undefined) {
    calls.push({ contract: BEACON_ROOTS, data: parentBeaconBlockRoot });
  }
  if (isAtLeast(fork, 'prague')) calls.push({ contract: HISTORY, data: parentHash });
  return calls;
}

/** Calls after the last transaction: EIP-7002 and EIP-7251 (Prague), ascending by request type. */
export function callsAfter(fork: ForkName): readonly SystemCall[] {
  if (!isAtLeast(fork, 'prague')) return [];
  const data = new Uint8Array(0);
  return [
    { contract: WITHDRAWALS, data, requestType: 1 },
    { contract: CONSOLIDATIONS, data, requestType: 2 },
  ];
}

/** The contracts that a fork calls or listens to, by the names that their EIPs give them (EIP-7910), ascending by name. */
export function systemContractsAt(
  fork: ForkName,
  { reference }: ChainRules,
): readonly (readonly [name: string, address: Address])[] {
  if (!isAtLeast(fork, 'cancun')) return [];
  if (!isAtLeast(fork, 'prague')) return [['BEACON_ROOTS_ADDRESS', BEACON_ROOTS]];
  return [
    ['BEACON_ROOTS_ADDRESS', BEACON_ROOTS],
    ['CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS', CONSOLIDATIONS],
    // Ours have no deposits.
    ...(reference === undefined
      ? []
      : [['DEPOSIT_CONTRACT_ADDRESS', reference.depositContract ?? MAINNET_DEPOSITS] as const]),
    ['HISTORY_STORAGE_ADDRESS', HISTORY],
    ['WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS', WITHDRAWALS],
  ];
}

function address(hex: string): Address {
  return asAddress(hexToBytes(hex));
}
