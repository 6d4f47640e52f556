/** The validator set of a height: quorum, tolerated faults, and whose turn it is. */
import { type Address, compareBytes, equalBytes, invariant } from '../ledger/model/index.ts';

/** Smallest number of `count` validators of which any two groups share a correct one: ceil(2n/3). QBFT */
export function quorumOf(count: number): number {
  return Math.ceil((2 * count) / 3);
}

/** Faulty validators that `count` validators tolerate: floor((n-1)/3). QBFT */
export function faultsOf(count: number): number {
  return Math.floor((count - 1) / 3);
}

/**
 * Who proposes in `round` on a parent with that beneficiary: the one after the parent's proposer, and
 * one further for each round; if that proposer left the set, from the next greater address. QBFT
 * @param validators ascending, at least one
 */
export function proposerOf(
  parentBeneficiary: Address,
  validators: readonly Address[],
  round: number,
): Address {
  const at = validators.findIndex((validator) => compareBytes(validator, parentBeneficiary) >= 0);
  const next = at < 0 ? 0 : isAt(validators, at, parentBeneficiary) ? at + 1 : at;
  const proposer = validators[(next + round) % validators.length];
  invariant(proposer !== undefined, 'a validator set is not empty');
  return proposer;
}

export function isMember(validators: readonly Address[], address: Address): boolean {
  return validators.some((validator) => equalBytes(validator, address));
}

/** Ascending by address, no address twice. QBFT */
export function isAscending(validators: readonly Address[]): boolean {
  return validators.every((validator, i) => {
    const before = validators[i - 1];
    return before === undefined || compareBytes(before, validator) < 0;
  });
}

function isAt(validators: readonly Address[], at: number, address: Address): boolean {
  const validator = validators[at];
  return validator !== undefined && equalBytes(validator, address);
}
