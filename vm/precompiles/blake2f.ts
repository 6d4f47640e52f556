/**
 * BLAKE2F (0x09, EIP-152): the compression function of BLAKE2b with as many rounds as the caller pays for, one
 * gas each, so a round is what has to be fast: it is compiled.
 */
import { compiledPrecompiles } from './compiled.ts';
import { numberAt, type Precompile, padded } from './precompile.ts';

const INPUT = 213;
const FINAL = 212;

export const blake2f: Precompile = {
  gas: (input) => numberAt(padded(input, 0, 4), 0, 4),
  run(input) {
    const last = input[FINAL];
    if (input.length !== INPUT || (last !== 0 && last !== 1)) return undefined;
    return compiledPrecompiles().blake2f(input);
  },
};
