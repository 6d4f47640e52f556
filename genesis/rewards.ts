/** What of `config.qbft` concerns execution, and addresses as Besu writes them. */
import type { ValidatorSource } from '../consensus/index.ts';
import { type Address, asAddress, type Gas, type Wei } from '../ledger/model/index.ts';
import type { Section } from './section.ts';

export type Rewards = {
  readonly blockReward: Wei;
  /** Receives reward and fees in the proposer's place. */
  readonly beneficiary: Address | undefined;
  readonly perTransactionGasLimit: Gas | undefined;
};

export const NO_REWARDS: Rewards = {
  blockReward: 0n,
  beneficiary: undefined,
  perTransactionGasLimit: undefined,
};

/** Those of `before`, and what the section gives. */
export function readRewards(section: Section, before: Rewards): Rewards {
  const limit = section.quantity('perTxGasLimit', 63);
  return {
    blockReward: section.quantity('blockReward', 128) ?? before.blockReward,
    beneficiary: section.has('miningBeneficiary')
      ? readAddress(section, 'miningBeneficiary')
      : before.beneficiary,
    perTransactionGasLimit:
      limit === undefined ? before.perTransactionGasLimit : limit === 0n ? undefined : limit,
  };
}

/** The empty string means none, as in Besu. */
export function readAddress(section: Section, name: string): Address | undefined {
  if (section.raw(name) === '') return undefined;
  const bytes = section.bytes(name, 20);
  return bytes === undefined ? undefined : asAddress(bytes);
}

export function sourceOf(contract: Address | undefined): ValidatorSource {
  return contract === undefined ? { kind: 'headers' } : { kind: 'contract', address: contract };
}
