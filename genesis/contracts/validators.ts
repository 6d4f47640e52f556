/** The contract that names the validators: as an entry of `alloc`, and how it is called. */
import { type Address, bytesToHex, compareBytes } from '../../ledger/model/index.ts';
import { VALIDATORS_CONTRACT } from './addresses.ts';
import { Validators } from './artefacts.ts';
import { encodeCall } from './call-data.ts';
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
  return encodeCall('vote(address,bool)', recipient, Uint8Array.of(add ? 1 : 0));
}

/** Call data that takes an own vote back. */
export function encodeRetract(recipient: Address): Uint8Array {
  return encodeCall('retract(address)', recipient);
}
