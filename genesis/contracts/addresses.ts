/**
 * Where the contracts of the genesis file lie: one table for all, append only. An address that was given
 * once is never given to another contract. 0x...e001 to 0x...e0ff belong to this table.
 */
import { type Address, asAddress, hexToBytes } from '../../ledger/model/index.ts';
import { Permissions, Validators } from './artefacts.ts';

type Parameter = { readonly type: string; readonly name: string };

/** An entry of a JSON ABI. */
export type AbiEntry = {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly Parameter[];
  readonly outputs?: readonly Parameter[];
  readonly stateMutability?: string;
};

export type SystemContract = {
  readonly name: string;
  readonly address: Address;
  /** One sentence for people. */
  readonly purpose: string;
  readonly abi: readonly AbiEntry[];
};

export const VALIDATORS_CONTRACT: SystemContract = {
  name: 'Validators',
  address: systemAddress(0x01),
  purpose: 'Names the validators of a network that was made with `--validators-by contract`.',
  abi: Validators.abi,
};

export const PERMISSIONS_CONTRACT: SystemContract = {
  name: 'Permissions',
  address: systemAddress(0x02),
  purpose: 'Says who may send and deploy in a network that was made with `--permissioned`.',
  abi: Permissions.abi,
};

export const SYSTEM_CONTRACTS: readonly SystemContract[] = [
  VALIDATORS_CONTRACT,
  PERMISSIONS_CONTRACT,
];

function systemAddress(number: number): Address {
  return asAddress(hexToBytes(`0x${(0xe000 + number).toString(16).padStart(40, '0')}`));
}
