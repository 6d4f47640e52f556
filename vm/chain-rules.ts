/**
 * The rules of a chain as data: what a genesis file chooses and execution obeys.
 *
 * Nothing here knows an engine; both engines and the block rules read the same values.
 */
import type {
  Address,
  Gas,
  HeaderHashRule,
  Height,
  UnixSeconds,
  Wei,
} from '../ledger/model/index.ts';
import type { PermissionRule } from './permissions.ts';

/** Every fork of Ethereum that changed execution, oldest first. */
export const FORK_NAMES = [
  'frontier',
  'homestead',
  'dao',
  'tangerineWhistle',
  'spuriousDragon',
  'byzantium',
  'constantinople',
  'petersburg',
  'istanbul',
  'muirGlacier',
  'berlin',
  'london',
  'arrowGlacier',
  'grayGlacier',
  'paris',
  'shanghai',
  'cancun',
  'prague',
  'osaka',
] as const;

export type ForkName = (typeof FORK_NAMES)[number];

/** From which block (inclusive) or which timestamp (inclusive) a fork holds. */
export type ForkActivation = {
  readonly fork: ForkName;
  readonly block?: Height;
  readonly timestamp?: UnixSeconds;
};

/** a precompiled contract costs `factor` times what Ethereum asks for it. */
export type PrecompileGasFactor = {
  /** The number of its address. */
  readonly address: number;
  /** From 1 on. */
  readonly factor: number;
};

export type ChainRules = {
  readonly chainId: bigint;
  /** In any order; a fork that is not named holds from the next newer one that is. */
  readonly forks: readonly ForkActivation[];
  /** London's base fee is always zero (Besu `zeroBaseFee`). */
  readonly zeroBaseFee: boolean;
  /** London's base fee is always this. */
  readonly fixedBaseFee?: Wei;
  /** bytes of deployed code; 24 576 (EIP-170) if absent. */
  readonly contractSizeLimit?: number;
  /** Bytes of creation code from Shanghai on; 49 152 (EIP-3860) if absent. */
  readonly initcodeSizeLimit?: number;
  /** Paid to the beneficiary at the end of each block. */
  readonly blockReward: Wei;
  /** receives fees and reward, and is what COINBASE returns, in place of the header's beneficiary. */
  readonly beneficiary: Address | undefined;
  /** the most gas that one transaction may ask for, beside the limits of the forks. */
  readonly perTransactionGasLimit?: Gas;
  /** a contract that is not named costs what Ethereum asks for it. Each address once. */
  readonly precompileGasFactors?: readonly PrecompileGasFactor[];
  /** the gas limit may move by less than 1/1024 of the parent's a block; fixed if absent. */
  readonly gasLimitMoves?: boolean;
  readonly hashRule: HeaderHashRule;
  /** present for a chain of Ethereum that is replayed, never run. */
  readonly reference?: ReferenceRules;
  /** who may send and deploy; everyone if absent. */
  readonly permissions?: PermissionRule;
  /** What a genesis file changes at later blocks; ascending, each height once. */
  readonly changes?: readonly RulesChange[];
};

/** What chains of Ethereum have and ours do not. */
export type ReferenceRules = {
  /** Ascending; what is not in it is as on mainnet. */
  readonly blobSchedule: readonly BlobSchedule[];
  /** EIP-6110: whose logs are deposit requests; mainnet's if absent. */
  readonly depositContract?: Address;
};

/** EIP-7840, EIP-7892: how many blobs a block may carry, and how fast their price moves. */
export type BlobSchedule = {
  /** A fork from Cancun on, or one of `bpo1` to `bpo5`, which change nothing else. */
  readonly fork: string;
  readonly from: UnixSeconds;
  readonly target: number;
  readonly max: number;
  readonly baseFeeUpdateFraction: bigint;
};

/** All that can change at a block, as it is from that block on. */
export type RulesChange = {
  readonly from: Height;
  readonly blockReward: Wei;
  readonly beneficiary: Address | undefined;
  readonly perTransactionGasLimit: Gas | undefined;
  readonly precompileGasFactors: readonly PrecompileGasFactor[];
};

/** The rules of the block of that number, without changes to come. */
export function rulesAt(rules: ChainRules, number: Height): ChainRules {
  if (rules.changes === undefined) return rules;
  const { changes, perTransactionGasLimit, ...constant } = rules;
  const change = changes.findLast(({ from }) => from <= number);
  const limit = change === undefined ? perTransactionGasLimit : change.perTransactionGasLimit;
  return {
    ...constant,
    ...(change && {
      blockReward: change.blockReward,
      beneficiary: change.beneficiary,
      precompileGasFactors: change.precompileGasFactors,
    }),
    ...(limit !== undefined && { perTransactionGasLimit: limit }),
  };
}

const RANK: ReadonlyMap<ForkName, number> = new Map(FORK_NAMES.map((fork, rank) => [fork, rank]));

/** the newest fork that holds in the block of that number and timestamp. */
export function forkAt(rules: ChainRules, number: Height, timestamp: UnixSeconds): ForkName {
  let newest: ForkName = 'frontier';
  for (const { fork, block, timestamp: from } of rules.forks) {
    const holds =
      (block !== undefined && number >= block) || (from !== undefined && timestamp >= from);
    if (holds && isAtLeast(fork, newest)) newest = fork;
  }
  return newest;
}

/** Whether the rules of `fork` hold when `active` is the newest fork. */
export function isAtLeast(active: ForkName, fork: ForkName): boolean {
  return (RANK.get(active) as number) >= (RANK.get(fork) as number);
}
