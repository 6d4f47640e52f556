/** The contract that names the validators: as an entry of `alloc`, and how it is called. */
import { keccak256 } from '#crypto';
import {
  type Address,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
} from '../../ledger/model/index.ts';
import { VALIDATORS_CONTRACT } from './addresses.ts';
import { Validators } from './artefacts.ts';
import { addressSetAt, numberAt } from './storage.ts';

/** Four tolerate one failure; a smaller network may become as small as one. */
const SMALLEST_SAFE_SET = 4;

/** Key and value of `alloc`. */
export function validatorsAccount(validators: readonly Address[]): readonly [string, object] {
  const { runtimeCode, slots } = Validators;
  const minimum = validators.length >= SMALLEST_SAFE_SET ? SMALLEST_SAFE_SET : 1;
  const sorted = [...validators].sort(compareBytes);
  const storage = Object.fromEntries([
    ...addressSetAt(slots.validators, sorted),
    numberAt(slots.minimumValidators, BigInt(minimum)),
  ]);
  const account = { balance: '0x0', code: runtimeCode, storage };
  return [bytesToHex(VALIDATORS_CONTRACT.address), account];
}

/** Call data of a vote to add or to drop. */
export function encodeVote(recipient: Address, add: boolean): Uint8Array {
  const [address, kind] = [new Uint8Array(32), new Uint8Array(32)];
  address.set(recipient, 12);
  kind[31] = add ? 1 : 0;
  return concatBytes(selectorOf('vote(address,bool)'), address, kind);
}

/** Call data that takes an own vote back. */
export function encodeRetract(recipient: Address): Uint8Array {
  const address = new Uint8Array(32);
  address.set(recipient, 12);
  return concatBytes(selectorOf('retract(address)'), address);
}

/** `TooFewValidators`, if that is what the contract reverted with; undefined for any other data. */
export function errorNameOf(data: Uint8Array): string | undefined {
  return VALIDATORS_CONTRACT.abi.find(({ type, name, inputs = [] }) => {
    const signature = `${name}(${inputs.map((input) => input.type).join()})`;
    return type === 'error' && equalBytes(selectorOf(signature), data.subarray(0, 4));
  })?.name;
}

function selectorOf(signature: string): Uint8Array {
  return keccak256(new TextEncoder().encode(signature)).subarray(0, 4);
}
