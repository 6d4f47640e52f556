/**
 * What a genesis file lays down for consensus, height by height: the pace, and who names the
 * validators. Data; `genesis` reads it, the core and the verifier obey it. QBFT
 */
import type { Address, Height } from '../ledger/model/index.ts';

/** Who names the validators of a height. */
export type ValidatorSource =
  /** Votes in the headers, which list the set. */
  | { readonly kind: 'headers' }
  /** `getValidators()` of a contract on the parent's state; the headers list nobody. */
  | { readonly kind: 'contract'; readonly address: Address };

/** What is in force at one height. */
export type QbftRules = {
  /** Least time between a final block and the proposal of the next; may be 0 without `besuTimestamps`. */
  readonly blockPeriodMs: number;
  /** Time without work after which an empty block is made; 0 = never. */
  readonly emptyBlockPeriodMs: number;
  /** Timeout of round 0; doubles with each round. */
  readonly requestTimeoutMs: number;
  /** Where the doubling ends. */
  readonly maxRequestTimeoutMs: number;
  readonly source: ValidatorSource;
};

/** All of what is in force from a later height on. */
export type QbftTransition = QbftRules & {
  /** Above 0. */
  readonly from: Height;
  /** Ascending: takes the place of the voted set at `from`. */
  readonly validators: readonly Address[] | undefined;
};

/** From block 1 on, and what changes later. */
export type QbftOptions = QbftRules & {
  /** A block is at least `blockPeriodMs` younger than its parent, as Besu demands it. */
  readonly besuTimestamps: boolean;
  /** Pending votes are dropped at every block whose number is a multiple of this. */
  readonly epochLength: Height;
  /** Ascending by `from`, each height once. */
  readonly transitions: readonly QbftTransition[];
};

/** What is in force in the block of that height. QBFT */
export function qbftRulesAt(options: QbftOptions, height: Height): QbftRules {
  return options.transitions.findLast(({ from }) => from <= height) ?? options;
}

/** The transition that begins with exactly that block. */
export function transitionAt(
  options: Pick<QbftOptions, 'transitions'>,
  height: Height,
): QbftTransition | undefined {
  return options.transitions.find(({ from }) => from === height);
}
