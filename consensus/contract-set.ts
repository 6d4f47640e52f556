/**
 * The set that a validator contract names, read from its storage instead of by a call: what a verifier without an
 * engine can do, for contracts whose layout it knows by their code. Proofs P-7 of the specification.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  asAddress,
  bytesToBigint,
  compareBytes,
  type Hash,
  hexToBytes,
  keyOf,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';
import { isAscending } from './validators.ts';

/** Where a contract keeps its set: a Solidity `address[]` or what has one at its start. */
type SetLayout = {
  /** Slot of the length; the members lie from its hash on. */
  readonly slot: bigint;
  readonly mostValidators: number;
};

/** By the hash of the code. Append only: a chain keeps the contract that its genesis file holds. */
const KNOWN_CONTRACTS: ReadonlyMap<string, SetLayout> = new Map([
  [
    // `genesis/contracts/src/Validators.sol`; a test there compares.
    keyOf(hexToBytes('0xd0f594494ed6483d17a25155072619ad4aad6c5cc784eaeefe574987913b7975')),
    { slot: 0n, mostValidators: 256 },
  ],
]);

const WORD = 2n ** 256n;
const ADDRESS_BYTES = 20;

/** Value of a 32-byte slot, minimal; a refusal where it cannot be told. */
export type ReadSlot = (slot: Uint8Array) => Verdict<{ readonly value: Uint8Array }, ConsensusCode>;

export type NamedSet = {
  /** Ascending. */
  readonly validators: readonly Address[];
  /** All that were read, in that order. */
  readonly slots: readonly Uint8Array[];
};

/** Whether a contract with that code can be read without being called. */
export function isKnownContract(codeHash: Hash): boolean {
  return KNOWN_CONTRACTS.has(keyOf(codeHash));
}

/** Refuses with CONSENSUS_PROOF_BY_CONTRACT, CONSENSUS_WRONG_VALIDATORS or what `read` refuses with. */
export function readNamedSet(codeHash: Hash, read: ReadSlot): Verdict<NamedSet, ConsensusCode> {
  const layout = KNOWN_CONTRACTS.get(keyOf(codeHash));
  if (layout === undefined) {
    return refuse(
      'CONSENSUS_PROOF_BY_CONTRACT',
      'the contract that names the validators is not one whose storage this verifier can read',
    );
  }
  const lengthSlot = wordOf(layout.slot);
  const length = read(lengthSlot);
  if (!length.ok) return length;
  const count = bytesToBigint(length.value);
  if (count === 0n || count > BigInt(layout.mostValidators)) {
    return refuse('CONSENSUS_WRONG_VALIDATORS', `the contract names ${count} validators`);
  }
  const first = bytesToBigint(keccak256(lengthSlot));
  const slots = [lengthSlot];
  const validators: Address[] = [];
  for (let index = 0n; index < count; index += 1n) {
    const slot = wordOf((first + index) % WORD);
    const member = read(slot);
    if (!member.ok) return member;
    if (member.value.length > ADDRESS_BYTES) {
      return refuse(
        'CONSENSUS_WRONG_VALIDATORS',
        'the contract names something else than addresses',
      );
    }
    const address = new Uint8Array(ADDRESS_BYTES);
    address.set(member.value, ADDRESS_BYTES - member.value.length);
    validators.push(asAddress(address));
    slots.push(slot);
  }
  validators.sort(compareBytes);
  return isAscending(validators)
    ? { ok: true, validators, slots }
    : refuse('CONSENSUS_WRONG_VALIDATORS', 'the contract names a validator twice');
}

function wordOf(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, '0')}`);
}
