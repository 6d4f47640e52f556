/** How the contracts of the genesis file are called: selectors, words, and the names of their errors. */
import { keccak256 } from '#crypto';
import { concatBytes, equalBytes } from '../../ledger/model/index.ts';
import type { SystemContract } from './addresses.ts';

/** A call of a function by its signature, e.g. `forget(address)`, with words of 32 bytes or less. */
export function encodeCall(signature: string, ...words: readonly Uint8Array[]): Uint8Array {
  return concatBytes(selectorOf(signature), ...words.map(padded));
}

/** `TooFewValidators`, if that is what the contract reverted with; undefined for any other data. */
export function errorNameOf(
  { abi }: Pick<SystemContract, 'abi'>,
  data: Uint8Array,
): string | undefined {
  return abi.find(({ type, name, inputs = [] }) => {
    const signature = `${name}(${inputs.map((input) => input.type).join()})`;
    return type === 'error' && equalBytes(selectorOf(signature), data.subarray(0, 4));
  })?.name;
}

function selectorOf(signature: string): Uint8Array {
  return keccak256(new TextEncoder().encode(signature)).subarray(0, 4);
}

function padded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}
