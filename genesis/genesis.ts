/** What a genesis file means: the first block, its state, the rules of the chain. */
import type {
  Address,
  Block,
  Hash,
  HeaderHashRule,
  Height,
  StateChanges,
} from '../ledger/model/index.ts';
import type { ChainRules } from '../vm/index.ts';

/** Pace of the consensus and the parameters of voting. */
export type QbftOptions = {
  /** Least time between a final block and the proposal of the next; may be 0 without `besuTimestamps`. */
  readonly blockPeriodMs: number;
  /** Time without work after which an empty block is made; 0 = never. */
  readonly emptyBlockPeriodMs: number;
  /** Timeout of round 0; doubles with each round. */
  readonly requestTimeoutMs: number;
  /** Where the doubling ends. */
  readonly maxRequestTimeoutMs: number;
  /** A block is at least `blockPeriodMs` younger than its parent, as Besu demands it. */
  readonly besuTimestamps: boolean;
  /** Pending votes are dropped at every block whose number is a multiple of this. */
  readonly epochLength: Height;
};

export type Genesis = {
  readonly chainId: bigint;
  readonly rules: ChainRules;
  readonly hashRule: HeaderHashRule;
  readonly qbft: QbftOptions;
  /** Block 0. */
  readonly block: Block;
  readonly hash: Hash;
  /** The state of block 0. */
  readonly accounts: StateChanges;
  /** Who seals block 1, ascending. */
  readonly validators: readonly Address[];
};
