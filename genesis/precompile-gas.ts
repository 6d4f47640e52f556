/** `config.ehb.precompileGasFactors` (G-11): what precompiled contracts cost, in Ethereum's prices. */
import { PRECOMPILE_ADDRESSES, type PrecompileGasFactor } from '../vm/index.ts';
import type { Section } from './section.ts';

export const PRECOMPILE_GAS_KEY = 'precompileGasFactors';

const MOST_FACTOR = 1_000;

/**
 * With these, a million gas of calls of any precompiled contract takes at most 20 ms of processor time at Osaka, on
 * the machine of decision 0030 (`npm run bench -- evm`); what is not listed takes no longer at Ethereum's price.
 */
export const BOUNDED_PRECOMPILE_GAS: Readonly<Record<string, number>> = {
  '0x01': 2,
  '0x06': 3,
  '0x07': 2,
  '0x08': 3,
  '0x0a': 7,
  '0x0b': 3,
  '0x0c': 4,
  '0x0d': 3,
  '0x0e': 3,
  '0x0f': 4,
  '0x10': 3,
  '0x11': 3,
};

/** The list of the section if it has one, which replaces the one before; ascending, without factors of one. */
export function readPrecompileGas(
  section: Section,
  before: readonly PrecompileGasFactor[],
): readonly PrecompileGasFactor[] {
  if (!section.has(PRECOMPILE_GAS_KEY)) return before;
  const list = section.section(PRECOMPILE_GAS_KEY);
  if (list === undefined) return before;
  const factors = new Map<number, number>();
  for (const key of list.keys) {
    const address = addressOf(key);
    const factor = list.count(key);
    if (address === undefined) {
      const known = [...PRECOMPILE_ADDRESSES].map(precompileName).join(', ');
      const message = `is no address of a precompiled contract; there are ${known}`;
      list.report('GENESIS_FIELD_INVALID', key, message);
    } else if (factors.has(address)) {
      list.report('GENESIS_FIELD_REPEATED', key, 'names the same address as an earlier key');
    } else if (factor !== undefined && (factor < 1 || factor > MOST_FACTOR)) {
      const message = `must be from 1 to ${MOST_FACTOR}, got ${factor}`;
      list.report('GENESIS_FIELD_INVALID', key, message);
    } else if (factor !== undefined) factors.set(address, factor);
  }
  return [...factors]
    .filter(([, factor]) => factor !== 1)
    .sort(([a], [b]) => a - b)
    .map(([address, factor]) => ({ address, factor }));
}

/** With or without the leading zeros of an address. */
function addressOf(key: string): number | undefined {
  if (!/^0x[0-9a-f]{1,40}$/i.test(key)) return undefined;
  const address = BigInt(key);
  return [...PRECOMPILE_ADDRESSES].find((known) => BigInt(known) === address);
}

/** As the keys are written. */
export function precompileName(address: number): string {
  const digits = address.toString(16);
  return `0x${digits.padStart(digits.length + (digits.length % 2), '0')}`;
}
