/** The contract that names the validators, as an entry of `alloc`. */
import { type Address, bytesToHex, compareBytes } from '../../ledger/model/index.ts';
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
