/** What a fork changes beside instruction prices, as the numbers that `assembly/fork-rules.ts` reads. */
import { type ChainRules, type ForkName, isAtLeast } from '../chain-rules.ts';
import { precompilesAt } from '../precompiles/index.ts';
import type { EngineInstance } from './instance.ts';
import { announcingTable, instructionTable } from './instruction-table.ts';
import { OPCODES, PRECOMPILES, RULES, STEP_OPCODES } from './layout.ts';

const CONTRACT_SIZE_LIMIT = 24_576;
export const INITCODE_SIZE_LIMIT = 49_152;
/** No limit that matters: code is paid for by the byte. */
const UNLIMITED = 0xffff_ffff;
const MOST_PRECOMPILES = 1024;

/** The rules in the order of their places. */
function numbersOf(fork: ForkName, rules: ChainRules): readonly number[] {
  const from = (name: ForkName): boolean => isAtLeast(fork, name);
  const storage = storageNumbers(fork);
  return [
    from('berlin') ? 2_500 : 0,
    from('berlin') ? 2_000 : 0,
    from('berlin') ? 1 : 0,
    storage.isNet ? 1 : 0,
    from('istanbul') ? 2_300 : 0,
    storage.noop,
    20_000,
    storage.reset,
    from('london') ? 4_800 : 15_000,
    from('london') ? 0 : 24_000,
    from('cancun') ? 1 : 0,
    Math.min(rules.contractSizeLimit ?? CONTRACT_SIZE_LIMIT, UNLIMITED),
    from('shanghai')
      ? Math.min(rules.initcodeSizeLimit ?? INITCODE_SIZE_LIMIT, UNLIMITED)
      : UNLIMITED,
    from('shanghai') ? 2 : 0,
    from('london') ? 1 : 0,
    from('prague') ? 1 : 0,
    from('spuriousDragon') ? 50 : 10,
    100,
  ];
}

/** SSTORE: EIP-1283 in Constantinople alone, EIP-2200 from Istanbul, EIP-2929 from Berlin. */
export function storageNumbers(fork: ForkName): { isNet: boolean; noop: number; reset: number } {
  if (isAtLeast(fork, 'berlin')) return { isNet: true, noop: 100, reset: 2_900 };
  if (isAtLeast(fork, 'istanbul')) return { isNet: true, noop: 800, reset: 5_000 };
  return { isNet: fork === 'constantinople', noop: 200, reset: 5_000 };
}

/** Makes an instance run by the rules of a fork. */
export function installFork(instance: EngineInstance, fork: ForkName, rules: ChainRules): void {
  const view = instance.view();
  for (const [i, number] of numbersOf(fork, rules).entries()) {
    view.setUint32(RULES + 4 * i, number, true);
  }
  for (const [i, entry] of instructionTable(fork).entries()) {
    view.setBigUint64(OPCODES + 8 * i, entry, true);
  }
  for (const [i, entry] of announcingTable().entries()) {
    view.setBigUint64(STEP_OPCODES + 8 * i, entry, true);
  }
  const bytes = instance.bytes();
  bytes.fill(0, PRECOMPILES, PRECOMPILES + MOST_PRECOMPILES);
  for (const number of precompilesAt(fork).keys()) bytes[PRECOMPILES + number] = 1;
}
