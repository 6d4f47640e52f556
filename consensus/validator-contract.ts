/**
 * What a validator contract is asked and how its answer is read: `getValidators()` of Hyperledger
 * Besu's validator contracts. Pure; the call itself is the engine's. QBFT
 */
import {
  type Address,
  asAddress,
  compareBytes,
  equalBytes,
  type Verdict,
} from '../ledger/model/index.ts';
import { type ConsensusCode, refuse } from './errors.ts';

/** keccak256("getValidators()"), its first four bytes. */
export const GET_VALIDATORS: Uint8Array = Uint8Array.of(0xb7, 0xab, 0x4d, 0xb5);

/** A set that no QBFT network can use; an answer is never read further. */
const MOST_VALIDATORS = 1024;
const WORD = 32;

/** The set that an answer (ABI `address[]`) names, ascending. Refuses with CONSENSUS_CONTRACT_ANSWER. */
export function decodeValidators(
  answer: Uint8Array,
): Verdict<{ readonly validators: readonly Address[] }, ConsensusCode> {
  const offset = wordAt(answer, 0);
  const count = offset === undefined ? undefined : wordAt(answer, offset);
  if (offset === undefined || count === undefined) return unusable('is not a list of addresses');
  if (count === 0) return unusable('names no validators');
  if (count > MOST_VALIDATORS) {
    return unusable(`names ${count} validators, at most ${MOST_VALIDATORS} are possible`);
  }
  const validators: Address[] = [];
  for (let at = offset + WORD; validators.length < count; at += WORD) {
    const word = answer.subarray(at, at + WORD);
    if (word.length < WORD || word.subarray(0, 12).some((byte) => byte !== 0)) {
      return unusable('is not a list of addresses');
    }
    validators.push(asAddress(word.slice(12)));
  }
  validators.sort(compareBytes);
  const twice = validators.find((validator, i) => {
    const before = validators[i - 1];
    return before !== undefined && equalBytes(before, validator);
  });
  return twice === undefined ? { ok: true, validators } : unusable('names a validator twice');
}

/** A small unsigned integer; undefined if it is not there, or too large to be an offset or a count. */
function wordAt(bytes: Uint8Array, at: number): number | undefined {
  const word = bytes.subarray(at, at + WORD);
  if (word.length < WORD || word.subarray(0, 28).some((byte) => byte !== 0)) return undefined;
  return new DataView(word.buffer, word.byteOffset + 28, 4).getUint32(0);
}

function unusable(fault: string): ReturnType<typeof refuse> {
  return refuse('CONSENSUS_CONTRACT_ANSWER', `what getValidators() returned ${fault}`);
}
