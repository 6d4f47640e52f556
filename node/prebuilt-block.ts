/**
 * The next own block, built while the block below it is still being voted on.
 *
 * It is executed on an overlay of that block's changes, beside whatever consensus asks for, and given out only
 * once the block below is the stored head: nothing is signed for it before. If another block wins, it is
 * thrown away. What was executed then is what is proposed.
 */
import { proposerOf, type QbftOptions, qbftRulesAt } from '../consensus/index.ts';
import {
  type Address,
  type BlockHeader,
  type ExecutedBlock,
  equalBytes,
  type Hash,
  type HeaderHashRule,
  type Height,
  headerHash,
} from '../ledger/model/index.ts';
import type { ChainStore } from '../ledger/store/index.ts';
import { type BlockBuilder, type BuiltBlock, fillsBlock } from './block-builder.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Pool } from './txpool/index.ts';
import type { ValidatorSet, ValidatorSets } from './validator-sets.ts';

export type PrebuiltBlock = {
  /** A block on the head was executed and may become final: builds on it if the next turn is ours. */
  start(pending: ExecutedBlock): void;
  /** The block for round 0 on the head, if one was built that is as good as a new one. */
  take(height: Height): Promise<BuiltBlock | undefined>;
};

export type PrebuiltBlockModules = {
  readonly builder: BlockBuilder;
  readonly store: Pick<ChainStore, 'head' | 'stateAfter'>;
  readonly sets: ValidatorSets;
  readonly pool: Pick<Pool, 'status'>;
  readonly clock: Pick<Clock, 'breathe'>;
  readonly logger: Logger;
};

type Attempt = {
  /** Hash of the block below. */
  readonly parent: Hash;
  readonly set: ValidatorSet;
  /** Undefined: it could not be built. */
  readonly built: Promise<BuiltBlock | undefined>;
};

export function createPrebuiltBlock(
  options: {
    readonly qbft: QbftOptions;
    readonly hashRule: HeaderHashRule;
    readonly self: Address;
  },
  modules: PrebuiltBlockModules,
): PrebuiltBlock {
  const { builder, store, sets, pool, clock, logger } = modules;
  const { qbft, hashRule, self } = options;
  let attempt: Attempt | undefined;

  const isNext = (header: BlockHeader, set: ValidatorSet): boolean =>
    equalBytes(proposerOf(header.beneficiary, set.validators, 0), self);

  /** While there is a gap between blocks, only a block that is full already gains nothing from waiting. */
  const isWorthIt = (pending: ExecutedBlock): boolean => {
    const { header: parent } = pending.block;
    const waiting = builder.candidates({ parent, pending: pending.block });
    if (waiting.length === 0) return false;
    if (qbftRulesAt(qbft, parent.number + 1n).blockPeriodMs === 0) return true;
    return fillsBlock(waiting, parent);
  };

  const build = async (
    pending: ExecutedBlock,
    set: ValidatorSet,
    parent: Hash,
  ): Promise<BuiltBlock | undefined> => {
    // The vote on the block below goes first.
    await clock.breathe();
    const { block } = pending;
    const isWanted = (): boolean => attempt?.parent === parent;
    try {
      if (!isWorthIt(pending)) return undefined;
      const base = { parent: block.header, set, state: store.stateAfter(pending), pending: block };
      return await builder.build(base, 0, isWanted);
    } catch (error) {
      // Another block was stored under it, so that what it read made no sense.
      const height = (block.header.number + 1n).toString();
      logger.debug('a block built ahead is dropped', { height, error });
      return undefined;
    }
  };

  /** Whether building anew would not give a better block. */
  const isGood = ({ executed, isFull }: BuiltBlock, set: ValidatorSet): boolean => {
    const { header: parent } = store.head();
    const { header, transactions } = executed.block;
    const isOld = builder.timestampOn(parent) - header.timestamp > 1n;
    const hasAll = isFull || pool.status().pending <= transactions.length;
    return !isOld && hasAll && builder.voteFor(header.number, set) === undefined;
  };

  return {
    start: (pending) => {
      const { header } = pending.block;
      if (!equalBytes(header.parentHash, store.head().hash)) return;
      const set = sets.afterNext(header);
      if (set === undefined || !isNext(header, set)) return;
      // A block that votes is built when its turn comes: what it votes for may change until then.
      if (builder.voteFor(header.number + 1n, set) !== undefined) return;
      const parent = headerHash(header, hashRule);
      if (attempt !== undefined && equalBytes(attempt.parent, parent)) return;
      attempt = { parent, set, built: build(pending, set, parent) };
    },
    take: async (height) => {
      const { header, hash } = store.head();
      const taken = attempt;
      const isOnHead = taken !== undefined && equalBytes(taken.parent, hash);
      if (!isOnHead || header.number + 1n !== height) {
        attempt = undefined;
        return undefined;
      }
      const built = await taken.built;
      if (attempt === taken) attempt = undefined;
      return built !== undefined && isGood(built, taken.set) ? built : undefined;
    },
  };
}
