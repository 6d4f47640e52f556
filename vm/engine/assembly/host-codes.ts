/** For the host: code in and out of the engine. */
import {
  addCode,
  codeBytes,
  codeCount,
  codeLength,
  collectCodes,
  isCodeThere,
  markJumps,
} from './codes';
import { relocate } from './frames';

/**
 * Room for code of that length: its number, or 0 if `dropCodes` has to come first. Write the bytes at
 * `codePlace`, then `analyseCode`. `pinned`: the host cannot bring it again in this block.
 */
export function makeCode(length: u32, pinned: bool): u32 {
  const code = addCode(length, pinned);
  relocate();
  return code;
}

/** Drops all code that the host can bring again and no frame runs; numbers of codes are void then. */
export function dropCodes(): void {
  collectCodes();
  relocate();
}

export function isCodeKnown(code: u32): bool {
  return isCodeThere(code);
}

export function codePlace(code: u32): usize {
  return codeBytes(code);
}

export function codeSize(code: u32): u32 {
  return codeLength(code);
}

export function analyseCode(code: u32): void {
  markJumps(codeBytes(code), codeLength(code));
}

export function codes(): u32 {
  return codeCount;
}
