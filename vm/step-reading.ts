/** What tracers read off an instruction that is about to run, beyond its words. */
import { keccak256 } from '#crypto';
import { type Address, concatBytes, contractAddress } from '../ledger/model/index.ts';
import { wordBytes } from './stack-word.ts';
import type { TracedStep } from './tracer.ts';

const CREATE = 0xf0;
const CREATE2 = 0xf5;

/** A stretch of memory that the step can pay for, with zeros where memory does not reach yet. */
export function memoryOf(step: TracedStep, offset: bigint, length: bigint): Uint8Array {
  const bytes = new Uint8Array(Number(length));
  if (length > 0n && offset < BigInt(step.memorySize)) {
    bytes.set(step.memory().subarray(Number(offset), Number(offset) + bytes.length));
  }
  return bytes;
}

/** Initcode of a CREATE or CREATE2. */
export function initcodeOf(step: TracedStep): Uint8Array {
  return memoryOf(step, step.stack(1), step.stack(2));
}

/**
 * The address that a CREATE or CREATE2 (EIP-1014) makes; undefined for any other instruction.
 * @param nonce of the account that runs it
 */
export function createdAddress(step: TracedStep, nonce: () => bigint): Address | undefined {
  if (step.opcode === CREATE) return contractAddress(step.address, nonce());
  if (step.opcode !== CREATE2) return undefined;
  const salt = wordBytes(step.stack(3));
  const code = keccak256(initcodeOf(step));
  const preimage = concatBytes(Uint8Array.of(0xff), step.address, salt, code);
  return keccak256(preimage).slice(12) as Address;
}
