/** Writes the genesis file of a new network: the newest rules from block 0, blocks when there is work. */

import {
  type Address,
  bytesToHex,
  compareBytes,
  encodeExtraData,
  QBFT_MIX_HASH,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../ledger/model/index.ts';
import { PERMISSIONS_CONTRACT, VALIDATORS_CONTRACT } from './contracts/addresses.ts';
import { type FirstPermissions, permissionsAccount } from './contracts/permissions.ts';
import { validatorsAccount } from './contracts/validators.ts';
import { BOUNDED_PRECOMPILE_GAS, PRECOMPILE_GAS_KEY } from './precompile-gas.ts';

/** `config.ehb`: see docs/spec/genesis.md. */
export type GenesisTiming = {
  readonly blockPeriodMs: number;
  readonly emptyBlockPeriodMs: number;
  readonly requestTimeoutMs: number;
  readonly maxRequestTimeoutMs: number;
};

export type NewGenesis = {
  readonly chainId: bigint;
  /** In any order. */
  readonly validators: readonly Address[];
  /** Who names them later: votes in headers, or the contract of the genesis file; votes if absent. */
  readonly validatorsBy?: 'headers' | 'contract';
  /** Who may send and deploy; everyone if absent. */
  readonly permissions?: FirstPermissions | undefined;
  readonly accounts: readonly {
    readonly address: Address;
    readonly balance: bigint;
  }[];
  /** Unix seconds; block 1 is not older. */
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  readonly timing: GenesisTiming;
  /** X-40, by address; those of `BOUNDED_PRECOMPILE_GAS` if absent, Ethereum's prices if empty. */
  readonly precompileGasFactors?: Readonly<Record<string, number>>;
};

/**
 * An idle chain makes an empty block every two seconds, because some wallets look for a receipt only
 * when the head moves, and would wait for ever on a head that stands still. Work gathers for at most
 * 200 ms, because a block costs every validator three rounds of messages and two synced writes
 * however few transactions it has. A round takes a small part of its two seconds, so a loaded machine
 * does not change rounds needlessly, and one dead validator delays a block by no more than that.
 */
export const DEFAULT_TIMING: GenesisTiming = {
  blockPeriodMs: 200,
  emptyBlockPeriodMs: 2000,
  requestTimeoutMs: 2000,
  maxRequestTimeoutMs: 10_000,
};

/** 2857 plain transfers a block. */
export const DEFAULT_GAS_LIMIT = 60_000_000n;

/** The JSON value of the file; `parseGenesis` reads it. */
export function createGenesis(options: NewGenesis): object {
  const { chainId, accounts, timestamp, gasLimit, timing } = options;
  const validators = [...options.validators].sort(compareBytes);
  const isByContract = options.validatorsBy === 'contract';
  const contracts = isByContract ? [validatorsAccount(validators)] : [];
  const factors = options.precompileGasFactors ?? BOUNDED_PRECOMPILE_GAS;
  const isPriced = Object.keys(factors).length > 0;
  const { permissions } = options;
  if (permissions !== undefined) {
    // Votes in the contract are transactions of the validators.
    const voters = isByContract ? validators : [];
    const senders = [...permissions.senders, ...voters];
    contracts.push(permissionsAccount({ ...permissions, senders }));
  }
  return {
    config: {
      chainId: jsonInteger(chainId),
      berlinBlock: 0,
      londonBlock: 0,
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      osakaTime: 0,
      zeroBaseFee: true,
      qbft: {
        epochLength: 30_000,
        ...(isByContract && {
          validatorContractAddress: bytesToHex(VALIDATORS_CONTRACT.address),
        }),
      },
      ehb: { ...timing, ...(isPriced && { [PRECOMPILE_GAS_KEY]: factors }) },
      ...(permissions !== undefined && {
        permissions: { contract: bytesToHex(PERMISSIONS_CONTRACT.address) },
      }),
    },
    nonce: '0x0',
    timestamp: hexOf(timestamp),
    extraData: bytesToHex(
      encodeExtraData({
        vanity: new Uint8Array(32),
        validators: isByContract ? [] : validators,
        vote: undefined,
        round: 0,
        seals: [],
      }),
    ),
    gasLimit: hexOf(gasLimit),
    difficulty: '0x1',
    mixHash: bytesToHex(QBFT_MIX_HASH),
    coinbase: bytesToHex(ZERO_ADDRESS),
    baseFeePerGas: '0x0',
    alloc: Object.fromEntries([
      ...contracts,
      ...accounts.map(({ address, balance }) => [bytesToHex(address), { balance: hexOf(balance) }]),
    ]),
    number: '0x0',
    gasUsed: '0x0',
    parentHash: bytesToHex(ZERO_HASH),
  };
}

function hexOf(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** JSON numbers are exact up to 2^53 - 1; beyond, a string of digits. */
function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}
