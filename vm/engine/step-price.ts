/**
 * what an instruction costs, told before it runs. The machine pays as it goes and does not say what a
 * call handed on, nor what was asked of a frame that could not pay; tools compare both with geth's figures.
 *
 * Prices follow the yellow paper (appendix H) and EIP-150, 160, 1283, 2200, 2929, 3529, 3860 and 7702. What
 * is static and what is dynamic is split as geth splits it, because a frame that cannot pay the static part
 * is told that part alone.
 */
import type { Gas } from '../../ledger/model/index.ts';
import { isAtLeast } from '../chain-rules.ts';
import { entryFields, instructionTable } from './instruction-table.ts';
import { growthGas, memoryEnd, wordsGas } from './memory-price.ts';
import {
  type Dynamic,
  OUT_OF_GAS,
  OVERFLOW,
  statePrices,
  type UnpricedStep,
  type Watched,
} from './state-price.ts';

export type Price = {
  readonly cost: Gas;
  /** The part of it that a call hands on. */
  readonly given: Gas;
  /** Why the instruction does not even begin. */
  readonly failure: string | undefined;
};

/** Beyond, memory cannot be paid for. */
const MOST_MEMORY = 0x1f_ffff_ffe0n;

/** Prices the instructions of one transaction. */
export function createPricer(watched: Watched): (step: UnpricedStep) => Price {
  const { fork } = watched;
  const isBerlin = isAtLeast(fork, 'berlin');
  const entries = [...instructionTable(fork)].map((entry, opcode) => {
    const { fewest, most, gas } = entryFields(entry);
    return { fewest, most, fixed: isAllDynamic(opcode, isBerlin) ? 0n : gas };
  });
  const dynamics = new Map([...plainPrices(), ...statePrices(watched)]);
  return (step) => {
    const { opcode, gas, stackSize } = step;
    const { fewest, most, fixed } = entries[opcode] as (typeof entries)[number];
    const fail = (failure: string): Price => ({ cost: fixed, given: 0n, failure });
    if (stackSize < fewest) return fail(`stack underflow (${stackSize} <=> ${fewest})`);
    if (stackSize > most) return fail(`stack limit reached ${stackSize} (${most})`);
    if (gas < fixed) return fail(OUT_OF_GAS);
    const dynamic = dynamics.get(opcode);
    if (dynamic === undefined) return { cost: fixed, given: 0n, failure: undefined };
    const end = memoryEnd(step);
    if (end === undefined) return fail(OVERFLOW);
    const more = end > MOST_MEMORY ? OVERFLOW : dynamic(step, gas - fixed, growthGas(step, end));
    if (typeof more === 'string') return fail(`${OUT_OF_GAS}: ${more}`);
    const { own, given } = typeof more === 'bigint' ? { own: more, given: 0n } : more;
    const cost = fixed + own + given;
    return { cost, given, failure: cost > gas ? OUT_OF_GAS : undefined };
  };
}

/** Whether geth counts nothing of the price as fixed: EXP, LOG and, from Berlin on, SLOAD. */
function isAllDynamic(opcode: number, isBerlin: boolean): boolean {
  return opcode === 0x0a || (opcode >= 0xa0 && opcode <= 0xa4) || (isBerlin && opcode === 0x54);
}

/** Instructions whose price depends on their operands alone. */
function plainPrices(): readonly (readonly [number, Dynamic])[] {
  const grows: Dynamic = (_, __, memory) => memory;
  const copies: Dynamic = ({ stack }, _, memory) => memory + wordsGas(stack(2), 3n);
  const logs = (topics: number): readonly [number, Dynamic] => [
    0xa0 + topics,
    ({ stack }, _, memory) => memory + 375n + 375n * BigInt(topics) + 8n * stack(1),
  ];
  return [
    [0x0a, ({ stack }) => 10n + 50n * BigInt(byteLength(stack(1)))], // EXP (EIP-160)
    [0x20, ({ stack }, _, memory) => memory + wordsGas(stack(1), 6n)], // KECCAK256
    [0x37, copies], // CALLDATACOPY
    [0x39, copies], // CODECOPY
    [0x3e, copies], // RETURNDATACOPY
    [0x51, grows], // MLOAD
    [0x52, grows], // MSTORE
    [0x53, grows], // MSTORE8
    [0x5e, copies], // MCOPY
    ...[0, 1, 2, 3, 4].map(logs),
    [0xf3, grows], // RETURN
    [0xfd, grows], // REVERT
  ];
}

function byteLength(word: bigint): number {
  return word === 0n ? 0 : Math.ceil(word.toString(16).length / 2);
}
